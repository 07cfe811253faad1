"""What the columns of a table of results mean, by their names. Pure.

Loops of the kind of autoresearch write tables of results with columns of their own: the metric has the name of the project's
metric, statuses are `KEEP` and `REVERT`, and columns are added. The names here were met in public tables.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from journal import untrusted
from journal.console.text import one_line
from journal.errors import JournalError
from journal.metric_names import usual_direction

COMMITS = ("commit", "git_commit", "commit_hash", "git_sha", "sha", "hash", "config_id")
STATUSES = ("status", "decision", "verdict", "outcome", "accepted", "kept", "correctness", "action", "result")
IDEAS = (
    "description", "desc", "idea", "change", "note", "notes", "hypothesis", "candidate", "message", "tag", "experiment",
)  # fmt: skip
NUMBERS = ("iteration", "experiment", "exp", "gen", "trial", "run", "step", "id")
MEMORIES = {"memory_gb": 1024**3, "peak_memory_gb": 1024**3, "vram_gb": 1024**3, "peak_vram_gb": 1024**3}
MEMORIES |= {"memory_mb": 1024**2, "peak_memory_mb": 1024**2, "vram_mb": 1024**2, "peak_vram_mb": 1024**2}
METRICS = ("val_bpb", "primary_metric", "metric", "objective", "score", "after")
NO_VALUE = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "nan", "inf", "-inf"})


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The place of each meaning in a row; None if the table has no such column."""

    width: int  # number of columns
    metric: int
    name: str  # of the metric
    status: int | None = None
    idea: int | None = None
    commit: int | None = None
    number: int | None = None
    memory: int | None = None
    memory_unit: int = 1  # bytes


def find_columns(header: Sequence[str], rows: Sequence[Sequence[str]], *, metric: str | None = None) -> Columns:
    """The columns of a table; `metric` names the column of the metric. Raises JournalError if no column can be the metric."""
    names = [cell.strip().lower() for cell in header]
    find = _finder(names)
    status, commit, memory = find(STATUSES), find(COMMITS), find(tuple(MEMORIES))
    idea, number = find(IDEAS), find(("iteration",))
    used = {status, commit, memory, idea, number, find(NUMBERS)}
    place = _named_metric(names, metric) if metric is not None else _likely_metric(names, rows, used=used)
    return Columns(
        width=len(names),
        metric=place,
        name="val_bpb" if names[place] == "after" else header[place].strip(),
        status=status,
        idea=idea,
        commit=commit,
        number=number,
        memory=memory,
        memory_unit=MEMORIES[names[memory]] if memory is not None else 1,
    )


def _finder(names: Sequence[str]) -> Callable[[Sequence[str]], int | None]:
    places: Mapping[str, int] = {name: place for place, name in reversed(list(enumerate(names)))}
    return lambda wanted: next((places[name] for name in wanted if name in places), None)


def _named_metric(names: Sequence[str], metric: str) -> int:
    if metric.lower() not in names:
        raise JournalError(f"The results have no column {metric}: the columns are {_listed(names)}.")
    return names.index(metric.lower())


def _likely_metric(names: Sequence[str], rows: Sequence[Sequence[str]], *, used: set[int | None]) -> int:
    """A column with the name of a metric, else the first one with numbers that has no other meaning."""
    free = [place for place in range(len(names)) if place not in used]
    named = [names.index(name) for name in METRICS if name in names and names.index(name) in free]
    prefixed = [place for place in free if names[place].startswith(("val_", "primary_", "best_", "test_", "eval_"))]
    numeric = [place for place in free if any(_has_number(row, place) for row in rows)]
    implied = [place for place in free if usual_direction(names[place]) is not None] if not rows else []
    found = next(iter([*named, *prefixed, *numeric, *implied]), None)
    if found is None:
        raise JournalError(
            f"The first line must name the columns, one of them the metric, separated by tabs; it is {_listed(names)}."
        )
    return found


def _has_number(row: Sequence[str], place: int) -> bool:
    return place < len(row) and untrusted.number(row[place]) is not None


def _listed(names: Sequence[str]) -> str:
    return one_line(", ".join(names), width=200) or "empty"
