"""The incumbents in order: one point per kept experiment, and per move of the incumbent by a person. A pure fold."""

import msgspec

from journal.events import ExperimentKept, IncumbentMoved
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold


class FrontierPoint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`position` is that of its ExperimentKept or IncumbentMoved event."""

    position: int
    session: str
    experiment: int
    metric: float
    commit: str
    kept_at: str


class Frontier(Fold):
    """Points in the order in which they became the incumbent."""

    def __init__(self) -> None:
        self.rows: list[FrontierPoint] = []
        self.handlers = {ExperimentKept: self._add_point, IncumbentMoved: self._add_point}

    def _add_point(self, event: ExperimentKept | IncumbentMoved, recorded: Recorded) -> FrontierPoint:
        point = FrontierPoint(
            position=recorded.position,
            session=event.session,
            experiment=event.experiment,
            metric=event.metric,
            commit=event.commit,
            kept_at=recorded.recorded_at,
        )
        self.rows.append(point)
        return point
