"""Is this journal what was written? Chain, versions, guards, projections, and the repository beside it."""

from collections.abc import Iterator, Sequence
from itertools import starmap, zip_longest
from operator import eq

from journal.chain import GENESIS, broken
from journal.codec import decode
from journal.errors import UnknownEvent
from journal.events import ChangeReverted, Event, ExperimentKept, IdeaProposed, IncumbentMoved, SessionStarted
from journal.migrations import EVENTS, GUARDS, KEYS
from journal.projections import State, without_collection
from journal.projections.table import Table, Values, rows_of
from journal.projections.tables import TABLES
from journal.recorded import Recorded
from journal.report import Report
from journal.repository import Repository
from journal.store import Reader
from journal.store.reader import RawRow
from journal.store.tables import WRITTEN_ONCE

# the events that say where a branch stands
STATIONS = frozenset({ExperimentKept, ChangeReverted, IncumbentMoved, SessionStarted})


def verify(reader: Reader, *, repository: Repository | None = None) -> Report:
    """Check everything that can be checked; read-only, beside a running loop."""
    with without_collection(), reader.snapshot():
        return _verify(reader, repository)


def _verify(reader: Reader, repository: Repository | None) -> Report:
    report = Report()
    _check_guards(reader.schema(), report)
    anchors = [*repository.anchors.values(), *repository.verdicts.values()] if repository else []
    replayed = _Replay(anchored={position for position, _ in anchors})
    for page in reader.raw():
        _check_order(page, replayed, report)
        _check_chain(page, replayed, report)
        for step in _decoded(page, report):
            replayed.take(step)
    report.head, report.kept = replayed.head, len(replayed.kept)
    if report.findings:
        report.notes.append("The projections were not compared, because the events themselves are in doubt.")
    elif not reader.projected():
        report.notes.append(
            "The tables of the projections are not built: the next loop builds them, or `ar-journal rebuild`."
        )
    else:
        _compare(reader, replayed, report)
    _check_named(replayed, report)
    _check_repository(repository, replayed, report)
    report.close()
    return report


class _Replay:
    """What the pass over the events gathers for the later checks."""

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


def _check_guards(schema: dict[str, str], report: Report) -> None:
    for name, sql in GUARDS.items():
        if name not in schema:
            report.wrong(f"The trigger {name}, which keeps events unchanged, is missing.")
        elif _normal(schema[name]) != _normal(sql):
            report.wrong(f"The trigger {name} is not the one that this program made.")
    if _normal(schema["events"]) != _normal(EVENTS) or schema.get("events_by_idempotency") != KEYS:
        report.wrong("The table of events is not the one that this program made.")


def _check_order(page: Sequence[RawRow], replay: _Replay, report: Report) -> None:
    """Positions follow without a gap, and so do the versions of each stream."""
    versions, expected = replay.versions, replay.head[0]
    for row in page:
        expected += 1
        if row[0] != expected:
            report.wrong(f"Positions {expected} to {row[0] - 1} are missing.", expected)
            expected = row[0]
        if row[3] != (before := versions.get(row[2], 0)) + 1:
            report.wrong(f"Stream {row[2]} goes from version {before} to {row[3]}.", row[0])
        versions[row[2]] = row[3]


def _check_chain(page: Sequence[RawRow], replay: _Replay, report: Report) -> None:
    for position in broken(replay.head[1], page):
        report.wrong("The event does not match its hash, or does not follow from the one before it.", position)
    if replay.anchored:
        replay.hashes |= {row[0]: row[8] for row in page if row[0] in replay.anchored}
    replay.head = (page[-1][0], page[-1][8])


def _decoded(page: Sequence[RawRow], report: Report) -> Iterator[Recorded]:
    for position, at, stream, version, name, schema, _, payload, digest in page:
        try:
            yield Recorded(position, at, stream, version, decode(name, schema, payload), digest)
        except UnknownEvent as error:
            report.wrong(str(error), position)


def _compare(reader: Reader, replay: _Replay, report: Report) -> None:
    for table in TABLES:
        if table.text:
            if sum(map(hash, reader.table(table.name))) != replay.texts[table.name]:
                report.wrong(f"The full text {table.name} is not what the events give: `ar-journal rebuild`.")
        elif not _alike(reader, table, replay.state):
            _say_where(reader, table, replay.state, report)


def _alike(reader: Reader, table: Table, state: State) -> bool:
    """Whether the rows are those of the fold, in order: a wide table lies in the order of its events, another in its key's."""
    told = _told(table, state)
    if not table.wide:
        told = iter(sorted(told, key=table.order()))
    return all(starmap(eq, zip_longest(reader.table(table.name), told)))


def _say_where(reader: Reader, table: Table, state: State, report: Report) -> None:
    """Name the rows that differ; none may, where only their order does."""
    if differing := set(reader.table(table.name)) ^ set(_told(table, state)):
        key = [column.name for column in table.columns].index(table.key[-1])
        where = ", ".join(sorted({str(row[key]) for row in differing})[:3])
        report.wrong(
            f"The table {table.name} differs from the events at {table.key[-1]} {where}: `ar-journal rebuild`."
        )


def _told(table: Table, state: State) -> Iterator[Values]:
    return map(table.values(), rows_of(getattr(state, table.name).rows))


def _check_named(replay: _Replay, report: Report) -> None:
    """Each verdict that names its proposal's place names the one that is there: a chain made to fit must change these too."""
    for position, event in replay.kept:
        if event.anchor and event.anchor != replay.proposals.get((event.session, event.experiment)):
            report.wrong(
                f"Experiment {event.experiment} of {event.session} was kept for another proposal than the one in the journal.",
                position,
            )


def _check_repository(repository: Repository | None, replay: _Replay, report: Report) -> None:
    if repository is None:
        report.notes.append(
            "No git repository with refs in plain files encloses the journal: kept commits were not checked."
        )
        return
    _check_kept(repository, replay, report)
    _check_unknown(repository, replay, report)
    _check_anchors(repository, replay, report)


def _check_kept(repository: Repository, replay: _Replay, report: Report) -> None:
    sessions = replay.state.sessions.rows
    for position, event in replay.kept:
        if event.session in sessions and not sessions[event.session].branch:
            continue  # imported: its commits are elsewhere
        held = repository.tried.get((event.session, event.experiment))
        if event.experiment > 0 and held is None:
            report.wrong(f"Kept experiment {event.experiment} of {event.session} has no ref in git.", position)
        elif held is not None and held != event.commit:
            report.wrong(
                f"Kept experiment {event.experiment} of {event.session} is another commit in git: {held}.", position
            )


def _check_unknown(repository: Repository, replay: _Replay, report: Report) -> None:
    """What git holds and the journal does not: its tail was cut off, or it is another clone's."""
    end = replay.head[0] + 1
    for session, number in sorted(repository.tried):
        if session in replay.state.sessions.rows and (session, number) not in replay.state.experiments.rows:
            report.wrong(
                f"Git holds experiment {number} of {session}, which the journal does not: its tail is cut off.", end
            )
    for session, tip in repository.tips.items():
        if session not in replay.state.sessions.rows:
            report.notes.append(f"The branch autoresearch/{session} belongs to no session of this journal.")
        elif tip not in replay.stations[session]:
            report.wrong(
                f"The branch of {session} stands at {tip}, which the journal never kept: its tail is cut off.", end
            )


def _check_anchors(repository: Repository, replay: _Replay, report: Report) -> None:
    said = [(place, "is anchored at") for place in repository.anchors.items()]
    said += [(place, "names the verdict at") for place in repository.verdicts.items()]
    for (commit, (position, digest)), words in said:
        report.anchors += 1
        if replay.hashes.get(position) != digest:
            what = "does not reach it" if position > replay.head[0] else "has another there"
            report.wrong(f"Commit {commit[:10]} {words} position {position}, and the journal {what}.", position)
    for position, event in replay.kept:
        anchor = repository.anchors.get(event.commit)
        if anchor and event.anchor and event.anchor != f"{anchor[0]}:{anchor[1]}":
            report.wrong(f"Commit {event.commit[:10]} names another proposal than its verdict does.", position)
    if repository.packed:
        report.notes.append(
            f"{len(repository.packed)} commits or notes are packed and were not read: hand in git's answer with --anchors."
        )


def _normal(sql: str) -> str:
    return " ".join(sql.split())
