"""The session's branch: commits added to it, commits taken off it, and moves of the incumbent by a person."""

from typing import ClassVar, Literal

from journal.events.event import Event


class ChangeCommitted(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ChangeCommitted"

    experiment: int
    commit: str
    parent: str
    files: tuple[str, ...]
    lines_added: int
    lines_removed: int


class ChangeReverted(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ChangeReverted"

    experiment: int
    commit: str  # taken off the branch; refs/autoresearch/<tag>/<n> keeps it reachable
    branch_at: str  # tip of the branch afterwards
    how: Literal["reset", "revert", "never committed", "undone"] = "reset"  # undone: a later commit reverses it


class IncumbentMoved(Event, frozen=True, kw_only=True):
    """A person made another commit the incumbent: later proposals build on it and are compared with it."""

    NAME: ClassVar[str] = "IncumbentMoved"

    experiment: int  # number of the commit's experiment
    commit: str
    metric: float  # mean of the commit's runs so far
    branch_at: str  # tip of the branch afterwards
    reason: str
