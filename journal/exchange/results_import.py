"""An existing results.tsv as a journal: its rows become a session that says of itself that it was imported.

Five columns (commit, val_bpb, memory_gb, status, description) or seven (iteration, change, before, after, success, kept,
commit) are told apart by their header. What a table does not say - diffs, seeds, times, noise - stays unsaid.
"""

import csv
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from journal.errors import JournalError
from journal.events import (
    Change,
    ChangeCommitted,
    Event,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentKept,
    IdeaProposed,
    RunFailed,
    RunFinished,
    RunStarted,
    SessionEnded,
    SessionStarted,
    experiment_stream,
    session_stream,
)
from journal.exchange.tables import FIVE, GB, SEVEN

PROPOSER = "imported"
Batch = tuple[str, list[Event]]  # stream and events


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a table of results; `metric` is None for a crash."""

    number: int
    idea: str
    status: str
    metric: float | None
    memory: int | None
    commit: str


def read(path: Path) -> str:
    """The text of a results.tsv. Raises JournalError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise JournalError(f"{path} cannot be read: {error}.") from error


def parse(text: str) -> list[Result]:
    """The lines of a results.tsv. Raises JournalError with the number of a line that cannot be read."""
    try:
        table = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    except csv.Error as error:
        raise JournalError(f"The results cannot be read: {error}.") from error
    header = tuple(cell.strip() for cell in table[0]) if table else ()
    if header not in {FIVE, SEVEN}:
        raise JournalError(f"The first line must be {', '.join(FIVE)} or {', '.join(SEVEN)}, separated by tabs.")
    take = _five if header == FIVE else _seven
    results = [_result(take, row, line) for line, row in enumerate(table[1:], start=2) if row]
    twice = [number for number, count in Counter(result.number for result in results).items() if count > 1]
    if twice:
        raise JournalError(f"Iteration {twice[0]} of the results stands on more than one line: number them apart.")
    return results


def events(results: Sequence[Result], *, session: str, source: str, text: str) -> Iterator[Batch]:
    """The session that the table tells of, stream by stream."""
    first = results[0].commit if results else ""
    started = SessionStarted(
        session=session,
        brief=f"Imported from {source}.",
        brief_hash=hashlib.sha256(text.encode()).hexdigest(),
        config={
            "goal": f"imported from {source}",
            "metric": "val_bpb",
            "direction": "minimize",
        },
        base=first,
        start=first,
        branch="",
    )
    yield session_stream(session), [started]
    incumbent: Result | None = None
    for result in results:
        yield experiment_stream(session, result.number), _experiment(session, result, incumbent)
        incumbent = result if result.status == "keep" else incumbent
    yield session_stream(session), [SessionEnded(session=session, reason=f"imported from {source}")]


def _result(take: Callable[[list[str], int], Result], row: list[str], line: int) -> Result:
    try:
        return take(row, line)
    except (ValueError, IndexError) as error:
        raise JournalError(f"Line {line} of the results cannot be read: {error}.") from error


def _five(row: list[str], line: int) -> Result:
    commit, metric, memory, status, idea = row[:5]
    if status not in {"keep", "discard", "crash"}:
        raise ValueError(f"status {status!r} is none of keep, discard, crash")
    crashed = status == "crash" or not metric
    return Result(
        number=line - 2,
        idea=idea,
        status="crash" if crashed else status,
        metric=None if crashed else _finite(metric),
        memory=int(_finite(memory) * GB) if memory and float(memory) else None,
        commit=commit,
    )


def _seven(row: list[str], _line: int) -> Result:
    number, idea, _before, after, _success, kept, commit = row[:7]
    status = ("keep" if kept.lower() in {"true", "1", "yes"} else "discard") if after else "crash"
    metric = _finite(after) if after else None
    return Result(number=int(number), idea=idea, status=status, metric=metric, memory=None, commit=commit)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number that a run can measure")
    return number


def _experiment(session: str, result: Result, incumbent: Result | None) -> list[Event]:
    number = result.number
    parent = incumbent.commit if incumbent else ""
    mark = hashlib.sha256(f"{result.commit} {result.idea}".encode()).hexdigest()
    return [
        IdeaProposed(
            session=session, experiment=number, idea=result.idea, kind="baseline" if incumbent is None else "other",
            parent=parent, diff="", change=Change(program=mark, change=mark), proposer=PROPOSER,
        ),
        ChangeCommitted(
            session=session, experiment=number, commit=result.commit, parent=parent,
            files=(), lines_added=0, lines_removed=0,
        ),
        RunStarted(session=session, experiment=number, run=1, seed=0, commit=result.commit, budget=0.0, isolation="none"),
        *_outcome(session, result, incumbent),
    ]  # fmt: skip


def _outcome(session: str, result: Result, incumbent: Result | None) -> list[Event]:
    number = result.number
    if result.metric is None:
        failed = RunFailed(session=session, experiment=number, run=1, kind="crash", reason="crashed, as imported")
        return [
            failed,
            ExperimentCrashed(session=session, experiment=number, reason="crashed, as imported", rule="imported"),
        ]
    before = incumbent.metric if incumbent else None
    delta = None if before is None else result.metric - before
    finished = RunFinished(
        session=session, experiment=number, run=1, seed=0, metric=result.metric, trust="imported",
        train_seconds=0.0, wall_seconds=0.0, peak_memory=result.memory,
    )  # fmt: skip
    reason = f"{result.status}, as imported"
    if result.status == "keep":
        kept = ExperimentKept(
            session=session, experiment=number, metric=result.metric, incumbent=before, delta=delta,
            rule="imported", reason=reason, commit=result.commit,
        )  # fmt: skip
        return [finished, kept]
    discarded = ExperimentDiscarded(
        session=session,
        experiment=number,
        metric=result.metric,
        incumbent=before,
        delta=delta,
        rule="imported",
        reason=reason,
    )
    return [finished, discarded]
