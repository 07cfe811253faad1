"""One row per session: its state, incumbent, counts and costs. A pure fold."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from journal.events import (
    VETO,
    ChangeReverted,
    DirectionAdded,
    DirectionWithdrawn,
    Event,
    ExperimentInvalidated,
    ExperimentKept,
    IdeaProposed,
    IdeaRefused,
    IncumbentMoved,
    NoiseMeasured,
    ProposalDropped,
    ProposerFailed,
    RepositoryTouched,
    RunFailed,
    RunFinished,
    SessionEnded,
    SessionPaused,
    SessionResumed,
    SessionStarted,
    Verdict,
)
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold
from journal.projections.experiments import STATUS
from journal.projections.proposer_calls import Calls
from journal.projections.spend import Costs, add_dollars


class Session(msgspec.Struct, kw_only=True, gc=False):
    """One session on one branch. `incumbent` is the best kept commit, which must be the tip of the branch."""

    tag: str
    state: Literal["open", "paused", "ended"] = "open"
    goal: str = ""
    metric: str = ""
    direction: str = "minimize"
    branch: str = ""
    base: str = ""
    start: str = ""
    profile: str | None = None
    host: str = ""
    device: str = ""
    started_at: str = ""
    ended_at: str | None = None
    reason: str = ""  # why it is paused, or how it ended
    incumbent: str = ""
    tip: str = ""  # tip of the branch: the incumbent, or the revert commit after it
    previous_tip: str = ""  # tip of the branch before
    incumbent_experiment: int | None = None
    moved_reason: str = ""  # why a person made it the incumbent; empty if it was kept
    best: float | None = None  # the incumbent's metric, as in its verdict
    baseline: float | None = None
    sigma: float | None = None
    counts: dict[str, int] = msgspec.field(
        default_factory=lambda: dict.fromkeys(("keep", "discard", "crash", "invalid"), 0)
    )
    experiments: int = 0  # proposed experiments without the baseline
    refusals: int = 0
    dollars: float | None = 0.0
    costs: Costs = msgspec.field(default_factory=Costs)
    calls: Calls = msgspec.field(default_factory=Calls)
    touched: tuple[str, ...] = ()  # how the person's repository last changed while an agent ran
    touches: int = 0  # how often it did
    directions: dict[int, str] = msgspec.field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Number of kept experiments without the baseline."""
        return self.counts["keep"] - (self.baseline is not None)


INTENTS = frozenset({DirectionAdded, DirectionWithdrawn})  # people may append them to any session


class Sessions(Fold):
    """Rows by tag. `last_tag` is the session that the loop worked on last, which may be an older one that was resumed."""

    def __init__(self) -> None:
        self.rows: dict[str, Session] = {}
        self.last_tag = ""
        self.handlers = {SessionStarted: self._start, **dict.fromkeys(_UPDATES, self._update)}

    def _start(self, event: SessionStarted, recorded: Recorded) -> Session:
        config = event.config
        self.last_tag = event.session
        row = self.rows[event.session] = Session(
            tag=event.session,
            goal=str(config.get("goal", "")),
            metric=str(config.get("metric", "")),
            direction=str(config.get("direction", "minimize")),
            branch=event.branch,
            base=event.base,
            start=event.start,
            profile=event.profile,
            host=event.host,
            device=event.device,
            started_at=recorded.recorded_at,
            incumbent=event.start,
            tip=event.start,
            previous_tip=event.start,
        )
        return row

    def _update(self, event: Event, recorded: Recorded) -> Session | None:
        row = self.rows.get(event.session)
        if row is not None:
            _UPDATES[type(event)](row, event, recorded.recorded_at)
            if type(event) not in INTENTS:
                self.last_tag = event.session
        return row


def _ended(row: Session, event: SessionEnded, at: str) -> None:
    row.state, row.ended_at, row.reason = "ended", at, event.reason


def _paused(row: Session, event: SessionPaused, _at: str) -> None:
    row.state, row.reason = "paused", event.reason


def _resumed(row: Session, event: SessionResumed, _at: str) -> None:
    row.state, row.reason, row.ended_at = "open", event.reason, None


def _measured(row: Session, event: NoiseMeasured, _at: str) -> None:
    row.sigma = event.sigma


def _directed(row: Session, event: DirectionAdded, _at: str) -> None:
    row.directions[event.direction] = event.text


def _withdrawn(row: Session, event: DirectionWithdrawn, _at: str) -> None:
    row.directions.pop(event.direction, None)


def _proposed(row: Session, event: IdeaProposed, _at: str) -> None:
    _used_model(row, event, _at)
    row.calls.add(event)
    if event.attempt == 1 and event.kind != "baseline":
        row.experiments += 1


def _refused(row: Session, _event: IdeaRefused, _at: str) -> None:
    row.refusals += 1


def _used_model(
    row: Session, event: IdeaProposed | ProposerFailed | ProposalDropped | RunFinished | RunFailed, _at: str
) -> None:
    row.dollars = add_dollars(row.dollars, event.usage)
    row.costs.add(event.usage)


def _called(row: Session, event: ProposerFailed | ProposalDropped, at: str) -> None:
    _used_model(row, event, at)
    row.calls.add(event)


def _touched(row: Session, event: RepositoryTouched, _at: str) -> None:
    row.touched, row.touches = event.changes, row.touches + 1


def _decided(row: Session, event: Verdict, _at: str) -> None:
    row.counts[STATUS[type(event)]] += 1


def _kept(row: Session, event: ExperimentKept, at: str) -> None:
    _decided(row, event, at)
    row.incumbent, row.incumbent_experiment, row.best = event.commit, event.experiment, event.metric
    row.moved_reason = ""
    _move_tip(row, event.commit)
    row.baseline = event.metric if event.experiment == 0 else row.baseline


def _invalidated(row: Session, event: ExperimentInvalidated, at: str) -> None:
    _decided(row, event, at)
    row.counts["keep"] -= event.rule == VETO


def _reverted(row: Session, event: ChangeReverted, _at: str) -> None:
    _move_tip(row, event.branch_at)


def _moved(row: Session, event: IncumbentMoved, _at: str) -> None:
    row.incumbent, row.incumbent_experiment, row.best = event.commit, event.experiment, event.metric
    row.moved_reason = event.reason
    _move_tip(row, event.branch_at)


def _move_tip(row: Session, commit: str) -> None:
    if commit != row.tip:
        row.previous_tip, row.tip = row.tip, commit


_UPDATES: dict[type[Event], Callable[[Session, Any, str], None]] = {
    SessionEnded: _ended,
    SessionPaused: _paused,
    SessionResumed: _resumed,
    NoiseMeasured: _measured,
    DirectionAdded: _directed,
    DirectionWithdrawn: _withdrawn,
    IdeaProposed: _proposed,
    IdeaRefused: _refused,
    **dict.fromkeys((ProposerFailed, ProposalDropped), _called),
    **dict.fromkeys((RunFinished, RunFailed), _used_model),
    RepositoryTouched: _touched,
    **dict.fromkeys(STATUS, _decided),
    ExperimentInvalidated: _invalidated,
    ExperimentKept: _kept,
    ChangeReverted: _reverted,
    IncumbentMoved: _moved,
}
