"""The session: its start, pauses, recovery and end, its noise and its brief."""

from typing import ClassVar

from journal.events.event import Event


class SessionStarted(Event, frozen=True, kw_only=True):
    """A session starts. It records what is needed to know later what ran, where and under which rules."""

    NAME: ClassVar[str] = "SessionStarted"

    brief: str  # text of the brief
    brief_hash: str
    config: dict[str, object]  # the parsed brief with its defaults
    base: str  # the commit that the session starts from: HEAD, or with `onto` that session's best commit
    start: str  # first commit of the branch: base, with the constants of the profile if there is one
    branch: str
    profile: str | None = None  # name of the profile
    constants: dict[str, str] = {}  # NAME -> literal that the profile sets
    locked: dict[str, str] = {}  # path of a locked file -> its sha256
    host: str = ""
    device: str = ""
    versions: dict[str, str] = {}
    onto: str = ""  # the earlier session whose best commit it starts from; empty if it starts from HEAD


class NoiseMeasured(Event, frozen=True, kw_only=True):
    """σ of the metric on identical code, from replicate runs."""

    NAME: ClassVar[str] = "NoiseMeasured"

    experiment: int
    sigma: float
    mean: float
    replicates: int
    values: tuple[float, ...]


class SessionPaused(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SessionPaused"
    SCHEMA: ClassVar[int] = 2

    reason: str


class SessionResumed(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SessionResumed"

    reason: str = ""


class SessionRecovered(Event, frozen=True, kw_only=True):
    """The loop restarted after a crash: what it found, and what it did."""

    NAME: ClassVar[str] = "SessionRecovered"

    found: str
    did: str


class BriefChanged(Event, frozen=True, kw_only=True):
    """A person edited the brief during the session; `accepted` is False if the new brief is not valid."""

    NAME: ClassVar[str] = "BriefChanged"

    brief: str
    brief_hash: str
    accepted: bool
    reason: str = ""
    config: dict[str, object] = {}


class SessionEnded(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SessionEnded"

    reason: str
