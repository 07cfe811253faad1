"""SQL for people and models: any query, and no change.

A read-only file handle is not enough, because ATTACH and VACUUM INTO still write. So each statement also has an authorizer
that allows only reading, a deadline, caps on rows and bytes, and a memory limit. SQLite cannot be interrupted inside a
function call, so functions whose time or size grows faster than their input are replaced or refused.
"""

import resource
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from journal.errors import QueryRefused
from journal.projections.tables import TABLES
from journal.store.connection import connect

SECONDS = 5.0
ROWS = 10_000
RESULT_BYTES = 16 * 2**20
VALUE_BYTES = 2**20  # the longest value or row that a statement may build
MEMORY_BYTES = 256 * 2**20  # a statement ends when this process has grown by this much
HEAP_BYTES = 320 * 2**20  # SQLite's own limit for the process, which also holds while it compiles a statement
STATEMENT_BYTES = 20_000
OPCODES = 1_000  # SQLite's steps between two checks of the limits, about 50 µs; a check takes 2 µs

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_REFUSED_FUNCTIONS = frozenset(
    {"load_extension", "printf", "format", "fts3_tokenizer", "fts5", "edit", "writefile", "readfile"}
)

Value = str | int | float | bytes | None


@dataclass(frozen=True, kw_only=True)
class QueryResult:
    """Columns and rows; `truncated` says why rows are missing, and is empty if none are."""

    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]
    truncated: str = ""


def run_query(
    path: Path,
    sql: str,
    values: Sequence[Value] = (),
    *,
    seconds: float = SECONDS,
    rows: int = ROWS,
    is_stopped: Callable[[], bool] = lambda: False,
    sessions: Collection[str] | None = None,
) -> QueryResult:
    """The result of one SELECT. Raises JournalMissing, and QueryRefused for other statements, wrong SQL and passed limits.

    `is_stopped` is called every few steps; once it returns True, the query ends and is refused as interrupted. With
    `sessions` the tables hold only their rows, except the events, the samples and the tables of full-text search.
    """
    db = connect(path, readonly=True)
    try:
        if sessions is not None:
            _narrow(db, sessions)
        guard = _Guard(seconds, is_stopped)
        db.set_progress_handler(guard, OPCODES)
        _restrict(db)
        return _execute(db, sql, values, rows=rows, guard=guard)
    finally:
        db.close()


def _narrow(db: sqlite3.Connection, sessions: Collection[str]) -> None:
    """Put a view of the rows of some sessions before each table of a projection."""
    db.execute("PRAGMA temp_store = MEMORY").fetchall()
    tags = ", ".join("'{}'".format(tag.replace("'", "''")) for tag in sessions)  # a view takes no parameters
    present = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()}
    for table in TABLES:
        if table.name in present and not table.text:
            db.execute(f"CREATE TEMP VIEW {table.name} AS SELECT * FROM main.{table.name} WHERE session IN ({tags})")  # noqa: S608


def _execute(db: sqlite3.Connection, sql: str, values: Sequence[Value], *, rows: int, guard: "_Guard") -> QueryResult:
    try:
        cursor = db.execute(sql, values)
        if cursor.description is None:
            raise QueryRefused("This statement returns no rows: write one SELECT statement.")
        columns = tuple(column[0] for column in cursor.description)
        return _capped(cursor, columns, rows=rows)
    except (sqlite3.Error, sqlite3.Warning, MemoryError, OverflowError, UnicodeError) as error:
        raise QueryRefused(guard.reason or _message(error)) from error


def _capped(cursor: sqlite3.Cursor, columns: tuple[str, ...], *, rows: int) -> QueryResult:
    answer: list[tuple[Value, ...]] = []
    size = 0
    for row in cursor:
        size += sum(map(_size, row))
        if len(answer) == rows:
            reason = f"only the first {rows} rows are shown: add a LIMIT"
            return QueryResult(columns=columns, rows=answer, truncated=reason)
        if size > RESULT_BYTES:
            reason = f"the rest is over {RESULT_BYTES >> 20} MB: select less"
            return QueryResult(columns=columns, rows=answer, truncated=reason)
        answer.append(row)
    return QueryResult(columns=columns, rows=answer)


class _Guard:
    """SQLite calls it every few steps; it ends a statement that passes its deadline or takes too much memory."""

    def __init__(self, seconds: float, is_stopped: Callable[[], bool]) -> None:
        self.reason = ""
        self._is_stopped = is_stopped
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._memory = _peak() + MEMORY_BYTES

    def __call__(self) -> int:
        if time.monotonic() > self._deadline:
            self.reason = f"The statement ran longer than {self._seconds:g} seconds: select less."
        elif self._is_stopped():
            self.reason = "Interrupted."
        elif _peak() > self._memory:
            self.reason = f"The statement took more than {MEMORY_BYTES >> 20} MB of memory: select less."
        return bool(self.reason)


def _restrict(db: sqlite3.Connection) -> None:
    for pragma in ("temp_store = MEMORY", "query_only = ON", f"hard_heap_limit = {HEAP_BYTES}"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    for name in _virtual_tables(db):
        with suppress(sqlite3.Error):  # of a module that this program does not have
            db.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchall()  # noqa: S608 - FTS5 prepares its own SQL at first use, which the authorizer would refuse
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, VALUE_BYTES)
    db.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES)
    db.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200)
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for name, arguments, function in _REPLACED:
        db.create_function(name, arguments, function, deterministic=True)
    db.set_authorizer(_authorize)


def _virtual_tables(db: sqlite3.Connection) -> list[str]:
    """The names of the virtual tables, quoted."""
    try:
        rows = db.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%'").fetchall()
    except sqlite3.Error:  # the schema is damaged, which the statement itself will report
        return []
    return ['"{}"'.format(str(name).replace('"', '""')) for (name,) in rows]


def _authorize(action: int, subject: str | None, name: str | None, *_where: str | None) -> int:
    allowed = (
        action in _READING
        or (action == sqlite3.SQLITE_FUNCTION and (name or "").lower() not in _REFUSED_FUNCTIONS)
        or (action == sqlite3.SQLITE_PRAGMA and subject == "data_version" and name is None)  # FTS5 reads it
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _message(error: Exception) -> str:
    text = str(error)
    if isinstance(error, MemoryError):
        return "The statement needs too much memory: select less."
    if "authoriz" in text or "one statement" in text or "prohibited" in text:
        return f"The journal runs one SELECT at a time and nothing else ({text})."
    return f"SQLite cannot run this: {text}."


def _size(value: Value) -> int:
    return len(value) if isinstance(value, str | bytes) else 8


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _instr(text: Value, part: Value) -> int | None:
    if text is None or part is None:
        return None
    if isinstance(text, bytes) and isinstance(part, bytes):
        return text.find(part) + 1
    return _text(text).find(_text(part)) + 1


def _replace(text: Value, old: Value, new: Value) -> str | None:
    if text is None or old is None or new is None:
        return None
    whole, part, other = _text(text), _text(old), _text(new)
    if not part:
        return whole
    if len(whole) + whole.count(part) * max(0, len(other) - len(part)) > VALUE_BYTES:
        raise ValueError("string or blob too big")
    return whole.replace(part, other)


def _strip(*, left: bool, right: bool) -> Callable[[Value, Value], str | None]:
    def strip(text: Value, characters: Value) -> str | None:
        if text is None or characters is None:
            return None
        whole, unwanted = _text(text), frozenset(_text(characters))
        start, end = 0, len(whole)
        while left and start < end and whole[start] in unwanted:
            start += 1
        while right and start < end and whole[end - 1] in unwanted:
            end -= 1
        return whole[start:end]

    return strip


def _text(value: Value) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


# SQLite's own versions take time in proportion to the product of their arguments' lengths: minutes for two megabytes.
_REPLACED: tuple[tuple[str, int, Callable[..., Value]], ...] = (
    ("instr", 2, _instr),
    ("replace", 3, _replace),
    ("trim", 2, _strip(left=True, right=True)),
    ("ltrim", 2, _strip(left=True, right=False)),
    ("rtrim", 2, _strip(left=False, right=True)),
)
