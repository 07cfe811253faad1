"""`State`: every projection together, folded from the journal; what screens, commands, memory and proposers read. Pure."""

import gc
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from journal.events import CATALOGUE, Event
from journal.events.recorded import Recorded
from journal.projections.directions import Directions
from journal.projections.dispatch import Fold, Take
from journal.projections.experiments import Experiments
from journal.projections.failures import Failures, Ideas
from journal.projections.frontier import Frontier
from journal.projections.knobs import Knobs
from journal.projections.refusals import Refusals
from journal.projections.runs import Runs
from journal.projections.sessions import Session, Sessions
from journal.projections.spend import Spending
from journal.projections.trials import Changes


class State:
    """What is known at a position of the journal. With `only`, the other projections take nothing in and stay empty."""

    def __init__(self, *, only: Collection[str] | None = None) -> None:
        self._only = only
        self.position = 0
        self.recorded_at = ""
        self.sessions = Sessions()
        self.experiments = Experiments()
        self.runs = Runs()
        self.refusals = Refusals()
        self.frontier = Frontier()
        self.failures = Failures()
        self.ideas = Ideas()
        self.knobs = Knobs()
        self.changes = Changes()
        self.spend = Spending()
        self.directions = Directions()
        self._takes = {kind: self._takers(kind) for kind in CATALOGUE.values()}
        self._applies = {kind: tuple(take for _, take in takers) for kind, takers in self._takes.items()}

    def apply(self, recorded: Recorded) -> None:
        """Take in the next event."""
        self.position, self.recorded_at = recorded.position, recorded.recorded_at
        event = recorded.event
        for take in self._applies[type(event)]:
            take(event, recorded)

    def touch(self, recorded: Recorded) -> list[tuple[str, object]]:
        """Take in the next event; return (projection, row) for every row that it created or changed."""
        self.position, self.recorded_at = recorded.position, recorded.recorded_at
        event = recorded.event
        touched: list[tuple[str, object]] = []
        for name, take in self._takes[type(event)]:
            rows = take(event, recorded)
            if isinstance(rows, list):
                touched += [(name, row) for row in rows]
            elif rows is not None:
                touched.append((name, rows))
        return touched

    def folds(self) -> dict[str, Fold]:
        """Every projection by the name of its table."""
        return {name: fold for name, fold in vars(self).items() if isinstance(fold, Fold)}

    def open_session(self) -> Session | None:
        """The session to go on with: the latest, unless it has ended; else the last one that has not."""
        rows = (self.latest_session(), *reversed(self.sessions.rows.values()))
        return next((row for row in rows if row is not None and row.state != "ended"), None)

    def latest_session(self) -> Session | None:
        """The session that the loop worked on last, ended or not."""
        return self.sessions.rows.get(self.sessions.worked)

    def _takers(self, kind: type[Event]) -> tuple[tuple[str, Take], ...]:
        folds = ((name, fold) for name, fold in self.folds().items() if self._only is None or name in self._only)
        return tuple((name, fold.takes[kind]) for name, fold in folds if kind in fold.takes)


def fold(events: Iterable[Recorded], *, state: State | None = None) -> State:
    """Fold events onto a state (a new one by default) and return it."""
    state = state or State()
    with without_collection():
        for recorded in events:
            state.apply(recorded)
    return state


@contextmanager
def without_collection() -> Iterator[None]:
    """Fold without the garbage collector: a growing state has no cycles, and being scanned doubles the time it takes."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()  # these two hand what was made to the oldest generation without a scan
            gc.unfreeze()
            gc.enable()
