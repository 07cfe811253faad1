"""What a verification collects in one pass over all events (`Audit`), and what it finds (`Report`). Pure."""

from collections import Counter
from dataclasses import dataclass, field

from journal.events import ChangeReverted, Event, ExperimentKept, IdeaProposed, IncumbentMoved, SessionStarted
from journal.events.recorded import Recorded
from journal.projections.state import State
from journal.projections.tables import TABLES
from journal.store.chain import GENESIS
from journal.store.projection_tables import FULL_TEXT_EVENTS

LISTED = 3  # a report lists so many findings of one kind, and counts the others
BRANCH_EVENTS = frozenset({ExperimentKept, ChangeReverted, IncumbentMoved, SessionStarted})


class Audit:
    """What one pass over the events collects for the later checks: the fold, and what git and verdicts refer to."""

    def __init__(self, *, anchored: set[int]) -> None:
        self.head = (0, GENESIS)
        self.name = ""  # of the journal, by which anchors name it
        self.state = State(only={table.name for table in TABLES})
        self.versions: dict[str, int] = {}  # stream -> its version
        self.kept: list[tuple[int, ExperimentKept]] = []
        self.proposals: dict[tuple[str, int], str] = {}  # experiment -> position:hash of its last proposal
        self.tips: dict[str, set[str]] = {}  # session -> every commit that its branch has been at
        self.anchored = anchored
        self.hashes: dict[int, str] = {}  # anchored position -> its hash
        self.texts: dict[str, int] = dict.fromkeys((table.name for table in TABLES if table.text), 0)
        self._values = {table.name: table.values() for table in TABLES if table.text}

    def apply(self, recorded: Recorded) -> None:
        """Collect from the next event."""
        kind = type(recorded.event)
        if kind in FULL_TEXT_EVENTS:
            for name, row in self.state.apply_returning(recorded):
                if name in self.texts:
                    self.texts[name] += hash(self._values[name](row))
            if isinstance(recorded.event, IdeaProposed):
                key = (recorded.event.session, recorded.event.experiment)
                self.proposals[key] = f"{recorded.position}:{recorded.hash}"
        else:
            self.state.apply(recorded)
        if kind in BRANCH_EVENTS:
            self._add_tip(recorded.position, recorded.event)

    def _add_tip(self, position: int, event: Event) -> None:
        tips = self.tips.setdefault(event.session, set())
        if isinstance(event, ExperimentKept):
            self.kept.append((position, event))
            tips.add(event.commit)
        elif isinstance(event, ChangeReverted | IncumbentMoved):
            tips.add(event.branch_at)
        elif isinstance(event, SessionStarted):
            tips |= {event.base, event.start}


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written; `position` is that of the event, if it is one."""

    what: str
    position: int | None = None


@dataclass
class Report:
    """`findings` are faults, in order of discovery; `notes` say what could not be checked, and why."""

    head: tuple[int, str] = (0, GENESIS)
    kept: int = 0
    anchors: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)  # finding -> how often it was found

    @property
    def first_bad(self) -> int | None:
        """The lowest position with a fault."""
        return min((finding.position for finding in self.findings if finding.position is not None), default=None)

    def add(self, what: str, position: int | None = None) -> None:
        """Add a finding, unless enough of its kind are listed."""
        self.counts[what] += 1
        if self.counts[what] <= LISTED:
            self.findings.append(Finding(what, position))

    def note_omitted(self) -> None:
        """Add a note for each kind of finding that is not listed in full."""
        self.notes += [
            f"{count - LISTED} more like this: {what}" for what, count in self.counts.items() if count > LISTED
        ]
