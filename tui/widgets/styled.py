"""Paints parts of (text, role) one after the other, cut at a width. Pure."""

from collections.abc import Sequence

from rich.cells import cell_len

from tui.terminal.formatting import clip
from tui.terminal.frame import Frame


def paint_styled(frame: Frame, x: int, y: int, parts: Sequence[tuple[str, str]], *, width: int) -> int:
    """Paint parts; an ellipsis marks a cut. Returns the column after them."""
    stop = x + width
    for text, role in parts:
        shown = clip(frame.plain(text), stop - x)
        x = frame.put(x, y, shown, role)
        if cell_len(shown) < cell_len(text):
            break
    return x
