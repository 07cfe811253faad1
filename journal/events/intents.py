"""What people ask for, and the loop's answers."""

from typing import ClassVar

from journal.events.event import Event


class Intent(Event, frozen=True, kw_only=True):
    """Common to what people ask for; never stored itself. `author` is user@host, `channel` is cli or tui."""

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

    now: bool = False  # True: do not wait for the run in flight


class VetoRequested(Intent, frozen=True, kw_only=True):
    """Take a kept experiment back."""

    NAME: ClassVar[str] = "VetoRequested"

    experiment: int


class BranchFromRequested(Intent, frozen=True, kw_only=True):
    """Go on from an experiment's commit, kept or not."""

    NAME: ClassVar[str] = "BranchFromRequested"

    experiment: int


class Acknowledged(Event, frozen=True, kw_only=True):
    """Common to the loop's answers; never stored itself. `request` is the position of the intent.

    `done` is false if the loop refuses; the `outcome` of an older journal's refusal begins with "not done: " instead.
    """

    request: int
    outcome: str = ""
    done: bool = True

    def words(self) -> str:
        """The answer for a person."""
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
