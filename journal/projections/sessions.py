"""One row per session: where the night stands. A pure fold."""

from dataclasses import dataclass, field
from typing import Literal

from journal.events import (
    ChangeReverted,
    DirectionAdded,
    DirectionWithdrawn,
    Event,
    ExperimentKept,
    IdeaProposed,
    IdeaRefused,
    NoiseMeasured,
    ProposerFailed,
    SessionEnded,
    SessionPaused,
    SessionResumed,
    SessionStarted,
    Verdict,
)
from journal.projections.experiments import STATUS
from journal.store import Recorded


@dataclass(slots=True, kw_only=True)
class Session:
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
    incumbent_experiment: int | None = None
    best: float | None = None  # the incumbent's metric, as judged
    baseline: float | None = None
    sigma: float | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("keep", "discard", "crash", "invalid"), 0))
    experiments: int = 0  # proposed, the baseline not counted
    refusals: int = 0
    dollars: float | None = 0.0
    directions: dict[int, str] = field(default_factory=dict)


class Sessions:
    """Rows by tag."""

    def __init__(self) -> None:
        self.rows: dict[str, Session] = {}

    def apply(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, SessionStarted):
            self.rows[event.session] = _started(event, at=recorded.recorded_at)
        elif event.session in self.rows:
            _evolve(self.rows[event.session], event, at=recorded.recorded_at)


def _started(event: SessionStarted, *, at: str) -> Session:
    config = event.config
    return Session(
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
        started_at=at,
        incumbent=event.start,
    )


def _evolve(row: Session, event: Event, *, at: str) -> None:
    match event:
        case SessionEnded():
            row.state, row.ended_at, row.reason = "ended", at, event.reason
        case SessionPaused():
            row.state, row.reason, row.until = "paused", event.reason, event.until
        case SessionResumed():
            row.state, row.reason, row.until = "open", event.reason, None
        case NoiseMeasured():
            row.sigma = event.sigma
        case DirectionAdded():
            row.directions[event.direction] = event.text
        case DirectionWithdrawn():
            row.directions.pop(event.direction, None)
        case Verdict():
            _judged(row, event)
        case ChangeReverted():
            pass
        case IdeaProposed() | IdeaRefused() | ProposerFailed():
            _proposing(row, event)
        case _:
            pass


def _judged(row: Session, event: Verdict) -> None:
    row.counts[STATUS[type(event)]] += 1
    if isinstance(event, ExperimentKept):
        row.incumbent, row.incumbent_experiment, row.best = event.commit, event.experiment, event.metric
        row.baseline = event.metric if event.experiment == 0 else row.baseline


def _proposing(row: Session, event: IdeaProposed | IdeaRefused | ProposerFailed) -> None:
    if isinstance(event, IdeaRefused):
        row.refusals += 1
        return
    dollars = event.usage.dollars
    row.dollars = None if row.dollars is None or dollars is None else row.dollars + dollars
    if isinstance(event, IdeaProposed) and event.attempt == 1 and event.kind != "baseline":
        row.experiments += 1
