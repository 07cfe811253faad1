"""SQL: one question, its answer as a table, in sight of how long it took and what was cut. Pure."""

from collections.abc import Sequence

from tui.state.ui import Scene, Sql
from tui.terminal.formatting import clip, count, pad, sanitize, wrap
from tui.terminal.frame import Frame
from tui.widgets.chrome import HEADER
from tui.widgets.plot import Box
from tui.widgets.table import window

WIDEST = 40  # cells of one column
MEASURED = 100  # rows that decide the widths


def paint(frame: Frame, scene: Scene) -> None:
    """The query, its outcome in words, its rows."""
    sql = scene.ui.sql
    frame.rule(HEADER, "SQL")
    frame.put_right(frame.width - 1, HEADER, " read-only, ends after 5 s ", "dim")
    query = sanitize(sql.query) or "Press enter to write a query, o for saved ones."
    lines = wrap(query, frame.width - 2, limit=4)
    for y, line in enumerate(lines, start=HEADER + 1):
        frame.put(1, y, line, "" if sql.query else "dim")
    y = HEADER + 1 + len(lines)
    frame.rule(y, clip(outcome(sql), frame.width - 4))
    if sql.error:
        for row, line in enumerate(wrap(sanitize(sql.error), frame.width - 2, limit=4), start=y + 1):
            frame.put(1, row, line, "bad")
    elif sql.answer is not None:
        _paint_answer(frame, Box(x=0, y=y + 1, width=frame.width, height=frame.height - y - 2), scene)


def outcome(sql: Sql) -> str:
    """How the query went, in words."""
    if sql.running:
        return "running; x interrupts"
    if sql.error:
        return "refused"
    if sql.answer is None:
        return "no answer yet"
    cut = f"; {sql.answer.truncated}" if sql.answer.truncated else ""
    rows = len(sql.answer.rows)
    return f"{count(rows)} row{'' if rows == 1 else 's'} in {sql.seconds * 1_000:,.0f} ms{cut}"


def cell(value: object) -> str:
    """A value of SQL as one line."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return sanitize(f"{value:.6g}" if isinstance(value, float) else str(value)[:200])


def _paint_answer(frame: Frame, box: Box, scene: Scene) -> None:
    sql = scene.ui.sql
    assert sql.answer is not None
    rows, names = sql.answer.rows, sql.answer.columns
    first = min(sql.column, max(0, len(names) - 1))
    cursor = min(scene.ui.result, max(0, len(rows) - 1))
    top = window(cursor, total=len(rows), height=box.height - 1)
    widths, rights = _widths(names, rows[:MEASURED]), _rights(names, rows[:MEASURED])
    x = 1
    for column in range(first, len(names)):
        width = min(widths[column], box.width - x)
        if width <= 0:
            break
        right = rights[column]
        frame.put(x, box.y, pad(sanitize(names[column]), width, right=right), "dim")
        for y, row in enumerate(rows[top : top + box.height - 1], start=box.y + 1):
            frame.put(x, y, pad(cell(row[column]), width, right=right), "dim" if row[column] is None else "")
        x += width + 2
    if rows:
        frame.put(0, box.y + 1 + cursor - top, "▌", "accent")
        frame.mark(box.y + 1 + cursor - top, "cursor")


def _rights(names: tuple[str, ...], rows: Sequence[Sequence[object]]) -> list[bool]:
    """Columns that hold numbers, as far as they hold anything, stand on the right."""
    present = [[row[column] for row in rows if row[column] is not None] for column in range(len(names))]
    return [bool(values) and all(isinstance(value, int | float) for value in values) for values in present]


def _widths(names: tuple[str, ...], rows: Sequence[Sequence[object]]) -> list[int]:
    return [
        min(WIDEST, max([len(sanitize(name)), *(len(cell(row[column])) for row in rows)]))
        for column, name in enumerate(names)
    ]
