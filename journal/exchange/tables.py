"""The journal as tables: any view, and the tables of results of other tools. Pure, except that it reads the journal.

The `results.tsv` of five columns is autoresearch's (github.com/karpathy/autoresearch): commit, val_bpb, memory_gb, status,
description. A crash has an empty metric here; autoresearch writes a zero, which would win every comparison.
"""

from collections.abc import Iterable, Iterator
from typing import Any, get_type_hints

from journal.errors import JournalError
from journal.events import session_stream
from journal.events.recorded import Sample
from journal.projections.experiments import Experiment
from journal.projections.tables import TABLES
from journal.store import Reader

RESULTS_HEADER = ("commit", "val_bpb", "memory_gb", "status", "description")
ITERATIONS_HEADER = ("iteration", "change", "before", "after", "success", "kept", "commit")
GB = 1024**3
_SQL_TYPES = {str: "TEXT", int: "INTEGER", int | None: "INTEGER", float: "REAL", float | None: "REAL"}
# view -> its columns, in order -> their SQL types
VIEWS = {table.name: {column.name: column.kind for column in table.columns} for table in TABLES} | {
    "samples": {name: _SQL_TYPES[hint] for name, hint in get_type_hints(Sample).items()}
}


def results_rows(experiments: Iterable[Experiment]) -> Iterator[tuple[str, ...]]:
    """The rows of autoresearch's results.tsv, header first."""
    yield RESULTS_HEADER
    for row in experiments:
        if row.status != "open":
            memory = f"{row.peak_memory / GB:.1f}" if row.peak_memory is not None else ""
            yield (_short(row.commit), _metric(row.metric), memory, row.status, _cell(row.idea))


def iterations_rows(experiments: Iterable[Experiment]) -> Iterator[tuple[str, ...]]:
    """Rows of iteration, change, before, after, success (it has a metric), kept, commit; header first."""
    yield ITERATIONS_HEADER
    for row in experiments:
        if row.status != "open":
            has_metric, is_kept = row.metric is not None, row.status == "keep"
            yield (
                str(row.number), _cell(row.idea), _metric(row.incumbent), _metric(row.metric),
                str(has_metric).lower(), str(is_kept).lower(), _short(row.commit),
            )  # fmt: skip


def view_rows(reader: Reader, name: str, *, session: str | None = None) -> Iterator[tuple[Any, ...]]:
    """All rows of a table of docs/sql.md, or those of one session, at one moment; header first.

    Raises JournalError for an unknown name or session, or if the tables are not built.
    """
    if name not in VIEWS:
        raise JournalError(f"There is no view {name}: the views are {', '.join(VIEWS)}.")
    if not reader.has_projections():
        raise JournalError("The tables of the projections are not built: run `ar-journal rebuild` first.")
    if session is not None and not reader.stream(session_stream(session)):
        raise JournalError(f"There is no session {session}: `--view sessions` lists the sessions.")
    columns = tuple(VIEWS[name])
    yield columns
    index = columns.index("session")
    with reader.snapshot():
        yield from (row for row in reader.table(name) if session in {None, row[index]})


def _short(commit: str | None) -> str:
    return commit[:7] if commit else ""


def _metric(value: float | None) -> str:
    """Six decimals as in autoresearch, but never a zero for a small metric: there a zero is a crash."""
    if value is None:
        return ""
    return f"{value:.6f}" if value == 0 or abs(value) >= 0.001 else repr(value)


def _cell(text: str) -> str:
    return " ".join(text.split())
