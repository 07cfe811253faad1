"""The session's branch: what was committed to it, taken off it, and where it was moved."""

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
    commit: str  # stays reachable under refs/autoresearch/<tag>/<n>
    branch_at: str  # where the branch stands after
    how: Literal["reset", "revert", "never committed", "undone"] = "reset"  # undone: by a later commit


class IncumbentMoved(Event, frozen=True, kw_only=True):
    """Another commit is the incumbent at a person's wish: what follows stands on it and is compared with it."""

    NAME: ClassVar[str] = "IncumbentMoved"

    experiment: int  # whose commit it is
    commit: str
    metric: float  # mean of the commit's runs so far
    branch_at: str  # where the branch stands after
    reason: str
