"""Read models: one pure fold per file, and their SQL columns.

For any split of the log, folding a + b equals folding b onto the fold of a.
"""
