"""Replay of a session: its events with the pauses between them, and the state as plain data. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise
from typing import Any

from journal.console.local_time import recorded_time
from journal.events.recorded import Recorded
from journal.projections.state import State
from journal.projections.table import rows_of
from journal.projections.tables import TABLES

MAX_PAUSE = 3.0  # seconds


@dataclass(frozen=True)
class ReplayStep:
    """An event, and the seconds to wait before it is shown."""

    pause: float
    recorded: Recorded


def with_pauses(events: Iterable[Recorded], *, speed: float, max_pause: float = MAX_PAUSE) -> Iterator[ReplayStep]:
    """The events at `speed` times their own pace; at infinite speed without pauses."""
    iterator = iter(events)
    first = next(iterator, None)
    if first is None:
        return
    yield ReplayStep(0.0, first)
    for before, recorded in pairwise(chain((first,), iterator)):
        seconds = (_time(recorded) - _time(before)).total_seconds()
        yield ReplayStep(min(max_pause, max(0.0, seconds / speed)), recorded)


def state_as_dict(state: State) -> dict[str, Any]:
    """The state as plain data: every row of every projection, under the names of the tables."""
    rows = {table.name: list(rows_of(getattr(state, table.name).rows)) for table in TABLES if not table.text}
    return {"position": state.position, "recorded_at": state.recorded_at, **rows}


def _time(recorded: Recorded) -> datetime:
    return recorded_time(recorded.recorded_at)
