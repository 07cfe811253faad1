"""A table of results of another loop as a journal: its rows become a session that is marked as imported. Pure.

Diffs, seeds, times and noise are not in the table and stay empty.
"""

import hashlib
from collections.abc import Iterator

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
from journal.events.names import check_tag
from journal.exchange.results_table import Result, ResultTable, parse, read

__all__ = ["PROPOSER", "Batch", "Result", "ResultTable", "events", "parse", "read"]

PROPOSER = "imported"
Batch = tuple[str, list[Event]]  # stream and events


def events(table: ResultTable, *, session: str, source: str, text: str) -> Iterator[Batch]:
    """The events of the imported session, stream by stream. Raises JournalError for a session whose tag is none."""
    check_tag(session)
    first = table.results[0].commit if table.results else ""
    started = SessionStarted(
        session=session,
        brief=f"Imported from {source}.",
        brief_hash=hashlib.sha256(text.encode(errors="replace")).hexdigest(),
        config={"goal": f"imported from {source}", "metric": table.metric, "direction": table.direction},
        base=first,
        start=first,
        branch="",
    )
    yield session_stream(session), [started]
    incumbent: Result | None = None
    for result in table.results:
        yield experiment_stream(session, result.number), _experiment(session, result, incumbent)
        incumbent = result if result.status == "keep" else incumbent
    yield session_stream(session), [SessionEnded(session=session, reason=f"imported from {source}")]


def _experiment(session: str, result: Result, incumbent: Result | None) -> list[Event]:
    number = result.number
    parent = incumbent.commit if incumbent else ""
    digest = hashlib.sha256(f"{result.commit} {result.idea}".encode()).hexdigest()
    return [
        IdeaProposed(
            session=session, experiment=number, idea=result.idea, kind="baseline" if incumbent is None else "other",
            parent=parent, diff="", change=Change(program=digest, change=digest), proposer=PROPOSER,
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
        reason = "crashed or without a metric, as imported"
        return [
            RunFailed(session=session, experiment=number, run=1, kind="crash", reason=reason),
            ExperimentCrashed(session=session, experiment=number, reason=reason, rule="imported"),
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
        session=session, experiment=number, metric=result.metric, incumbent=before, delta=delta,
        rule="imported", reason=reason,
    )  # fmt: skip
    return [finished, discarded]
