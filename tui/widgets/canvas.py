"""The one Textual widget: shows frames, and has only the cells drawn that differ from the frame before.

Textual repaints a whole widget on `refresh()`; given regions it repaints those. So the frames are compared here, and a line
is handed over divided at the borders of what changed, since Textual sends whole segments.
"""

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.frame import Frame, changed
from tui.terminal.themes import style


class Canvas(Widget):
    """Shows the latest frame."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        self.palette = theme
        self._frame = Frame(1, 1)
        self._cuts: dict[int, tuple[int, ...]] = {}

    @property
    def frame(self) -> Frame:
        """What is shown."""
        return self._frame

    def show(self, frame: Frame, *, whole: bool = False) -> None:
        """Show a frame; draw what changed."""
        before, self._frame = self._frame, frame
        if whole or (before.width, before.height) != (frame.width, frame.height):
            self._cuts = {}
            self.refresh()
            return
        regions = []
        for y, start, stop in changed(before, frame):
            self._cuts[y] = (*self._cuts.get(y, ()), start, stop)
            regions.append(Region(start, y, stop - start, 1))
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One line of the frame."""
        frame = self._frame
        if y >= frame.height:
            return Strip.blank(self.size.width, style(self.palette, ""))
        runs = frame.runs(y, cuts=self._cuts.pop(y, ()))
        return Strip([Segment(text, style(self.palette, role)) for text, role in runs], frame.width)
