"""A table of experiments that paints only the rows in sight: opening and jumping cost the same at 10 rows and 100,000. Pure."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from tui.model.view import Row, View
from tui.terminal.formatting import ABSENT, STATUS_ROLE, STATUS_SIGN, duration, number, pad, sanitize, sigmas, signed
from tui.terminal.frame import Frame
from tui.widgets.plot import Box

Cell = tuple[str, str]


class ListColumn(Struct, frozen=True, kw_only=True):
    """One column: `width` in cells (0: what is left), shown from `least` columns of screen."""

    key: str
    title: str
    width: int
    cell: Callable[[Row], Cell]
    right: bool = False
    least: int = 0


def _status(row: Row) -> Cell:
    return f"{STATUS_SIGN[row.status]} {row.word}", STATUS_ROLE[row.status]


def _gain(row: Row) -> Cell:
    return sigmas(row.gain), "" if row.gain is None or abs(row.gain) >= 2 else "dim"


def _when(row: Row) -> Cell:
    if row.decided_time is None:
        return ABSENT, "dim"
    return datetime.fromtimestamp(row.decided_time, tz=UTC).strftime("%H:%M:%S"), "dim"


COLUMNS = (
    ListColumn(key="session", title="session", width=10, cell=lambda row: (sanitize(row.session), "dim"), least=72),
    ListColumn(key="number", title="#", width=6, right=True, cell=lambda row: (str(row.number), "")),
    ListColumn(key="status", title="status", width=9, cell=_status),
    ListColumn(key="metric", title="metric", width=8, right=True, cell=lambda row: (number(row.metric), "")),
    ListColumn(key="delta", title="Δ", width=8, right=True, cell=lambda row: (signed(row.delta), "")),
    ListColumn(key="gain", title="gain", width=7, right=True, cell=_gain),
    ListColumn(key="idea", title="idea", width=0, cell=lambda row: (sanitize(row.idea), "")),
    ListColumn(key="knob", title="change", width=28, cell=lambda row: (sanitize(row.knobs), "dim"), least=140),
    ListColumn(key="kind", title="kind", width=12, cell=lambda row: (sanitize(row.kind), "dim"), least=120),
    ListColumn(key="proposer", title="by", width=9, cell=lambda row: (sanitize(row.proposer), "dim"), least=140),
    ListColumn(
        key="seconds", title="trained", width=8, right=True, cell=lambda row: (duration(row.seconds), "dim"), least=100
    ),
    ListColumn(key="when", title="UTC", width=8, cell=_when, least=100),
)


def columns_for(width: int, *, several: bool) -> tuple[ListColumn, ...]:
    """The columns that this many cells have room for; the session's name only where there are several."""
    return tuple(one for one in COLUMNS if width >= one.least and (one.key != "session" or several))


def paint_table(
    frame: Frame,
    box: Box,
    *,
    view: View,
    rows: Sequence[int],
    top: int,
    cursor: int | None = None,
    marked: frozenset[int] = frozenset(),
    sort: Sequence[tuple[str, bool]] = (),
    several: bool,
) -> None:
    """Heading and rows from `top` on; `rows` are the ledger's, of `several` sessions or of one."""
    columns = columns_for(box.width, several=several)
    widths = _widths(columns, box.width - 1)
    x = box.x + 1
    for column, width in zip(columns, widths, strict=True):
        title = column.title + "".join("↓" if down else "↑" for key, down in sort if key == column.key)
        frame.put(x, box.y, pad(title, width, right=column.right), "dim")
        x += width + 1
    for line, index in enumerate(rows[top : top + box.height - 1]):
        y = box.y + 1 + line
        if index in marked:
            frame.put(box.x, y, "■", "accent")
        _paint_row(frame, y, x=box.x + 1, cells=_cells(columns, view.row(index)), columns=columns, widths=widths)
        if cursor is not None and top + line == cursor:
            frame.put(box.x, y, "■" if index in marked else "▌", "accent")
            frame.mark(y, "cursor", x=box.x, width=box.width)


def _widths(columns: Sequence[ListColumn], width: int) -> list[int]:
    fixed = sum(column.width for column in columns) + len(columns) - 1
    return [column.width or max(8, width - fixed) for column in columns]


def _cells(columns: Sequence[ListColumn], row: Row) -> list[Cell]:
    return [column.cell(row) for column in columns]


def _paint_row(
    frame: Frame, y: int, *, x: int, cells: Sequence[Cell], columns: Sequence[ListColumn], widths: Sequence[int]
) -> None:
    for (text, role), column, width in zip(cells, columns, widths, strict=True):
        frame.put(x, y, pad(text, width, right=column.right), role)
        x += width + 1


def window(cursor: int, *, total: int, height: int) -> int:
    """The first line to show, so that the cursor stands about in the middle and no line is wasted."""
    return max(0, min(cursor - height // 2, total - height))
