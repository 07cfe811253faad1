"""Playback of a session at its own pace, and the position at a time of day. Reads the journal."""

from datetime import datetime, time, timedelta, tzinfo

from tui.feed.scene import SceneBuilder, last_event_time
from tui.model.snapshot import Snapshot


class Playback:
    """Keeps the time of the playback, which also advances between two events."""

    def __init__(self) -> None:
        self._position = 0
        self._time: datetime | None = None

    def advance(self, builder: SceneBuilder, live: Snapshot, *, position: int, seconds: float) -> int:
        """The position some recorded seconds after the one on the screen. Raises JournalError."""
        if self._time is None or self._position != position:
            self._time = last_event_time(builder.snapshot_at(live, position))
        if self._time is None:
            return position
        self._time += timedelta(seconds=seconds)
        self._position = max(position, builder.archive.position_at(self._time, head=builder.ledger.position))
        return self._position


def position_at_time(builder: SceneBuilder, live: Snapshot, text: str, *, zone: tzinfo) -> int | str:
    """The last position before a time of day, on the latest day on which the journal has it; or an error message.

    Raises JournalError.
    """
    text = text.strip()
    try:
        wanted = time.fromisoformat(text.zfill(5)).replace(tzinfo=None)
    except ValueError:
        return f"{text} is not a time of day: write 02:14 or 02:14:30."
    first, last = (last_event_time(builder.snapshot_at(live, position)) for position in (1, builder.ledger.position))
    if first is None or last is None:
        return "The journal is empty."
    moment = datetime.combine(last.astimezone(zone).date(), wanted, tzinfo=zone)
    moment -= timedelta(days=1 if moment > last else 0)
    if moment < first.replace(second=0 if wanted.second == 0 else first.second, microsecond=0):
        begin, end = (f"{when.astimezone(zone):%H:%M}" for when in (first, last))
        return f"{text} is outside the journal, which goes from {begin} to {end}."
    return builder.archive.position_at(moment, head=builder.ledger.position)
