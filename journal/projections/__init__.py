"""Read models: one pure fold per file, and their SQL columns.

fold(a + b) = fold(b, fold(a)) for any split of the log.
"""

from journal.projections.state import State, fold, without_collection

__all__ = ["State", "fold", "without_collection"]
