"""One session's facts as columns and lists, each with the position that brought it. Pure; see `tui.model.ledger`."""

from array import array
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
    SessionEnded,
    SessionPaused,
    SessionRecovered,
    SessionResumed,
    Usage,
)
from journal.events.recorded import Recorded
from tui.model.columns import Spans
from tui.model.intents import Requests

STATUSES = ("open", "keep", "discard", "crash", "invalid")
UNPRICED = -1.0  # dollars, once any proposal had no price


class Moved(Struct, frozen=True):
    """The incumbent as a person chose it: the experiment's row and commit, and what it measures."""

    position: int
    row: int
    commit: int  # `hash` of its name
    metric: float


class ProposerRest(Struct, frozen=True):
    """A proposer that failed, and the time (ISO 8601, UTC) before which it is not asked again."""

    position: int
    proposer: str
    until: str


class SessionState(Struct, frozen=True):
    """open, paused or ended; `since` and `until` in ISO 8601, UTC."""

    position: int
    since: str
    name: str
    reason: str = ""
    until: str | None = None


class Overruled(Struct, frozen=True):
    """A verdict that stood from `decided` until the position `replaced`, e.g. of a kept experiment that was vetoed."""

    replaced: int
    decided: int
    status: str
    metric: float
    delta: float
    gain: float
    time: float


class SessionLog(Struct):
    """One session's facts, in order, each with its position."""

    started: Recorded
    states: list[SessionState] = field(default_factory=list)
    noise: list[tuple[int, float]] = field(default_factory=list)
    notices: list[tuple[int, str]] = field(default_factory=list)  # what went wrong or was mended, in words
    verdicts: dict[str, "array[int]"] = field(default_factory=lambda: {status: array("q") for status in STATUSES})
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    row_of: "array[int]" = field(default_factory=lambda: array("q"))  # by number; NOWHERE where there is none
    tried: Spans = field(default_factory=Spans)  # from proposal to first verdict, each of `rows`
    overruled: dict[str, "array[int]"] = field(default_factory=lambda: {status: array("q") for status in STATUSES})
    kept: "array[int]" = field(default_factory=lambda: array("q"))  # rows, in the order of verdicts["keep"]
    kept_commit: "array[int]" = field(default_factory=lambda: array("q"))  # `hash` of the commit of each of `kept`
    moved: list[Moved] = field(default_factory=list)
    rests: list[ProposerRest] = field(default_factory=list)
    spent_at: "array[int]" = field(default_factory=lambda: array("q"))
    spent: "array[float]" = field(default_factory=lambda: array("d"))
    refused: "array[int]" = field(default_factory=lambda: array("q"))
    runs: Spans = field(default_factory=Spans)
    run_row: "array[int]" = field(default_factory=lambda: array("q"))  # of each of `runs`
    run_number: "array[int]" = field(default_factory=lambda: array("q"))
    requests: Requests = field(default_factory=Requests)


def spend(log: SessionLog, usage: Usage, at: int) -> None:
    total = log.spent[-1] if log.spent else 0.0
    unpriced = usage.dollars is None or total == UNPRICED
    log.spent.append(UNPRICED if unpriced else total + (usage.dollars or 0.0))
    log.spent_at.append(at)


def note(log: SessionLog, event: Event, recorded: Recorded) -> None:
    """What concerns the session as a whole."""
    at = recorded.position
    match event:
        case SessionPaused() | SessionResumed() | SessionEnded() | SessionRecovered():
            log.states.append(SessionState(at, recorded.recorded_at, *_state(event)))
        case NoiseMeasured():
            log.noise.append((at, event.sigma))
        case ProposerFailed() | ProposalDropped():
            _not_proposed(log, event, recorded)
        case Intent():
            log.requests.ask(event, at)
        case Acknowledged():
            log.requests.answer(event, at)
        case _:
            pass
    if words := _notice(event, recorded):
        log.notices.append((at, words))


def _not_proposed(log: SessionLog, event: ProposerFailed | ProposalDropped, recorded: Recorded) -> None:
    spend(log, event.usage, recorded.position)
    if isinstance(event, ProposerFailed) and event.retry_after:
        log.rests.append(ProposerRest(recorded.position, event.proposer, _until(event.retry_after, recorded)))


def _state(event: SessionPaused | SessionResumed | SessionEnded | SessionRecovered) -> tuple[str, str, str | None]:
    """State, reason, until."""
    match event:
        case SessionPaused():
            return "paused", event.reason, event.until
        case SessionEnded():
            return "ended", event.reason, None
        case _:
            return "open", "", None


def _until(seconds: float, recorded: Recorded) -> str:
    return (datetime.fromisoformat(recorded.recorded_at) + timedelta(seconds=seconds)).isoformat()


def _notice(event: Event, recorded: Recorded) -> str:
    """What went wrong or was mended, in words; empty for all else."""
    match event:
        case ProposerFailed():
            wait = (
                f"; not asked again before {_until(event.retry_after, recorded)[11:19]} UTC"
                if event.retry_after
                else ""
            )
            return f"{event.proposer} failed ({event.kind}): {event.reason}{wait}"
        case SessionRecovered():
            return f"recovered: found {event.found}; {event.did}"
        case BriefChanged() if not event.accepted:
            return f"the edited brief was not accepted: {event.reason}"
        case _:
            return ""
