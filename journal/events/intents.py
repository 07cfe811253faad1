"""What people ask for, and the loop's answers."""

from typing import ClassVar

from journal.events.event import Event


class Intent(Event, frozen=True, kw_only=True):
    """Base of what people ask for; never stored itself. `author` is user@host, `channel` is cli or tui."""

    author: str
    channel: str


class DirectionAdded(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "DirectionAdded"

    direction: int  # numbered within the session, from 1
    text: str


class DirectionWithdrawn(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "DirectionWithdrawn"

    direction: int


class PauseRequested(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "PauseRequested"


class ResumeRequested(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ResumeRequested"


class SkipRequested(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SkipRequested"

    experiment: int


class StopRequested(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "StopRequested"

    now: bool = False  # True: end the current run at once


class VetoRequested(Intent, frozen=True, kw_only=True):
    """Undo a kept experiment."""

    NAME: ClassVar[str] = "VetoRequested"

    experiment: int


class BranchFromRequested(Intent, frozen=True, kw_only=True):
    """Make an experiment's commit the incumbent, kept or not."""

    NAME: ClassVar[str] = "BranchFromRequested"

    experiment: int


class RequestWithdrawn(Intent, frozen=True, kw_only=True):
    """Take back a request that the loop has not answered. A direction is withdrawn by `DirectionWithdrawn`."""

    NAME: ClassVar[str] = "RequestWithdrawn"

    request: int  # position of the request


class Acknowledged(Event, frozen=True, kw_only=True):
    """Base of the loop's answers; never stored itself. `request` is the position of the intent.

    `done` is false if the loop refuses; in older journals the `outcome` of a refusal begins with "not done: " instead.
    """

    request: int
    outcome: str = ""
    done: bool = True

    def message(self) -> str:
        """The answer as a person reads it."""
        return self.outcome if self.done else f"not done: {self.outcome}"


class DirectionAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "DirectionAcknowledged"


class PauseAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "PauseAcknowledged"


class ResumeAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ResumeAcknowledged"


class SkipAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SkipAcknowledged"


class StopAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "StopAcknowledged"


class VetoAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "VetoAcknowledged"


class BranchFromAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "BranchFromAcknowledged"


class WithdrawalAcknowledged(Acknowledged, frozen=True, kw_only=True):
    """The answer to `RequestWithdrawn`; the withdrawn request gets an answer of its own, which refuses it."""

    NAME: ClassVar[str] = "WithdrawalAcknowledged"
