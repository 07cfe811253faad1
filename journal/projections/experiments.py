"""One row per experiment. A pure fold."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from journal.events import (
    VETO,
    ChangeCommitted,
    Event,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentInvalidated,
    ExperimentKept,
    IdeaProposed,
    IdeaRefused,
    ProposerFailed,
    RunFailed,
    RunFinished,
    RunStarted,
    Usage,
    Verdict,
)
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold
from journal.projections.spend import add_dollars

Status = Literal["open", "keep", "discard", "crash", "invalid"]

STATUS: dict[type[Event], Status] = {
    ExperimentKept: "keep",
    ExperimentDiscarded: "discard",
    ExperimentCrashed: "crash",
    ExperimentInvalidated: "invalid",
}


class Experiment(msgspec.Struct, kw_only=True, gc=False):
    """One idea, from proposal to verdict. Metrics in the brief's unit, seconds, bytes, dollars."""

    session: str
    number: int
    status: Status = "open"
    kind: str = ""
    idea: str = ""
    hypothesis: str = ""
    proposer: str = ""
    model: str | None = None
    parent: str | None = None
    expected_delta: float | None = None  # as the latest proposal predicts it
    commit: str | None = None
    metric: float | None = None
    incumbent: float | None = None
    delta: float | None = None
    sigma: float | None = None
    gain_sigma: float | None = None
    runs: int = 0
    attempts: int = 0
    refusals: int = 0
    train_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_memory: int | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    dollars: float | None = 0.0
    proposed_at: str | None = None
    decided_at: str | None = None
    rule: str = ""
    reason: str = ""
    takes_back: int | None = None  # the experiment that it undoes because a person vetoed it

    @property
    def vetoed(self) -> bool:
        """Whether it was kept and then taken back by a person."""
        return self.status == "invalid" and self.rule == VETO


class Experiments(Fold):
    """Rows by (session, number)."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Experiment] = {}
        self.handlers = dict.fromkeys(_UPDATES, self._update)

    def _update(self, event: Any, recorded: Recorded) -> Experiment:
        key = (event.session, event.experiment)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Experiment(session=event.session, number=event.experiment)
        _UPDATES[type(event)](row, event, recorded.recorded_at)
        return row

    def of_session(self, session: str) -> list[Experiment]:
        """The experiments of one session, in the order of their first proposals."""
        return [row for row in self.rows.values() if row.session == session]

    def next_number(self, session: str) -> int:
        """The number of the session's next experiment; 0 is the baseline."""
        newest_first = reversed(self.rows.values())  # numbers rise in order of proposal
        return 1 + next((row.number for row in newest_first if row.session == session), -1)


def _proposed(row: Experiment, event: IdeaProposed, at: str) -> None:
    row.idea, row.hypothesis, row.kind = event.idea, event.hypothesis, event.kind
    row.proposer, row.model, row.parent = event.proposer, event.model, event.parent
    row.expected_delta, row.takes_back = event.expected_delta, event.takes_back
    row.proposed_at = row.proposed_at or at
    row.attempts += 1
    _add_usage(row, event.usage)


def _refused(row: Experiment, _event: IdeaRefused, _at: str) -> None:
    row.refusals += 1


def _not_proposed(row: Experiment, event: ProposerFailed, _at: str) -> None:
    _add_usage(row, event.usage)


def _committed(row: Experiment, event: ChangeCommitted, _at: str) -> None:
    row.commit = event.commit


def _run_started(row: Experiment, _event: RunStarted, _at: str) -> None:
    row.runs += 1


def _run_finished(row: Experiment, event: RunFinished, _at: str) -> None:
    row.train_seconds += event.train_seconds
    row.wall_seconds += event.wall_seconds
    _add_usage(row, event.usage)
    if event.peak_memory is not None:
        row.peak_memory = max(row.peak_memory or 0, event.peak_memory)


def _run_failed(row: Experiment, event: RunFailed, _at: str) -> None:
    row.train_seconds += event.train_seconds
    row.wall_seconds += event.wall_seconds
    _add_usage(row, event.usage)


def _decided(row: Experiment, event: Verdict, at: str) -> None:
    row.status = STATUS[type(event)]
    row.metric, row.incumbent, row.delta = event.metric, event.incumbent, event.delta
    row.sigma, row.gain_sigma = event.sigma, event.gain_sigma
    row.rule, row.reason, row.decided_at = event.rule, event.reason, at


def _kept(row: Experiment, event: ExperimentKept, at: str) -> None:
    _decided(row, event, at)
    row.commit = event.commit  # the baseline has no ChangeCommitted event


def _add_usage(row: Experiment, usage: Usage) -> None:
    row.tokens_in += usage.tokens_in + usage.tokens_cache_read + usage.tokens_cache_written
    row.tokens_out += usage.tokens_out
    row.dollars = add_dollars(row.dollars, usage)


_UPDATES: dict[type[Event], Callable[[Experiment, Any, str], None]] = {
    IdeaProposed: _proposed,
    IdeaRefused: _refused,
    ProposerFailed: _not_proposed,
    ChangeCommitted: _committed,
    RunStarted: _run_started,
    RunFinished: _run_finished,
    RunFailed: _run_failed,
    **dict.fromkeys(STATUS, _decided),
    ExperimentKept: _kept,
}
