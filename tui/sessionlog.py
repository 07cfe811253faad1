"""One session's facts as columns and lists, each with the position that brought it. Pure; see `tui.ledger`."""

from array import array
from dataclasses import dataclass, field

from journal.events import (
    Acknowledged,
    BriefChanged,
    DirectionAdded,
    DirectionWithdrawn,
    Event,
    Intent,
    NoiseMeasured,
    ProposalDropped,
    ProposerFailed,
    SessionEnded,
    SessionPaused,
    SessionRecovered,
    SessionResumed,
    SkipRequested,
    StopRequested,
    Usage,
    VetoRequested,
)
from journal.recorded import Recorded

STATUSES = ("open", "keep", "discard", "crash", "invalid")
NEVER = 2**62  # a position no journal reaches
UNPRICED = -1.0  # dollars, once any proposal had no price


@dataclass(slots=True)
class Asked:
    """A person's intent, and the loop's answer once there is one."""

    position: int
    kind: str
    words: str
    author: str
    answered: int = NEVER
    outcome: str = ""


@dataclass(slots=True)
class Direction:
    number: int
    text: str
    added: int
    withdrawn: int = NEVER


@dataclass(slots=True)
class SessionLog:
    """One session's facts, in order, each with its position."""

    started: Recorded
    states: list[tuple[int, str, str, str | None]] = field(default_factory=list)  # position, state, reason, until
    ended: list[tuple[int, str]] = field(default_factory=list)  # position, time
    noise: list[tuple[int, float]] = field(default_factory=list)
    notices: list[tuple[int, str]] = field(default_factory=list)  # what went wrong or was mended, in words
    verdicts: dict[str, "array[int]"] = field(default_factory=lambda: {status: array("q") for status in STATUSES})
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    row_of: "array[int]" = field(default_factory=lambda: array("q"))  # by number; NOWHERE where there is none
    opened: "array[int]" = field(default_factory=lambda: array("q"))  # position of each of `rows`
    overruled: dict[str, "array[int]"] = field(default_factory=lambda: {status: array("q") for status in STATUSES})
    kept: "array[int]" = field(default_factory=lambda: array("q"))  # rows, in the order of verdicts["keep"]
    spent_at: "array[int]" = field(default_factory=lambda: array("q"))
    spent: "array[float]" = field(default_factory=lambda: array("d"))
    refused: "array[int]" = field(default_factory=lambda: array("q"))
    run_started: "array[int]" = field(default_factory=lambda: array("q"))
    run_ended: "array[int]" = field(default_factory=lambda: array("q"))
    run_row: "array[int]" = field(default_factory=lambda: array("q"))
    run_number: "array[int]" = field(default_factory=lambda: array("q"))
    directions: list[Direction] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


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
            log.states.append((at, *_state(event)))
            if isinstance(event, SessionEnded):
                log.ended.append((at, recorded.recorded_at))
        case NoiseMeasured():
            log.noise.append((at, event.sigma))
        case ProposerFailed() | ProposalDropped():
            spend(log, event.usage, at)
        case Intent():
            _asked(log, event, at)
        case Acknowledged():
            _answered(log, event, at)
        case _:
            pass
    if words := _notice(event):
        log.notices.append((at, words))


def _state(event: SessionPaused | SessionResumed | SessionEnded | SessionRecovered) -> tuple[str, str, str | None]:
    """State, reason, until."""
    match event:
        case SessionPaused():
            return "paused", event.reason, event.until
        case SessionEnded():
            return "ended", event.reason, None
        case _:
            return "open", "", None


def _notice(event: Event) -> str:
    """What went wrong or was mended, in words; empty for all else."""
    match event:
        case ProposerFailed():
            wait = f"; to be asked again in {event.retry_after:.0f} s" if event.retry_after else ""
            return f"{event.proposer} failed ({event.kind}): {event.reason}{wait}"
        case SessionRecovered():
            return f"recovered: found {event.found}; {event.did}"
        case BriefChanged() if not event.accepted:
            return f"the edited brief was not accepted: {event.reason}"
        case _:
            return ""


def _asked(log: SessionLog, event: Intent, at: int) -> None:
    log.asked.append(Asked(at, event.NAME, intent_words(event), event.author))
    if isinstance(event, DirectionAdded):
        log.directions.append(Direction(event.direction, event.text, at))
    elif isinstance(event, DirectionWithdrawn):
        for direction in log.directions:
            if direction.number == event.direction and direction.withdrawn == NEVER:
                direction.withdrawn = at


def _answered(log: SessionLog, event: Acknowledged, at: int) -> None:
    for asked in reversed(log.asked):
        if asked.position == event.request:
            asked.outcome, asked.answered = event.outcome, at
            return


def intent_words(event: Intent) -> str:
    """What a person asked for, as a screen names it."""
    match event:
        case DirectionAdded():
            return f"direction {event.direction}: {event.text}"
        case DirectionWithdrawn():
            return f"withdraw direction {event.direction}"
        case SkipRequested():
            return f"skip #{event.experiment}"
        case StopRequested():
            return "stop now" if event.now else "stop after this run"
        case VetoRequested():
            return f"veto #{event.experiment}"
        case _:
            return event.NAME.removesuffix("Requested").lower()
