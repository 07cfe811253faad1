"""The session: how a night begins, pauses, goes on and ends, and what it knows of its noise and its brief."""

from typing import ClassVar

from journal.events.event import Event


class SessionStarted(Event, frozen=True, kw_only=True):
    """A night begins: everything needed to say later what was run, where, under which rules."""

    NAME: ClassVar[str] = "SessionStarted"

    brief: str  # the human's text, whole
    brief_hash: str
    config: dict[str, object]  # the brief as parsed, defaults filled in
    base: str  # commit of the user's that the session stands on
    start: str  # first commit of the branch: base with the profile's constants, or base itself
    branch: str
    profile: str | None = None  # name of the profile
    constants: dict[str, str] = {}  # NAME -> literal that the profile wrote
    locked: dict[str, str] = {}  # path -> sha256
    host: str = ""
    device: str = ""
    versions: dict[str, str] = {}


class NoiseMeasured(Event, frozen=True, kw_only=True):
    """σ of the metric on identical code, from replicates."""

    NAME: ClassVar[str] = "NoiseMeasured"

    experiment: int
    sigma: float
    mean: float
    replicates: int
    values: tuple[float, ...]


class SessionPaused(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SessionPaused"

    reason: str
    until: str | None = None  # ISO time, where it is known


class SessionResumed(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SessionResumed"

    reason: str = ""


class SessionRecovered(Event, frozen=True, kw_only=True):
    """The loop came back after a crash: what it found, what it did."""

    NAME: ClassVar[str] = "SessionRecovered"

    found: str
    did: str


class BriefChanged(Event, frozen=True, kw_only=True):
    """The human part of the brief was edited in mid-session; `accepted` is False where the edit broke it."""

    NAME: ClassVar[str] = "BriefChanged"

    brief: str
    brief_hash: str
    accepted: bool
    reason: str = ""
    config: dict[str, object] = {}


class SessionEnded(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SessionEnded"

    reason: str
