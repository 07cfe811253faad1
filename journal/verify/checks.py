"""Whether a journal is as it was written: chain, versions, guards, projections, and the git repository around it."""

from collections.abc import Iterator, Sequence
from itertools import starmap, zip_longest
from operator import eq

from journal.errors import UnknownEvent
from journal.events.recorded import Recorded
from journal.projections.state import State, without_collection
from journal.projections.table import Table, Values, rows_of
from journal.projections.tables import TABLES
from journal.store import Reader
from journal.store.chain import broken_positions
from journal.store.codec import decode
from journal.store.reader import RawRow, journal_name
from journal.verify.cross_check import check_proposals, check_repository
from journal.verify.findings import Audit, Report
from journal.verify.git_files import Repository


def verify(reader: Reader, *, repository: Repository | None = None) -> Report:
    """Check everything that can be checked; read-only, also while a loop runs."""
    with without_collection(), reader.snapshot():
        return _verify(reader, repository)


def _verify(reader: Reader, repository: Repository | None) -> Report:
    report = Report()
    faults, has_sound_events = reader.layout_faults()
    for fault in faults:
        report.add(fault)
    if not has_sound_events:
        report.notes.append("The events were not read, because their table is not the one that this program made.")
        return report
    _check_file(reader, report)
    anchors = [*repository.anchors.values(), *(note.anchor for note in repository.verdicts)] if repository else []
    audit = Audit(anchored={anchor.position for anchor in anchors})
    for page in reader.raw_pages():
        _check_order(page, audit, report)
        _check_chain(page, audit, report)
        for recorded in _decoded(page, report):
            audit.apply(recorded)
    report.head = audit.head
    report.kept = sum(event.experiment > 0 for _, event in audit.kept)
    if report.findings:
        report.notes.append("The projections were not compared, because of these faults.")
    elif not reader.has_projections():
        report.notes.append(
            "The tables of the projections are not built: `ar-journal rebuild` builds them, or the next loop."
        )
    else:
        _compare(reader, audit, report)
    check_proposals(audit, report)
    check_repository(repository, audit, report)
    report.note_omitted()
    return report


def _check_file(reader: Reader, report: Report) -> None:
    """The pages of the file and its indexes, and the lease."""
    if report.findings:  # SQLite would evaluate expressions of foreign objects
        report.notes.append("The file's pages were not checked, because of these faults.")
    elif damage := reader.damage():
        report.add(
            f"The file itself is damaged ({damage}): `ar-journal rebuild` repairs the tables of the projections; "
            "to repair events, restore a backup or import an export."
        )
    if problem := reader.token_problem():
        message, is_fault = problem
        if is_fault:
            report.add(message)
        else:
            report.notes.append(message)


def _check_order(page: Sequence[RawRow], audit: Audit, report: Report) -> None:
    """Positions have no gaps, and neither have the versions of each stream."""
    versions, expected = audit.versions, audit.head[0]
    for row in page:
        expected += 1
        if row[0] != expected:
            gap = f"Position {expected} is" if row[0] == expected + 1 else f"Positions {expected} to {row[0] - 1} are"
            report.add(f"{gap} missing.", expected)
            expected = row[0]
        if row[3] != (before := versions.get(row[2], 0)) + 1:
            report.add(f"Stream {row[2]} goes from version {before} to {row[3]}.", row[0])
        versions[row[2]] = row[3]


def _check_chain(page: Sequence[RawRow], audit: Audit, report: Report) -> None:
    for position in broken_positions(audit.head[1], page):
        report.add("The event does not match its hash, or does not follow from the one before it.", position)
    audit.name = audit.name or journal_name(page[0][8])
    if audit.anchored:
        audit.hashes |= {row[0]: row[8] for row in page if row[0] in audit.anchored}
    audit.head = (page[-1][0], page[-1][8])


def _decoded(page: Sequence[RawRow], report: Report) -> Iterator[Recorded]:
    for position, at, stream, version, name, schema, _, payload, digest in page:
        try:
            yield Recorded(position, at, stream, version, decode(name, schema, payload), digest)
        except UnknownEvent as error:
            report.add(str(error), position)


def _compare(reader: Reader, audit: Audit, report: Report) -> None:
    for table in TABLES:
        if table.text:
            if sum(map(hash, reader.table(table.name))) != audit.texts[table.name]:
                report.add(f"The full text {table.name} differs from the events: run `ar-journal rebuild`.")
        elif not _are_equal(reader, table, audit.state):
            _report_rows(reader, table, audit.state, report)


def _are_equal(reader: Reader, table: Table, state: State) -> bool:
    """Whether the stored rows are those of the fold, in the same order."""
    return all(starmap(eq, zip_longest(reader.table(table.name), _expected(table, state))))


def _report_rows(reader: Reader, table: Table, state: State, report: Report) -> None:
    """Report the rows that differ; there are none if only the order differs."""
    if differing := set(reader.table(table.name)) ^ set(_expected(table, state)):
        key = [column.name for column in table.columns].index(table.key[-1])
        keys = ", ".join(sorted({str(row[key]) for row in differing})[:3])
        report.add(
            f"The table {table.name} differs from the events at {table.key[-1]} {keys}: run `ar-journal rebuild`."
        )


def _expected(table: Table, state: State) -> Iterator[Values]:
    """The rows of the fold; a wide table is stored in the order of its events, another in the order of its key."""
    rows = getattr(state, table.name).rows
    if isinstance(rows, dict) and not table.wide:
        rows = [rows[key] for key in sorted(rows)]
    return map(table.values(), rows_of(rows))
