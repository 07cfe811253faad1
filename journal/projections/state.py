"""`State`: all projections together, folded from the journal, as screens, commands and proposers read them. Pure."""

import gc
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from journal.events import CATALOGUE, Event
from journal.events.recorded import Recorded
from journal.projections.directions import Directions
from journal.projections.dispatch import Fold, Handler
from journal.projections.experiments import Experiments
from journal.projections.failures import Failures, Ideas
from journal.projections.frontier import Frontier
from journal.projections.knobs import Knobs
from journal.projections.refusals import Refusals
from journal.projections.runs import Runs
from journal.projections.sessions import Session, Sessions
from journal.projections.spend import Spending
from journal.projections.studies import Studies
from journal.projections.trials import Changes


class State:
    """All projections at a position of the journal. With `only`, the other projections stay empty."""

    def __init__(self, *, only: Collection[str] | None = None) -> None:
        self._only = only
        self.position = 0
        self.recorded_at = ""
        self.sessions = Sessions()
        self.studies = Studies()
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
        self._named_handlers = {kind: self._handlers_of(kind) for kind in CATALOGUE.values()}
        self._handlers = {kind: tuple(handler for _, handler in named) for kind, named in self._named_handlers.items()}

    def apply(self, recorded: Recorded) -> None:
        """Apply the next event."""
        self.position, self.recorded_at = recorded.position, recorded.recorded_at
        event = recorded.event
        for handler in self._handlers[type(event)]:
            handler(event, recorded)

    def apply_returning(self, recorded: Recorded) -> list[tuple[str, object]]:
        """Apply the next event; return (projection, row) for every row that it created or changed."""
        self.position, self.recorded_at = recorded.position, recorded.recorded_at
        event = recorded.event
        changed: list[tuple[str, object]] = []
        for name, handler in self._named_handlers[type(event)]:
            rows = handler(event, recorded)
            if isinstance(rows, list):
                changed += [(name, row) for row in rows]
            elif rows is not None:
                changed.append((name, rows))
        return changed

    def folds(self) -> dict[str, Fold]:
        """The projections by the names of their tables."""
        return {name: fold for name, fold in vars(self).items() if isinstance(fold, Fold)}

    def open_session(self) -> Session | None:
        """The session to continue: the latest, or if that has ended the newest that has not; None if all have."""
        rows = (self.latest_session(), *reversed(self.sessions.rows.values()))
        return next((row for row in rows if row is not None and row.state != "ended"), None)

    def latest_session(self) -> Session | None:
        """The session that the loop worked on last, ended or not."""
        return self.sessions.rows.get(self.sessions.last_tag)

    def _handlers_of(self, kind: type[Event]) -> tuple[tuple[str, Handler], ...]:
        folds = ((name, fold) for name, fold in self.folds().items() if self._only is None or name in self._only)
        return tuple((name, fold.handlers[kind]) for name, fold in folds if kind in fold.handlers)


def fold(events: Iterable[Recorded], *, state: State | None = None) -> State:
    """Fold events onto a state (a new one by default) and return it."""
    state = state or State()
    with without_collection():
        for recorded in events:
            state.apply(recorded)
    return state


@contextmanager
def without_collection() -> Iterator[None]:
    """Suspend the garbage collector: a growing state has no cycles, and scanning it doubles the time of a fold."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()  # these two move all objects to the oldest generation without a scan
            gc.unfreeze()
            gc.enable()
