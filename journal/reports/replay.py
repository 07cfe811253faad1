"""The night again: events with the pauses between them, and what was known at any point. Pure, but for reading."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise
from typing import Any

from journal.events.recorded import Recorded
from journal.projections.state import State, fold
from journal.projections.table import rows_of
from journal.projections.tables import TABLES
from journal.store import Reader

LONGEST = 3.0  # seconds that a replay stands still at most, however long the night did


@dataclass(frozen=True)
class ReplayStep:
    """An event, and the seconds to wait before it is shown."""

    pause: float
    recorded: Recorded


def paced(events: Iterable[Recorded], *, speed: float, longest: float = LONGEST) -> Iterator[ReplayStep]:
    """The events at `speed` times the pace of the night; infinite speed leaves no pauses."""
    iterator = iter(events)
    first = next(iterator, None)
    if first is None:
        return
    yield ReplayStep(0.0, first)
    for before, recorded in pairwise(chain((first,), iterator)):
        seconds = (_time(recorded) - _time(before)).total_seconds()
        yield ReplayStep(min(longest, max(0.0, seconds / speed)), recorded)


def state_at(reader: Reader, position: int) -> State:
    """Exactly what was known once the event at `position` was in."""
    return fold(reader.read(until=position))


def facts(state: State) -> dict[str, Any]:
    """The state as plain data: every row of every projection, under the names of the tables."""
    rows = {table.name: list(rows_of(getattr(state, table.name).rows)) for table in TABLES if not table.text}
    return {"position": state.position, "recorded_at": state.recorded_at, **rows}


def _time(recorded: Recorded) -> datetime:
    return datetime.fromisoformat(recorded.recorded_at)
