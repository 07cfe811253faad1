"""One row per session: where the night stands. A pure fold."""

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
    RunFailed,
    RunFinished,
    SessionEnded,
    SessionPaused,
    SessionResumed,
    SessionStarted,
    Usage,
    Verdict,
)
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold
from journal.projections.experiments import STATUS
from journal.projections.spend import priced


class Session(msgspec.Struct, kw_only=True, gc=False):
    """One unattended night on one branch. `incumbent` is the best kept commit: where the branch must stand."""

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
    until: str | None = None
    incumbent: str = ""
    tip: str = ""  # where the branch stands: the incumbent, or the revert commit above it
    stood: str = ""  # where it stood before it was moved there
    incumbent_experiment: int | None = None
    moved: str = ""  # why a person made it the incumbent; empty where it was kept
    best: float | None = None  # the incumbent's metric, as judged
    baseline: float | None = None
    sigma: float | None = None
    counts: dict[str, int] = msgspec.field(
        default_factory=lambda: dict.fromkeys(("keep", "discard", "crash", "invalid"), 0)
    )
    experiments: int = 0  # proposed, the baseline not counted
    refusals: int = 0
    dollars: float | None = 0.0
    directions: dict[int, str] = msgspec.field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Experiments kept; the baseline, which is kept as well, is not counted."""
        return self.counts["keep"] - (self.baseline is not None)


ASKED = frozenset({DirectionAdded, DirectionWithdrawn})  # by people, of any session


class Sessions(Fold):
    """Rows by tag. `worked` is the session that the loop worked on last: an older one may have been taken up again."""

    def __init__(self) -> None:
        self.rows: dict[str, Session] = {}
        self.worked = ""
        self.takes = {SessionStarted: self._start, **dict.fromkeys(_EVOLVE, self._take)}

    def _start(self, event: SessionStarted, recorded: Recorded) -> Session:
        config = event.config
        self.worked = event.session
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
            stood=event.start,
        )
        return row

    def _take(self, event: Event, recorded: Recorded) -> Session | None:
        row = self.rows.get(event.session)
        if row is not None:
            _EVOLVE[type(event)](row, event, recorded.recorded_at)
            if type(event) not in ASKED:
                self.worked = event.session
        return row


def _ended(row: Session, event: SessionEnded, at: str) -> None:
    row.state, row.ended_at, row.reason = "ended", at, event.reason


def _paused(row: Session, event: SessionPaused, _at: str) -> None:
    row.state, row.reason, row.until = "paused", event.reason, event.until


def _resumed(row: Session, event: SessionResumed, _at: str) -> None:
    row.state, row.reason, row.until, row.ended_at = "open", event.reason, None, None


def _measured(row: Session, event: NoiseMeasured, _at: str) -> None:
    row.sigma = event.sigma


def _directed(row: Session, event: DirectionAdded, _at: str) -> None:
    row.directions[event.direction] = event.text


def _withdrawn(row: Session, event: DirectionWithdrawn, _at: str) -> None:
    row.directions.pop(event.direction, None)


def _proposed(row: Session, event: IdeaProposed, _at: str) -> None:
    _spend(row, event.usage)
    if event.attempt == 1 and event.kind != "baseline":
        row.experiments += 1


def _refused(row: Session, _event: IdeaRefused, _at: str) -> None:
    row.refusals += 1


def _not_proposed(row: Session, event: ProposerFailed | ProposalDropped, _at: str) -> None:
    _spend(row, event.usage)


def _judged(row: Session, event: Verdict, _at: str) -> None:
    row.counts[STATUS[type(event)]] += 1


def _kept(row: Session, event: ExperimentKept, at: str) -> None:
    _judged(row, event, at)
    row.incumbent, row.incumbent_experiment, row.best = event.commit, event.experiment, event.metric
    row.moved = ""
    _stand(row, event.commit)
    row.baseline = event.metric if event.experiment == 0 else row.baseline


def _invalidated(row: Session, event: ExperimentInvalidated, at: str) -> None:
    _judged(row, event, at)
    row.counts["keep"] -= event.rule == VETO


def _reverted(row: Session, event: ChangeReverted, _at: str) -> None:
    _stand(row, event.branch_at)


def _moved(row: Session, event: IncumbentMoved, _at: str) -> None:
    row.incumbent, row.incumbent_experiment, row.best = event.commit, event.experiment, event.metric
    row.moved = event.reason
    _stand(row, event.branch_at)


def _stand(row: Session, commit: str) -> None:
    if commit != row.tip:
        row.stood, row.tip = row.tip, commit


def _ran(row: Session, event: RunFinished | RunFailed, _at: str) -> None:
    if event.usage.calls:
        _spend(row, event.usage)


def _spend(row: Session, usage: Usage) -> None:
    row.dollars = priced(row.dollars, usage)


_EVOLVE: dict[type[Event], Callable[[Session, Any, str], None]] = {
    SessionEnded: _ended,
    SessionPaused: _paused,
    SessionResumed: _resumed,
    NoiseMeasured: _measured,
    DirectionAdded: _directed,
    DirectionWithdrawn: _withdrawn,
    IdeaProposed: _proposed,
    IdeaRefused: _refused,
    ProposerFailed: _not_proposed,
    RunFinished: _ran,
    RunFailed: _ran,
    ProposalDropped: _not_proposed,
    **dict.fromkeys(STATUS, _judged),
    ExperimentInvalidated: _invalidated,
    ExperimentKept: _kept,
    ChangeReverted: _reverted,
    IncumbentMoved: _moved,
}
