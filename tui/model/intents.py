"""What people asked of the loop, each request with its answer and its end. Pure.

A request is open until the loop answers it. A pause, a stop, a skip or a direction is then pending until the loop has done it.
"""

from msgspec import Struct, field

from journal.events import (
    Acknowledged,
    BranchFromRequested,
    DirectionAdded,
    DirectionWithdrawn,
    Event,
    IdeaProposed,
    Intent,
    PauseRequested,
    RequestWithdrawn,
    ResumeAcknowledged,
    RunFailed,
    SessionEnded,
    SessionPaused,
    SessionRecovered,
    SessionResumed,
    SkipRequested,
    StopRequested,
    Verdict,
    VetoRequested,
)
from tui.model.columns import NEVER

VERBS: dict[type[Intent], str] = {SkipRequested: "skip", VetoRequested: "veto", BranchFromRequested: "branch from"}
RESTARTS = (SessionEnded, SessionRecovered, SessionResumed)  # a loop that starts again has forgotten what was asked
LASTING = (PauseRequested, StopRequested, SkipRequested, DirectionAdded)  # pending between their answer and their end


class PostedIntent(Struct):
    """A person's request, the loop's answer, and the position at which the loop had done it."""

    position: int
    event: Intent
    answered_at: int = NEVER
    answered_time: str = ""  # ISO 8601, UTC
    outcome: str = ""
    is_refused: bool = False
    ended_at: int = NEVER
    withdrawn_at: int = NEVER  # position of the withdrawal

    @property
    def text(self) -> str:
        return describe(self.event)

    @property
    def is_withdrawn(self) -> bool:
        """Whether a person withdrew it; the loop may still answer that it was too late."""
        return self.withdrawn_at != NEVER

    def is_open(self, position: int) -> bool:
        """Whether it waits for the loop's answer at a position."""
        return self.position <= position < self.answered_at

    def is_pending(self, position: int) -> bool:
        """Whether the loop has agreed and not done it yet at a position."""
        return self.answered_at <= position < self.ended_at


class PostedDirection(Struct):
    """A direction, and later the position of its withdrawal."""

    number: int
    text: str
    added_at: int
    withdrawn_at: int = NEVER


class IntentLog(Struct):
    """A session's intents and directions, in order."""

    intents: list[PostedIntent] = field(default_factory=list)
    directions: list[PostedDirection] = field(default_factory=list)
    _pending: list[PostedIntent] = field(default_factory=list)

    def add(self, event: Intent, position: int) -> None:
        """Apply an intent."""
        self.intents.append(PostedIntent(position, event))
        match event:
            case DirectionAdded():
                self.directions.append(PostedDirection(event.direction, event.text, position))
            case DirectionWithdrawn():
                self._withdraw(event.direction, position)
            case RequestWithdrawn():
                for intent in self.intents:
                    if intent.position == event.request and intent.withdrawn_at == NEVER:
                        intent.withdrawn_at = position
            case _:
                pass

    def _withdraw(self, number: int, position: int) -> None:
        for direction in self.directions:
            if direction.number == number and direction.withdrawn_at == NEVER:
                direction.withdrawn_at = position

    def acknowledge(self, event: Acknowledged, position: int, time: str) -> None:
        """Apply the loop's answer to an intent."""
        for intent in reversed(self.intents):
            if intent.position == event.request:
                is_refused = event.message().startswith("not done: ")
                intent.outcome, intent.answered_time, intent.is_refused = event.message(), time, is_refused
                is_pending = isinstance(intent.event, LASTING) and not is_refused
                intent.ended_at = NEVER if is_pending else position
                if is_pending:
                    self._pending.append(intent)
                intent.answered_at = position  # last: a reader in another thread finds the answer complete
                return

    def settle(self, event: Event, position: int) -> None:
        """End the pending requests that an event shows to be done."""
        for intent in [intent for intent in self._pending if _is_done(intent.event, event)]:
            intent.ended_at = position
            self._pending.remove(intent)


def _is_done(request: Intent, event: Event) -> bool:
    match request:
        case DirectionAdded():
            return isinstance(event, IdeaProposed | SessionEnded)
        case SkipRequested():
            is_its_end = isinstance(event, Verdict | RunFailed) and event.experiment == request.experiment
            return is_its_end or isinstance(event, RESTARTS)
        case PauseRequested():
            is_resumed = isinstance(event, ResumeAcknowledged) and event.done
            return is_resumed or isinstance(event, (SessionPaused, *RESTARTS))
        case _:
            return isinstance(event, RESTARTS)


def describe(event: Intent) -> str:
    """An intent in words, as the screen shows it."""
    match event:
        case DirectionAdded():
            return f"direction {event.direction}: {event.text}"
        case DirectionWithdrawn():
            return f"withdraw direction {event.direction}"
        case RequestWithdrawn():
            return f"withdraw request {event.request}"
        case StopRequested():
            return "stop now" if event.now else "stop after the experiments in flight"
        case SkipRequested() | VetoRequested() | BranchFromRequested():
            return f"{VERBS[type(event)]} #{event.experiment}"
        case _:
            return event.NAME.removesuffix("Requested").lower()
