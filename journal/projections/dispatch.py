"""A fold as a table: for each type of event, the function that takes it in. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from journal.events import Event
from journal.events.recorded import Recorded

Take = Callable[[Any, Recorded], object]


class Fold:
    """Feeds each event to the function written for its type; other events pass it by."""

    def __init__(self) -> None:
        self.takes: Mapping[type[Event], Take] = {}

    def apply(self, recorded: Recorded) -> object:
        """Take in the next event; return the row that it touched, a list of them, or None."""
        take = self.takes.get(type(recorded.event))
        return None if take is None else take(recorded.event, recorded)
