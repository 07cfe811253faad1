"""A panel of lines, scrolled, and wrapped if the user wants that. Pure."""

from collections.abc import Sequence

from tui.state.ui import Scene
from tui.terminal.frame import Frame
from tui.widgets.diff import StyledText, paint_lines, wrap_lines
from tui.widgets.panel import Parts, has_borders, panel
from tui.widgets.plot import Box


def paint_text(
    frame: Frame,
    box: Box,
    scene: Scene,
    lines: Sequence[StyledText],
    *,
    title: str | Parts = "",
    right: str = "",
    is_end_first: bool = False,
) -> None:
    """Paint the lines from the scroll position on; `is_end_first` counts it from the end."""
    borders = 4 if has_borders(frame) else 2
    wrapped = wrap_lines(tuple(lines), box.width - borders) if scene.ui.is_wrapped else tuple(lines)
    height = box.height - (2 if has_borders(frame) else 1)
    last = max(0, len(wrapped) - height)
    top = max(0, last - scene.ui.scroll) if is_end_first else min(scene.ui.scroll, last)
    place = f"{top + 1}-{min(len(wrapped), top + height)} of {len(wrapped)}" if last else ""
    inner = panel(frame, box, title, right="  ".join(filter(None, (right, place))))
    paint_lines(frame, inner.y, wrapped, top=top, x=inner.x, width=inner.width, height=inner.height)
