"""Is this journal what was written? Chain, versions, guards, projections, and the repository beside it."""

import re
from collections.abc import Iterator, Sequence
from itertools import starmap, zip_longest
from operator import eq

from journal.errors import UnknownEvent
from journal.events.recorded import Recorded
from journal.projections.state import State, without_collection
from journal.projections.table import Table, Values, rows_of
from journal.projections.tables import TABLES
from journal.store import Reader
from journal.store.chain import broken
from journal.store.codec import decode
from journal.store.reader import RawRow
from journal.store.schema import EVENTS, GUARDS, KEYS
from journal.verify.cross_check import check_named, check_repository
from journal.verify.findings import Audit, Report
from journal.verify.git_files import Repository

_ON_EVENTS = re.compile(r"CREATE TRIGGER (?:(?!\bON\b).)*\bON\s+[\"'`\[]?events\b", re.IGNORECASE | re.DOTALL)


def verify(reader: Reader, *, repository: Repository | None = None) -> Report:
    """Check everything that can be checked; read-only, beside a running loop."""
    with without_collection(), reader.snapshot():
        return _verify(reader, repository)


def _verify(reader: Reader, repository: Repository | None) -> Report:
    report = Report()
    if damage := reader.damage():
        report.wrong(
            f"The file itself is damaged ({damage}): `ar-journal rebuild` mends the tables of the projections, "
            "for events restore a backup, or import an export."
        )
    _check_guards(reader.schema(), report)
    anchors = [*repository.anchors.values(), *repository.verdicts.values()] if repository else []
    audit = Audit(anchored={position for position, _ in anchors})
    for page in reader.raw():
        _check_order(page, audit, report)
        _check_chain(page, audit, report)
        for step in _decoded(page, report):
            audit.take(step)
    report.head, report.kept = audit.head, len(audit.kept)
    if report.findings:
        report.notes.append("The projections were not compared, because the events themselves are in doubt.")
    elif not reader.projected():
        report.notes.append(
            "The tables of the projections are not built: the next loop builds them, or `ar-journal rebuild`."
        )
    else:
        _compare(reader, audit, report)
    check_named(audit, report)
    check_repository(repository, audit, report)
    report.close()
    return report


def _check_guards(schema: dict[str, str], report: Report) -> None:
    for name, sql in GUARDS.items():
        if name not in schema:
            report.wrong(f"The trigger {name}, which keeps events unchanged, is missing.")
        elif _normal(schema[name]) != _normal(sql):
            report.wrong(f"The trigger {name} is not the one that this program made.")
    for name in schema.keys() - GUARDS.keys():
        if _ON_EVENTS.match(schema[name]):
            report.wrong(f"The trigger {name}, which acts when events are appended, is not of this program.")
    if _normal(schema["events"]) != _normal(EVENTS) or schema.get("events_by_idempotency") != KEYS:
        report.wrong("The table of events is not the one that this program made.")


def _check_order(page: Sequence[RawRow], audit: Audit, report: Report) -> None:
    """Positions follow without a gap, and so do the versions of each stream."""
    versions, expected = audit.versions, audit.head[0]
    for row in page:
        expected += 1
        if row[0] != expected:
            gap = f"Position {expected} is" if row[0] == expected + 1 else f"Positions {expected} to {row[0] - 1} are"
            report.wrong(f"{gap} missing.", expected)
            expected = row[0]
        if row[3] != (before := versions.get(row[2], 0)) + 1:
            report.wrong(f"Stream {row[2]} goes from version {before} to {row[3]}.", row[0])
        versions[row[2]] = row[3]


def _check_chain(page: Sequence[RawRow], audit: Audit, report: Report) -> None:
    for position in broken(audit.head[1], page):
        report.wrong("The event does not match its hash, or does not follow from the one before it.", position)
    if audit.anchored:
        audit.hashes |= {row[0]: row[8] for row in page if row[0] in audit.anchored}
    audit.head = (page[-1][0], page[-1][8])


def _decoded(page: Sequence[RawRow], report: Report) -> Iterator[Recorded]:
    for position, at, stream, version, name, schema, _, payload, digest in page:
        try:
            yield Recorded(position, at, stream, version, decode(name, schema, payload), digest)
        except UnknownEvent as error:
            report.wrong(str(error), position)


def _compare(reader: Reader, audit: Audit, report: Report) -> None:
    for table in TABLES:
        if table.text:
            if sum(map(hash, reader.table(table.name))) != audit.texts[table.name]:
                report.wrong(f"The full text {table.name} is not what the events give: `ar-journal rebuild`.")
        elif not _alike(reader, table, audit.state):
            _say_where(reader, table, audit.state, report)


def _alike(reader: Reader, table: Table, state: State) -> bool:
    """Whether the rows are those of the fold, in order: a wide table lies in the order of its events, another in its key's."""
    return all(starmap(eq, zip_longest(reader.table(table.name), _told(table, state))))


def _say_where(reader: Reader, table: Table, state: State, report: Report) -> None:
    """Name the rows that differ; none may, where only their order does."""
    if differing := set(reader.table(table.name)) ^ set(_told(table, state)):
        key = [column.name for column in table.columns].index(table.key[-1])
        where = ", ".join(sorted({str(row[key]) for row in differing})[:3])
        report.wrong(
            f"The table {table.name} differs from the events at {table.key[-1]} {where}: `ar-journal rebuild`."
        )


def _told(table: Table, state: State) -> Iterator[Values]:
    rows = getattr(state, table.name).rows
    if isinstance(rows, dict) and not table.wide:
        rows = [rows[key] for key in sorted(rows)]
    return map(table.values(), rows_of(rows))


def _normal(sql: str) -> str:
    return " ".join(sql.split())
