"""SQL for people and models: any question, no change.

A read-only file handle alone is not read-only (ATTACH and VACUUM INTO pass it), so each statement also meets an
authorizer that allows reading and nothing else, a deadline, caps on rows and bytes, and a limit on memory. What SQLite
does inside one function call cannot be interrupted; functions whose time or size grows faster than their input are
replaced or refused.
"""

import resource
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from journal.errors import JournalMissing, QueryRefused
from journal.store.connection import connect

SECONDS = 5.0
ROWS = 10_000
RESULT_BYTES = 16 * 2**20
VALUE_BYTES = 2**20  # the longest single value, and row, that a statement may build
MEMORY_BYTES = 256 * 2**20  # growth of this process that ends a statement
HEAP_BYTES = 320 * 2**20  # SQLite's own limit for the process: stops a statement that explodes while it is compiled
STATEMENT_BYTES = 20_000
OPCODES = 1_000  # SQLite's steps between two looks at the clock, about 50 µs; a look costs 2

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_REFUSED_FUNCTIONS = frozenset(
    {"load_extension", "printf", "format", "fts3_tokenizer", "fts5", "edit", "writefile", "readfile"}
)

Value = str | int | float | bytes | None


@dataclass(frozen=True, kw_only=True)
class QueryResult:
    """Columns and rows; `truncated` says in words that a cap cut the rest off, or is empty."""

    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]
    truncated: str = ""


def ask(
    path: Path,
    sql: str,
    values: Sequence[Value] = (),
    *,
    seconds: float = SECONDS,
    rows: int = ROWS,
    stopped: Callable[[], bool] = lambda: False,
) -> QueryResult:
    """The answer to one SELECT. Raises QueryRefused for all else, for SQL that is wrong, and past the deadline.

    `stopped` is asked every few steps; when it says yes, the statement ends at once and is refused as interrupted.
    """
    if not path.exists():
        raise JournalMissing(f"There is no journal at {path}: start one with `ar-loop run`, or name it with --journal.")
    db = connect(path, readonly=True)
    try:
        _restrict(db)
        guard = _Guard(seconds, stopped)
        db.set_progress_handler(guard, OPCODES)
        return _answer(db, sql, values, rows=rows, guard=guard)
    finally:
        db.close()


def _answer(db: sqlite3.Connection, sql: str, values: Sequence[Value], *, rows: int, guard: "_Guard") -> QueryResult:
    try:
        cursor = db.execute(sql, values)
        if cursor.description is None:
            raise QueryRefused("That is no question: write one SELECT statement.")
        columns = tuple(column[0] for column in cursor.description)
        return _capped(cursor, columns, rows=rows)
    except (sqlite3.Error, sqlite3.Warning, MemoryError, OverflowError, UnicodeError) as error:
        raise QueryRefused(guard.reason or _words(error)) from error


def _capped(cursor: sqlite3.Cursor, columns: tuple[str, ...], *, rows: int) -> QueryResult:
    taken: list[tuple[Value, ...]] = []
    size = 0
    for row in cursor:
        size += sum(map(_size, row))
        if len(taken) == rows:
            return QueryResult(
                columns=columns, rows=taken, truncated=f"only the first {rows} rows are shown: add a LIMIT"
            )
        if size > RESULT_BYTES:
            return QueryResult(
                columns=columns, rows=taken, truncated=f"the rest is over {RESULT_BYTES >> 20} MB: select less"
            )
        taken.append(row)
    return QueryResult(columns=columns, rows=taken)


class _Guard:
    """Called by SQLite every few steps; ends the statement past its deadline or when the process grows too much."""

    def __init__(self, seconds: float, stopped: Callable[[], bool]) -> None:
        self.reason = ""
        self._stopped = stopped
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._memory = _peak() + MEMORY_BYTES

    def __call__(self) -> int:
        if time.monotonic() > self._deadline:
            self.reason = f"The statement ran longer than {self._seconds:g} seconds: ask for less."
        elif self._stopped():
            self.reason = "Interrupted."
        elif _peak() > self._memory:
            self.reason = f"The statement took more than {MEMORY_BYTES >> 20} MB of memory: ask for less."
        return bool(self.reason)


def _restrict(db: sqlite3.Connection) -> None:
    for pragma in ("temp_store = MEMORY", "query_only = ON", "trusted_schema = OFF", f"hard_heap_limit = {HEAP_BYTES}"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%'").fetchall():
        db.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchall()  # noqa: S608 - FTS5 prepares its own SQL at first use
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, VALUE_BYTES)
    db.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES)
    db.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200)
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for name, arguments, function in _REPLACED:
        db.create_function(name, arguments, function, deterministic=True)
    db.set_authorizer(_authorize)


def _authorize(action: int, subject: str | None, name: str | None, *_where: str | None) -> int:
    allowed = (
        action in _READING
        or (action == sqlite3.SQLITE_FUNCTION and (name or "").lower() not in _REFUSED_FUNCTIONS)
        or (action == sqlite3.SQLITE_PRAGMA and subject == "data_version" and name is None)  # FTS5 asks it
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _words(error: Exception) -> str:
    text = str(error)
    if isinstance(error, MemoryError):
        return "The statement needs too much memory: ask for less."
    if "authoriz" in text or "one statement" in text or "prohibited" in text:
        return f"The journal answers one SELECT at a time and runs nothing else ({text})."
    return f"SQLite cannot answer: {text}."


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
        whole, among = _text(text), frozenset(_text(characters))
        start, end = 0, len(whole)
        while left and start < end and whole[start] in among:
            start += 1
        while right and start < end and whole[end - 1] in among:
            end -= 1
        return whole[start:end]

    return strip


def _text(value: Value) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


# SQLite's own take time in proportion to the product of their arguments' lengths: minutes, for two values of a megabyte.
_REPLACED: tuple[tuple[str, int, Callable[..., Value]], ...] = (
    ("instr", 2, _instr),
    ("replace", 3, _replace),
    ("trim", 2, _strip(left=True, right=True)),
    ("ltrim", 2, _strip(left=True, right=False)),
    ("rtrim", 2, _strip(left=False, right=True)),
)
