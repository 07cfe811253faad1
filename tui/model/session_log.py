"""The facts of one session as columns and lists, each with its position. Pure; see `tui.model.ledger`."""

from array import array
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field

from journal.events import (
    Acknowledged,
    BriefChanged,
    Event,
    Intent,
    NoiseMeasured,
    ProposalDropped,
    ProposerFailed,
    RepositoryTouched,
    SessionEnded,
    SessionPaused,
    SessionRecovered,
    SessionResumed,
    Usage,
)
from journal.events.recorded import Recorded
from tui.model.columns import Spans
from tui.model.intents import IntentLog

STATUSES = ("open", "keep", "discard", "crash", "invalid")
UNPRICED = -1.0  # dollars, from the first proposal without a price on


class ChosenIncumbent(Struct, frozen=True):
    """The experiment that a person made the incumbent; `commit` is the `hash` of the commit's name."""

    position: int
    row: int
    commit: int
    metric: float


class ProposerBackoff(Struct, frozen=True):
    """A proposer that failed, and the time of its next call (ISO 8601, UTC)."""

    position: int
    proposer: str
    until: str


class SessionState(Struct, frozen=True):
    """open, paused or ended; `since` in ISO 8601, UTC."""

    position: int
    since: str
    name: str
    reason: str = ""


class SupersededVerdict(Struct, frozen=True):
    """A verdict that a later one replaced, e.g. the keep of an experiment that was vetoed later."""

    replaced_at: int
    decided_at: int
    status: str
    metric: float
    delta: float
    gain: float
    time: float

    def was_current(self, position: int) -> bool:
        """Whether it was the experiment's verdict at a position."""
        return self.decided_at <= position < self.replaced_at


def _integers() -> "array[int]":
    return field(default_factory=lambda: array("q"))


def _positions_by_status() -> "dict[str, array[int]]":
    return field(default_factory=lambda: {status: array("q") for status in STATUSES})


class SessionLog(Struct):
    """The facts of one session, in order."""

    started: Recorded
    states: list[SessionState] = field(default_factory=list)
    noise: list[tuple[int, float]] = field(default_factory=list)
    notices: list[tuple[int, str, str]] = field(default_factory=list)  # failures and recoveries: time, words
    configs: list[tuple[int, Mapping[str, object]]] = field(default_factory=list)  # of each accepted edit of the brief
    verdicts: "dict[str, array[int]]" = _positions_by_status()
    superseded: "dict[str, array[int]]" = _positions_by_status()
    rows: "array[int]" = _integers()
    row_of: "array[int]" = _integers()  # by experiment number; NO_ROW if there is none
    undecided: Spans = field(default_factory=Spans)  # from proposal to first verdict, one span per entry of `rows`
    kept: "array[int]" = _integers()  # rows, in the order of verdicts["keep"]
    kept_commit: "array[int]" = _integers()  # `hash` of the commit of each entry of `kept`
    crashed: "array[int]" = _integers()  # rows, in the order of verdicts["crash"]
    chosen: list[ChosenIncumbent] = field(default_factory=list)
    touched_at: "array[int]" = _integers()  # a change of the person's repository while an agent ran
    backoffs: list[ProposerBackoff] = field(default_factory=list)
    cost_at: "array[int]" = _integers()
    cost: "array[float]" = field(default_factory=lambda: array("d"))  # dollars in all, after each call with a price
    refused_at: "array[int]" = _integers()
    running: Spans = field(default_factory=Spans)  # one span per run
    run_row: "array[int]" = _integers()  # by span of `running`
    run_number: "array[int]" = _integers()
    requests: IntentLog = field(default_factory=IntentLog)


def add_cost(log: SessionLog, usage: Usage, position: int) -> None:
    """Add the price of a call of a proposer or a judge."""
    if usage.dollars == 0:
        return
    total = log.cost[-1] if log.cost else 0.0
    is_unpriced = usage.dollars is None or total == UNPRICED
    log.cost.append(UNPRICED if is_unpriced else total + (usage.dollars or 0.0))
    log.cost_at.append(position)


def apply_to_session(log: SessionLog, event: Event, recorded: Recorded) -> None:
    """Apply an event that concerns the session as a whole."""
    position = recorded.position
    match event:
        case SessionPaused() | SessionEnded() | SessionResumed() | SessionRecovered():
            log.states.append(_state(event, recorded))
        case NoiseMeasured():
            log.noise.append((position, event.sigma))
        case ProposerFailed() | ProposalDropped():
            add_cost(log, event.usage, position)
        case Intent():
            log.requests.add(event, position)
        case Acknowledged():
            log.requests.acknowledge(event, position, recorded.recorded_at)
        case BriefChanged() if event.accepted and event.config:
            log.configs.append((position, event.config))
        case _:
            pass
    log.requests.settle(event, position)
    _add_trouble(log, event, recorded)
    if notice := _notice(event, recorded):
        log.notices.append((position, recorded.recorded_at, notice))


def _add_trouble(log: SessionLog, event: Event, recorded: Recorded) -> None:
    if isinstance(event, RepositoryTouched):
        log.touched_at.append(recorded.position)
    if isinstance(event, ProposerFailed) and event.retry_after:
        until = _retry_time(event.retry_after, recorded)
        log.backoffs.append(ProposerBackoff(recorded.position, event.proposer, until))


def _state(event: SessionPaused | SessionEnded | SessionResumed | SessionRecovered, recorded: Recorded) -> SessionState:
    match event:
        case SessionPaused():
            name, reason = "paused", event.reason
        case SessionEnded():
            name, reason = "ended", event.reason
        case _:
            name, reason = "open", ""
    return SessionState(recorded.position, recorded.recorded_at, name, reason)


def _retry_time(seconds: float, recorded: Recorded) -> str:
    return (datetime.fromisoformat(recorded.recorded_at) + timedelta(seconds=seconds)).isoformat()


def _notice(event: Event, recorded: Recorded) -> str:
    """A failure, a recovery or a rejected brief edit, in words; empty for all other events."""
    match event:
        case ProposerFailed():
            retry = f"; next call at {_retry_time(event.retry_after, recorded)[11:19]} UTC" if event.retry_after else ""
            return f"{event.proposer} failed ({event.kind}): {event.reason}{retry}"
        case RepositoryTouched():
            return f"this repository changed while an agent ran: {'; '.join(event.changes)}"
        case SessionRecovered():
            return f"recovered: found {event.found}; {event.did}"
        case BriefChanged() if not event.accepted:
            return f"the edited brief was rejected: {event.reason}"
        case _:
            return ""
