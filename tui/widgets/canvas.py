"""The only Textual widget: it shows frames, and writes only the cells that changed since the last frame.

Textual repaints a region of a widget from the start of its lines. So it draws the first frame and every frame of a new size;
the canvas writes all others to the terminal itself: a clock costs 20 bytes a second, not 150.
"""

from collections.abc import Callable
from functools import lru_cache

from rich.color import ColorSystem
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.frame import Frame, changed_spans
from tui.terminal.themes import style

RESET = "\x1b[0m"
COLOUR_SYSTEMS = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}


class Canvas(Widget):
    """Shows the latest frame; `write` sends a sequence to the terminal."""

    def __init__(self, theme: str, write: Callable[[str], None]) -> None:
        super().__init__()
        self.theme_name = theme
        self._write = write
        self._frame = Frame(1, 1)

    @property
    def frame(self) -> Frame:
        """The latest frame."""
        return self._frame

    def show(self, frame: Frame, *, is_redrawn: bool = False) -> None:
        """Show a frame: draw the cells that changed, or all cells if `is_redrawn`."""
        before, self._frame = self._frame, frame
        if is_redrawn or (before.width, before.height) != (frame.width, frame.height):
            self.refresh()
            return
        colours = COLOUR_SYSTEMS.get(self.app.console.color_system or "")
        if sequence := patch(before, frame, theme=self.theme_name, colours=colours):
            self._write(sequence)

    def render_line(self, y: int) -> Strip:
        """One line of the frame, for Textual."""
        frame = self._frame
        if y >= frame.height:
            return Strip.blank(self.size.width, style(self.theme_name, ""))
        segments = frame.segments(y)
        return Strip([Segment(text, style(self.theme_name, role)) for text, role in segments], frame.width)


def patch(before: Frame, after: Frame, *, theme: str, colours: ColorSystem | None) -> str:
    """The sequence that turns one frame on the terminal into another of the same size; empty if they are equal."""
    parts, role = [], None
    for y, start, stop in changed_spans(before, after):
        parts.append(f"\x1b[{y + 1};{start + 1}H")
        for text, next_role in after.segments(y, start=start, stop=stop):
            if next_role != role:
                parts.append(_codes(theme, next_role, colours))
                role = next_role
            parts.append(text)
    return "".join([*parts, RESET]) if parts else ""


@lru_cache(maxsize=512)
def _codes(theme: str, role: str, colours: ColorSystem | None) -> str:
    """The sequence that sets the style of a role and nothing else."""
    codes = style(theme, role).render("x", color_system=colours).partition("x")[0]
    return codes.replace("\x1b[", "\x1b[0;", 1) if codes else RESET
