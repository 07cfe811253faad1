"""The table of experiments. It paints only the visible rows, so it costs the same with 10 rows and with 100,000. Pure."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from tui.model.view import Row
from tui.state.ui import Scene
from tui.terminal.formatting import ABSENT, STATUS_ROLE, STATUS_SIGN, duration, number, pad, sanitize, sigmas, signed
from tui.terminal.frame import Frame
from tui.widgets.plot import Box

Cell = tuple[str, str]

NOISE_SIGMAS = 2.0  # a smaller gain of an experiment that was not kept is dimmed


class TableColumn(Struct, frozen=True):
    """One column: `width` in cells (0: the rest of the line), shown if the table is at least `min_table` cells wide."""

    key: str
    title: str
    width: int
    cell: Callable[[Row, Scene], Cell]
    align_right: bool = False
    min_table: int = 0


def _status(row: Row, _scene: Scene) -> Cell:
    return f"{STATUS_SIGN[row.status]} {row.label}", STATUS_ROLE[row.status]


def _gain(row: Row, _scene: Scene) -> Cell:
    """The keep rule knows which gains are noise: a kept one is none, however small it is."""
    if row.status == "keep":
        return sigmas(row.gain), STATUS_ROLE["keep"]
    return sigmas(row.gain), "dim" if row.gain is not None and abs(row.gain) < NOISE_SIGMAS else ""


def _when(row: Row, scene: Scene) -> Cell:
    if row.decided_time is None:
        return ABSENT, "dim"
    return scene.local(datetime.fromtimestamp(row.decided_time, tz=UTC)).strftime("%H:%M:%S"), "dim"


def _idea(row: Row, _scene: Scene) -> Cell:
    return sanitize(row.idea), "strong" if row.status == "keep" else ""


COLUMNS = (
    TableColumn("session", "session", 10, lambda row, _: (sanitize(row.session), "dim"), min_table=70),
    TableColumn("number", "#", 6, lambda row, _: (str(row.number), ""), align_right=True),
    TableColumn("status", "status", 9, _status),
    TableColumn("metric", "metric", 8, lambda row, _: (number(row.metric), ""), align_right=True),
    TableColumn("delta", "Δ", 8, lambda row, _: (signed(row.delta), ""), align_right=True),
    TableColumn("gain", "gain", 7, _gain, align_right=True),
    TableColumn("idea", "idea", 0, _idea),
    TableColumn("knob", "change", 28, lambda row, _: (sanitize(row.knobs), "dim"), min_table=136),
    TableColumn("kind", "kind", 12, lambda row, _: (sanitize(row.kind), "dim"), min_table=116),
    TableColumn("by", "by", 9, lambda row, _: (sanitize(row.proposer), "dim"), min_table=136),
    TableColumn("seconds", "trained", 8, lambda row, _: (duration(row.seconds), "dim"), align_right=True, min_table=96),
    TableColumn("when", "time", 8, _when, min_table=96),
)


def paint_table(
    frame: Frame,
    box: Box,
    *,
    scene: Scene,
    rows: Sequence[int],
    top: int,
    cursor: int | None = None,
    sort: Sequence[tuple[str, bool]] = (),
    with_session: bool,
) -> None:
    """Headings, and the ledger's `rows` from `top` on; `with_session` adds the session's name to each.

    The cursor and the marks stand one column left of the box.
    """
    columns = _columns(box.width, with_session=with_session)
    arrows = {key: "↓" if descends else "↑" for key, descends in sort}
    titles = ["UTC" if column.key == "when" and scene.is_utc else column.title for column in columns]
    headings = [
        (title + arrows.get(column.key, ""), "heading", column) for title, column in zip(titles, columns, strict=True)
    ]
    _paint_line(frame, box, 0, headings, are_headings=True)
    view, marked = scene.snapshot.view, scene.ui.marks
    for line, index in enumerate(rows[top : top + box.height - 1], start=1):
        y, row = box.y + line, view.row(index)
        if index in marked:
            frame.put(box.x - 1, y, "■", "accent")
        _paint_line(frame, box, line, [(*column.cell(row, scene), column) for column in columns])
        frame.add_target(box.x - 1, y, box.width + 1, ("row", index))
        if cursor is not None and top + line - 1 == cursor:
            frame.put(box.x - 1, y, "■" if index in marked else "▌", "accent")
            frame.add_role(y, "cursor", x=box.x - 1, width=box.width + 1)


def _columns(width: int, *, with_session: bool) -> list[TableColumn]:
    """The columns of a table this wide; the column of width 0 gets the rest."""
    columns = [column for column in COLUMNS if width >= column.min_table and (column.key != "session" or with_session)]
    rest = width - sum(column.width for column in columns) - len(columns) + 1
    return [column if column.width else replace(column, width=max(8, rest)) for column in columns]


def _paint_line(
    frame: Frame, box: Box, line: int, cells: Sequence[tuple[str, str, TableColumn]], *, are_headings: bool = False
) -> None:
    x = box.x
    for text, role, column in cells:
        width = min(column.width, box.x + box.width - x)
        frame.put(x, box.y + line, pad(frame.plain(text), width, align_right=column.align_right), role)
        if are_headings:
            frame.add_target(x, box.y + line, width, ("sort", column.key))
        x += column.width + 1


def first_line(cursor: int, *, total: int, height: int) -> int:
    """The first visible line of a list: the cursor is about in the middle, and no line stays empty."""
    return max(0, min(cursor - height // 2, total - height))
