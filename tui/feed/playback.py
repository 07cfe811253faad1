"""Through the night by its own clock: where play has got to, and which position a time of day is. Reads the journal."""

from datetime import UTC, datetime, time, timedelta

from tui.feed.scene import SceneBuilder, moment
from tui.model.snapshot import Snapshot


class Travel:
    """Plays on from a position; between two events the night's clock runs on without one."""

    def __init__(self) -> None:
        self._position = 0
        self._clock: datetime | None = None

    def on(self, stage: SceneBuilder, live: Snapshot, *, position: int, seconds: float) -> int:
        """The position some seconds of the night after the one shown. Raises JournalError."""
        if self._clock is None or self._position != position:
            self._clock = moment(stage.then(live, position))
        if self._clock is None:
            return position
        self._clock += timedelta(seconds=seconds)
        self._position = max(position, stage.archive.position_at(self._clock, head=stage.ledger.position))
        return self._position


def at_time(stage: SceneBuilder, live: Snapshot, text: str) -> int | str:
    """The last position at a time of day in UTC, of the latest day that had it by then; or why there is none.

    Raises JournalError.
    """
    try:
        wanted = time.fromisoformat(text.strip().zfill(5))
    except ValueError:
        return f"{text.strip()} is no time of day: write 02:14 or 02:14:30."
    last = moment(stage.then(live, stage.ledger.position))
    if last is None:
        return "There is nothing in this journal yet."
    then = datetime.combine(last.date(), wanted.replace(tzinfo=None), tzinfo=UTC)
    then -= timedelta(days=1 if then > last else 0)
    return stage.archive.position_at(then, head=stage.ledger.position)
