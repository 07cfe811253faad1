"""The journal as tables: any view whole, and the tables of results that other tools read. Pure, but for reading.

`results.tsv` in five columns is autoresearch's (github.com/karpathy/autoresearch): commit, val_bpb, memory_gb, status,
description. A crash has an empty metric here: the zero that is customary there would win every comparison.
"""

from collections.abc import Iterable, Iterator
from typing import Any, get_type_hints

from journal.errors import JournalError
from journal.events import session_stream
from journal.events.recorded import Sample
from journal.projections.experiments import Experiment
from journal.projections.tables import TABLES
from journal.store import Reader

FIVE = ("commit", "val_bpb", "memory_gb", "status", "description")
SEVEN = ("iteration", "change", "before", "after", "success", "kept", "commit")
GB = 1024**3
KINDS = {str: "TEXT", int: "INTEGER", int | None: "INTEGER", float: "REAL", float | None: "REAL"}
# the name of a view -> its columns, in order -> their types in SQL
VIEWS = {table.name: {column.name: column.kind for column in table.columns} for table in TABLES} | {
    "samples": {name: KINDS[hint] for name, hint in get_type_hints(Sample).items()}
}


def five_columns(experiments: Iterable[Experiment]) -> Iterator[tuple[str, ...]]:
    """The rows of results.tsv as autoresearch writes it, header first."""
    yield FIVE
    for row in experiments:
        if row.status != "open":
            memory = f"{row.peak_memory / GB:.1f}" if row.peak_memory is not None else ""
            yield (_short(row.commit), _metric(row.metric), memory, row.status, _cell(row.idea))


def seven_columns(experiments: Iterable[Experiment]) -> Iterator[tuple[str, ...]]:
    """iteration, change, before, after, success (it ran), kept, commit; header first."""
    yield SEVEN
    for row in experiments:
        if row.status != "open":
            ran, kept = row.metric is not None, row.status == "keep"
            yield (
                str(row.number), _cell(row.idea), _metric(row.incumbent), _metric(row.metric),
                str(ran).lower(), str(kept).lower(), _short(row.commit),
            )  # fmt: skip


def view(reader: Reader, name: str, *, session: str | None = None) -> Iterator[tuple[Any, ...]]:
    """One of the tables that docs/sql.md tells of, whole or of one session, as of one moment; header first.

    Raises JournalError for another name, for a session that is not there, or where the tables are not built.
    """
    if name not in VIEWS:
        raise JournalError(f"No view is called {name}: {', '.join(VIEWS)} are.")
    if not reader.projected():
        raise JournalError("The tables of the projections are not built: run `ar-journal rebuild` first.")
    if session is not None and not reader.stream(session_stream(session)):
        raise JournalError(f"There is no session {session}: `--view sessions` shows what there is.")
    columns = tuple(VIEWS[name])
    yield columns
    at = columns.index("session")
    with reader.snapshot():
        yield from (row for row in reader.table(name) if session in {None, row[at]})


def _short(commit: str | None) -> str:
    return commit[:7] if commit else ""


def _metric(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _cell(text: str) -> str:
    return " ".join(text.split())
