"""A fold as a table: for each type of event, the function that handles it. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from journal.events import Event
from journal.events.recorded import Recorded

Handler = Callable[[Any, Recorded], object]


class Fold:
    """Applies each event with the handler of its type, and ignores events without one."""

    def __init__(self) -> None:
        self.handlers: Mapping[type[Event], Handler] = {}

    def apply(self, recorded: Recorded) -> object:
        """Apply the next event; return the row that it changed, a list of rows, or None."""
        handler = self.handlers.get(type(recorded.event))
        return None if handler is None else handler(recorded.event, recorded)
