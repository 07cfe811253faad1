"""The directions that people gave, and the loop's answers. A pure fold."""

import msgspec

from journal.events import DirectionAcknowledged, DirectionAdded, DirectionWithdrawn
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold


class Direction(msgspec.Struct, kw_only=True, gc=False):
    """`position` is that of its DirectionAdded event, which the acknowledgement names."""

    session: str
    direction: int
    text: str
    author: str
    channel: str
    position: int
    added_at: str
    acknowledged_at: str | None = None
    outcome: str = ""
    withdrawn_at: str | None = None


class Directions(Fold):
    """Rows by (session, direction)."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Direction] = {}
        self.handlers = {
            DirectionAdded: self._add,
            DirectionWithdrawn: self._withdraw,
            DirectionAcknowledged: self._acknowledge,
        }

    def _add(self, event: DirectionAdded, recorded: Recorded) -> Direction:
        row = self.rows[event.session, event.direction] = Direction(
            session=event.session,
            direction=event.direction,
            text=event.text,
            author=event.author,
            channel=event.channel,
            position=recorded.position,
            added_at=recorded.recorded_at,
        )
        return row

    def _withdraw(self, event: DirectionWithdrawn, recorded: Recorded) -> Direction | None:
        row = self.rows.get((event.session, event.direction))
        if row is not None:
            row.withdrawn_at = recorded.recorded_at
        return row

    def _acknowledge(self, event: DirectionAcknowledged, recorded: Recorded) -> Direction | None:
        row = next((row for row in self.rows.values() if row.position == event.request), None)
        if row is not None:
            row.acknowledged_at, row.outcome = recorded.recorded_at, event.message()
        return row
