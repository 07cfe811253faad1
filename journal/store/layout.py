"""The layout of a journal: every table, index, view and trigger, as stored and as this program makes them.

SQLite itself makes the expected layout, in memory and by the same statements, so that its own tables (full text, automatic
indexes) are included.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple

from journal.projections.tables import TABLES
from journal.store.schema import GUARDS, LATEST, STEPS

READ = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
MIGRATIONS = "_sqlite_migrations"  # the steps that sqlite-utils has applied
PROJECTIONS = frozenset(table.name for table in TABLES)
FULL_TEXT = tuple(f"{table.name}_" for table in TABLES if table.text)  # prefixes of the tables that FTS5 keeps


class SchemaObject(NamedTuple):
    """A table, index, view or trigger; `table` is the one that it belongs to, `sql` None for an automatic index."""

    kind: str
    name: str
    table: str
    sql: str | None

    def noun(self) -> str:
        """Kind and name."""
        return "table of events" if (self.kind, self.name) == ("table", "events") else f"{self.kind} {self.name}"

    def describe(self) -> str:
        """The object in words, such as: trigger echo, which acts on the table of events."""
        if self.kind in ("table", "view"):
            return self.noun()
        table = "the table of events" if self.table == "events" else f"the table {self.table}"
        return f"{self.noun()}, which {'acts' if self.kind == 'trigger' else 'is'} on {table}"


def stored_objects(db: sqlite3.Connection) -> list[SchemaObject]:
    """Every object of the file."""
    return [SchemaObject(*row) for row in db.execute(READ).fetchall()]


@cache
def expected_objects(version: int = LATEST, *, with_projections: bool = True) -> dict[tuple[str, str], SchemaObject]:
    """(kind, name) -> object, of a journal with so many migration steps."""
    statements = [statement for step in islice(STEPS.values(), version) for statement in step]
    if with_projections:
        statements += [statement for table in TABLES for statement in table.create()]
    db = sqlite3.connect(":memory:")
    for statement in statements:
        db.execute(statement)
    found = {(entry.kind, entry.name): entry for entry in stored_objects(db)}
    db.close()
    return found


def refusal(stored: Iterable[SchemaObject], *, version: int, any_layout: bool) -> str:
    """Why a file is not read at all, as a clause; empty if it may be.

    A view or a virtual table may have rows without end. With `any_layout` other tables than this program's are read.
    """
    tables = {entry.name.lower(): entry for entry in stored if entry.kind in ("table", "view")}
    made = expected_objects(version, with_projections=False).values()
    expected = {entry.name: entry for entry in made if entry.kind == "table"}
    if "events" not in tables:
        return "it has no table of events"
    for name in sorted(tables.keys() & {*expected, "events"}):
        kind, sql = tables[name].kind, _normal(tables[name].sql)
        if kind == "view" or sql.upper().startswith("CREATE VIRTUAL"):
            return f"its {name} are a {'view' if kind == 'view' else 'virtual table'}, not a table"
        if not any_layout and name in expected and sql != _normal(expected[name].sql):
            return f"its table {name} is another than this program makes; `ar-journal verify` tells more"
    return ""


def faults(stored: Iterable[SchemaObject], *, version: int, has_projections: bool) -> Iterator[str]:
    """A sentence for each object that is missing, changed or added.

    Tables of projections that another program built may have another shape, because the next loop builds them again.
    """
    expected, found = expected_objects(version), {(entry.kind, entry.name): entry for entry in stored}
    for key, made in expected.items():
        is_rebuilt = _is_projection(made) and not has_projections
        if key not in found and not is_rebuilt:
            yield _missing(made)
        elif key in found and _normal(found[key].sql) != _normal(made.sql) and not is_rebuilt and not _is_foreign(made):
            yield f"The {made.noun()} is not the one that this program made."
    for key in found.keys() - expected.keys():
        if not _may_differ(found[key], has_projections=has_projections):
            yield f"This program did not make the {found[key].describe()}."


def is_sound(stored: Iterable[SchemaObject], *, version: int) -> bool:
    """Whether the table of events is the one that this program makes."""
    made = expected_objects(version)["table", "events"]
    return any(
        (entry.kind, entry.name, _normal(entry.sql)) == ("table", "events", _normal(made.sql)) for entry in stored
    )


def _missing(made: SchemaObject) -> str:
    if made.name in GUARDS:
        return f"The trigger {made.name}, which protects events from changes, is missing."
    repair = ": run `ar-journal rebuild`" if _is_projection(made) else ""
    return f"The {made.noun()} is missing{repair}."


def _may_differ(entry: SchemaObject, *, has_projections: bool) -> bool:
    """Whether an object that this program does not make may be there: of an older projection, or of sqlite-utils."""
    is_passive = entry.kind in ("table", "index")
    return is_passive and (_is_foreign(entry) or (_is_projection(entry) and not has_projections))


def _is_foreign(entry: SchemaObject) -> bool:
    """Whether sqlite-utils makes the object, in the shape of its own version."""
    return entry.table == MIGRATIONS


def _is_projection(entry: SchemaObject) -> bool:
    return entry.table in PROJECTIONS or entry.table.startswith(FULL_TEXT)


def _normal(sql: str | None) -> str:
    return " ".join((sql or "").split())
