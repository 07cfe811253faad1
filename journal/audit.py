"""One pass over all events, for a verification: the fold, the hashes that git knows, the verdicts. Pure."""

from journal.chain import GENESIS
from journal.events import ChangeReverted, Event, ExperimentKept, IdeaProposed, IncumbentMoved, SessionStarted
from journal.projections import State
from journal.projections.tables import TABLES
from journal.recorded import Recorded
from journal.store.tables import WRITTEN_ONCE

# the events that say where a branch stands
STATIONS = frozenset({ExperimentKept, ChangeReverted, IncumbentMoved, SessionStarted})


class Audit:
    """What one pass over the events gathers for the later checks: the fold, and what other witnesses speak of."""

    def __init__(self, *, anchored: set[int]) -> None:
        self.head = (0, GENESIS)
        self.state = State(only={table.name for table in TABLES})
        self.versions: dict[str, int] = {}  # of each stream
        self.kept: list[tuple[int, ExperimentKept]] = []
        self.proposals: dict[tuple[str, int], str] = {}  # experiment -> position:hash of its last proposal
        self.stations: dict[str, set[str]] = {}  # session -> where the journal says that its branch has stood
        self.anchored = anchored
        self.hashes: dict[int, str] = {}  # of the anchored positions
        self.texts: dict[str, int] = dict.fromkeys((table.name for table in TABLES if table.text), 0)
        self._values = {table.name: table.values() for table in TABLES if table.text}

    def take(self, step: Recorded) -> None:
        kind = type(step.event)
        if kind in WRITTEN_ONCE:
            for name, row in self.state.touch(step):
                if name in self.texts:
                    self.texts[name] += hash(self._values[name](row))
            if isinstance(step.event, IdeaProposed):
                self.proposals[step.event.session, step.event.experiment] = f"{step.position}:{step.hash}"
        else:
            self.state.apply(step)
        if kind in STATIONS:
            self._note_station(step.position, step.event)

    def _note_station(self, position: int, event: Event) -> None:
        stations = self.stations.setdefault(event.session, set())
        if isinstance(event, ExperimentKept):
            self.kept.append((position, event))
            stations.add(event.commit)
        elif isinstance(event, ChangeReverted | IncumbentMoved):
            stations.add(event.branch_at)
        elif isinstance(event, SessionStarted):
            stations |= {event.base, event.start}
