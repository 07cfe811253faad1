"""A titled part of a screen: a box with a border if the screen has room for one, else a line with the title. Pure."""

from collections.abc import Sequence

from rich.cells import cell_len

from tui.terminal.formatting import clip
from tui.terminal.frame import Frame
from tui.widgets.plot import Box

BORDER_WIDTH, BORDER_HEIGHT = 100, 26  # cells of the body from which panels have borders
MIN_TITLE = 10  # cells of a title that the text at the right leaves

Parts = Sequence[tuple[str, str]]


def has_borders(frame: Frame) -> bool:
    return frame.width >= BORDER_WIDTH and frame.height >= BORDER_HEIGHT


def panel(
    frame: Frame,
    box: Box,
    title: str | Parts,
    *,
    right: str | Parts = "",
    right_role: str = "dim",
    is_boxed: bool = False,
) -> Box:
    """Draw a panel and return the box inside it. `title` and `right` are texts, or parts of (text, role).

    `is_boxed` draws a border however small the screen is.
    """
    if box.width < 4 or box.height < 1:
        return Box(x=box.x, y=box.y, width=0, height=0)
    if is_boxed or has_borders(frame):
        _paint_border(frame, box)
        inner = Box(x=box.x + 2, y=box.y + 1, width=box.width - 4, height=max(0, box.height - 2))
    else:
        frame.put(box.x, box.y, "─" * box.width, "rule")
        inner = Box(x=box.x + 1, y=box.y + 1, width=box.width - 2, height=box.height - 1)
    left = [(title, "title")] if isinstance(title, str) else list(title)
    _paint_title(frame, box, left, [(right, right_role)] if isinstance(right, str) else list(right))
    return inner


def _paint_border(frame: Frame, box: Box) -> None:
    bottom, right = box.y + box.height - 1, box.x + box.width - 1
    frame.put(box.x, box.y, f"╭{'─' * (box.width - 2)}╮", "rule")
    for y in range(box.y + 1, bottom):
        frame.put(box.x, y, "│", "rule")
        frame.put(right, y, "│", "rule")
    if bottom > box.y:
        frame.put(box.x, bottom, f"╰{'─' * (box.width - 2)}╯", "rule")


def _paint_title(frame: Frame, box: Box, title: Parts, right: Parts) -> None:
    """Both on the first line. If they do not fit, first the last parts of the title go, then the end of the right text."""
    room, needed = box.width - 4, _width(right)
    while len(title) > 1 and _width(title) + needed > room:
        title = title[:-1]
    if needed > room - min(_width(title), MIN_TITLE):
        return _paint_parts(frame, box.x + 1, box.y, title, stop=box.x + 1 + room)
    start = box.x + box.width - 2 - needed
    _paint_parts(frame, start, box.y, right, stop=start + needed)
    return _paint_parts(frame, box.x + 1, box.y, title, stop=start)


def _width(parts: Parts) -> int:
    """Cells of the parts with a space on either side; 0 without text."""
    width = sum(cell_len(text) for text, _ in parts)
    return width + 2 if width else 0


def _paint_parts(frame: Frame, x: int, y: int, parts: Parts, *, stop: int) -> None:
    if not _width(parts):
        return
    x = frame.put(x, y, " ")
    for text, role in parts:
        x = frame.put(x, y, clip(frame.plain(text), max(0, stop - 1 - x)), role)
    frame.put(x, y, " ")
