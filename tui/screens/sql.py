"""The SQL screen: a query, its result as a table, the time it took, and what was cut. Pure."""

from collections.abc import Sequence

from journal.query.sql import QueryResult
from tui.screens import sql_schema
from tui.state.ui import Scene, SqlUi
from tui.terminal.formatting import count, pad, sanitize, sanitize_lines, wrap
from tui.terminal.frame import Frame
from tui.widgets.panel import has_borders, panel
from tui.widgets.plot import Box
from tui.widgets.table import first_line

MAX_WIDTH = 40  # cells of one column
MEASURED_ROWS = 100  # that decide the widths
QUERY_LINES = 4
WITH_SCHEMA, SCHEMA = 110, 44  # columns from which the tables stand beside the query, and their columns


def paint(frame: Frame, scene: Scene) -> None:
    """The query, its outcome, its rows; the tables beside them, or below a query without a result in a narrow window."""
    sql, width = scene.ui.sql, frame.width
    if frame.width >= WITH_SCHEMA:
        width -= SCHEMA
        sql_schema.paint(frame, Box(x=width, y=0, width=SCHEMA, height=frame.height), scene)
    query = sanitize(sql.query) or "Press enter to write a query, o to choose a saved one."
    lines = wrap(query, width - 4, limit=QUERY_LINES)
    top = len(lines) + (2 if has_borders(frame) else 1)
    inner = panel(frame, Box(x=0, y=0, width=width, height=top), "SQL", right="read-only, at most 5 s")
    for y, line in enumerate(lines, start=inner.y):
        frame.put(inner.x, y, line, "" if sql.query else "dim")
    box = Box(x=0, y=top, width=width, height=frame.height - top)
    if sql.result is None and not sql.error and width == frame.width:
        sql_schema.paint(frame, box, scene)
    else:
        _paint_outcome(frame, box, scene)


def _paint_outcome(frame: Frame, box: Box, scene: Scene) -> None:
    sql = scene.ui.sql
    inner = panel(frame, box, outcome(sql))
    if sql.error:
        for y, line in enumerate(wrap(sanitize(sql.error), inner.width, limit=QUERY_LINES), start=inner.y):
            frame.put(inner.x, y, line, "bad")
    elif sql.result is not None and sql.is_row_open:
        _paint_row(frame, inner, scene, sql.result)
    elif sql.result is not None:
        _paint_result(frame, inner, sql.result, first=sql.column, cursor=scene.ui.result_row)


def _paint_row(frame: Frame, box: Box, scene: Scene, result: QueryResult) -> None:
    """The values of one row in full, each below the name of its column."""
    if not result.rows:
        return
    row = result.rows[min(scene.ui.result_row, len(result.rows) - 1)]
    lines: list[tuple[str, str]] = []
    for name, value in zip(result.columns, row, strict=True):
        lines.append((sanitize(name), "heading"))
        text = value if isinstance(value, str) else cell(value)
        lines += ((part, "") for line in sanitize_lines(text) for part in wrap(line, box.width - 2))
    top = min(scene.ui.scroll, max(0, len(lines) - box.height))
    for y, (line, role) in enumerate(lines[top : top + box.height], start=box.y):
        frame.put(box.x + (0 if role else 2), y, line, role)


def outcome(sql: SqlUi) -> str:
    """The outcome of the query in words."""
    if sql.is_running:
        return "running; x stops it"
    if sql.error:
        return "refused"
    if sql.result is None:
        return "no result yet"
    cut = f"; {sql.result.truncated}" if sql.result.truncated else ""
    rows = len(sql.result.rows)
    return f"{count(rows)} row{'' if rows == 1 else 's'} in {sql.seconds * 1_000:,.0f} ms{cut}"


def cell(value: object) -> str:
    """A value of SQL as one line."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return sanitize(f"{value:.6g}" if isinstance(value, float) else str(value)[:200])


def _paint_result(frame: Frame, box: Box, result: QueryResult, *, first: int, cursor: int) -> None:
    rows, names = result.rows, result.columns
    first, cursor = min(first, max(0, len(names) - 1)), min(cursor, max(0, len(rows) - 1))
    top = first_line(cursor, total=len(rows), height=box.height - 1)
    x, stop = box.x, box.x + box.width
    for column in range(first, len(names)):
        name, values = sanitize(names[column]), [row[column] for row in rows[:MEASURED_ROWS]]
        width = min(MAX_WIDTH, stop - x, max([len(name), *(len(cell(value)) for value in values)]))
        if width <= 0:
            break
        is_number = _are_numbers(values)
        frame.put(x, box.y, pad(name, width, align_right=is_number), "heading")
        for y, row in enumerate(rows[top : top + box.height - 1], start=box.y + 1):
            frame.add_target(x, y, width + 2, ("result", y - box.y - 1 + top))
            frame.put(x, y, pad(cell(row[column]), width, align_right=is_number), "dim" if row[column] is None else "")
        x += width + 2
    if rows:
        y = box.y + 1 + cursor - top
        frame.put(box.x - 1, y, "▌", "accent")
        frame.add_role(y, "cursor", x=box.x - 1, width=box.width + 1)


def _are_numbers(values: Sequence[object]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(isinstance(value, int | float) for value in present)
