"""Everything that a screen, a command, a memory or a proposal shows is a fold of the journal; `State` is that fold.

fold(a + b) = fold(b, fold(a)) for any split of the log.
"""

from collections.abc import Iterable

from journal.projections.experiments import Experiments, Runs
from journal.projections.frontier import Frontier
from journal.projections.sessions import Session, Sessions
from journal.store import Recorded


class State:
    """What is known at a position of the journal."""

    def __init__(self) -> None:
        self.position = 0
        self.recorded_at = ""
        self.sessions = Sessions()
        self.experiments = Experiments()
        self.runs = Runs()
        self.frontier = Frontier()

    def apply(self, recorded: Recorded) -> None:
        """Take in the next event."""
        self.position, self.recorded_at = recorded.position, recorded.recorded_at
        for projection in (self.sessions, self.experiments, self.runs, self.frontier):
            projection.apply(recorded)

    def open_session(self) -> Session | None:
        """The latest session that has not ended."""
        return next((row for row in reversed(self.sessions.rows.values()) if row.state != "ended"), None)

    def latest_session(self) -> Session | None:
        """The latest session, ended or not."""
        return next(reversed(self.sessions.rows.values()), None)


def fold(events: Iterable[Recorded], *, state: State | None = None) -> State:
    """Fold events onto a state (a new one by default) and return it."""
    state = state or State()
    for recorded in events:
        state.apply(recorded)
    return state
