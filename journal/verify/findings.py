"""What a verification gathers in one pass over all events (`Audit`), and what it found (`Report`). Pure."""

from collections import Counter
from dataclasses import dataclass, field

from journal.events import ChangeReverted, Event, ExperimentKept, IdeaProposed, IncumbentMoved, SessionStarted
from journal.events.recorded import Recorded
from journal.projections.state import State
from journal.projections.tables import TABLES
from journal.store.chain import GENESIS
from journal.store.projection_tables import WRITTEN_ONCE

ALIKE = 3  # findings of one kind that are worth listing
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


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written; `position` is where, if it is an event."""

    what: str
    position: int | None = None


@dataclass
class Report:
    """`findings` are wrong, in order of discovery; `notes` could not be checked, and say why."""

    head: tuple[int, str] = (0, GENESIS)
    kept: int = 0
    anchors: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alike: Counter[str] = field(default_factory=Counter)  # how often each thing was found

    @property
    def first_bad(self) -> int | None:
        """The lowest position that is wrong."""
        return min((finding.position for finding in self.findings if finding.position is not None), default=None)

    def wrong(self, what: str, position: int | None = None) -> None:
        """Add a finding, unless enough of its kind are listed."""
        self.alike[what] += 1
        if self.alike[what] <= ALIKE:
            self.findings.append(Finding(what, position))

    def close(self) -> None:
        """Say how many more there are of what was found more often than is listed."""
        self.notes += [f"{count - ALIKE} more like this: {what}" for what, count in self.alike.items() if count > ALIKE]
