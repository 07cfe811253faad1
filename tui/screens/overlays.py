"""Overlays on a screen: the line that the user writes and its list, the question to confirm, the help page. Pure."""

from collections.abc import Sequence

from tui.screens import help_page
from tui.state.completion import completions
from tui.state.input_line import WITH_LIST
from tui.state.keys import CONFIRM
from tui.state.line_editor import TITLES
from tui.state.lists import ListEntry, entries
from tui.state.ui import InputLine, Scene
from tui.terminal.formatting import clip, pad, sanitize
from tui.terminal.frame import Frame
from tui.widgets.panel import panel
from tui.widgets.plot import Box

MAX_ENTRIES = 12  # visible lines of a list
MAX_WORDS = 12  # completions
MIN_TITLE, MAX_TITLE_SHARE = 22, 0.55  # of the line that the title of an entry takes
ANSWERS = f"  {CONFIRM}: yes, any other key: no "  # always visible, however long the question is


def paint(frame: Frame, scene: Scene) -> None:
    """Paint the overlay, if there is one."""
    ui, y = scene.ui, frame.height - 1
    if ui.is_help:
        help_page.paint(frame, scene)
    if ui.input_line is not None:
        _paint_input(frame, y, scene, ui.input_line)
    if ui.confirmation is not None:
        question = pad(f" {sanitize(ui.confirmation.question)}", frame.width - len(ANSWERS))
        frame.clear(y)
        frame.put(0, y, question + ANSWERS, "banner")


def _paint_input(frame: Frame, y: int, scene: Scene, line: InputLine) -> None:
    if line.kind in WITH_LIST:
        found = entries(scene, kind=line.kind, text=line.text)
        _paint_list(frame, y, found, title=TITLES[line.kind], selected=line.selected)
    elif words := completions(scene, line):
        more = f"  and {len(words) - MAX_WORDS} more" if len(words) > MAX_WORDS else ""
        frame.clear(y - 1)
        frame.put(1, y - 1, clip("tab: " + sanitize("  ".join(words[:MAX_WORDS])) + more, frame.width - 2), "dim")
    _paint_line(frame, y, line)


def _paint_line(frame: Frame, y: int, line: InputLine) -> None:
    """The line, scrolled so that the caret is visible; the caret is a reversed cell that does not blink."""
    frame.clear(y)
    x = frame.put(0, y, f" {TITLES[line.kind]} ", "prompt")
    first = max(0, line.caret - (frame.width - x - 1) + 1)
    visible = line.text[first:]
    frame.put(x, y, visible)
    caret = frame.put(x, y, visible[: line.caret - first])
    frame.add_role(y, "cursor", x=caret, width=1)


def _paint_list(frame: Frame, bottom: int, found: Sequence[ListEntry], *, title: str, selected: int) -> None:
    """The entries in a panel above the line; how many there are, if not all are visible."""
    selected = min(selected, max(0, len(found) - 1))
    height = min(MAX_ENTRIES, bottom - 5)
    top = max(0, min(selected - height // 2, len(found) - height))
    visible = found[top : top + height]
    hidden = f"{top + 1}-{top + len(visible)} of {len(found)}" if len(visible) < len(found) else ""
    lines = len(visible) + 2
    box = Box(x=0, y=bottom - lines, width=frame.width, height=lines)
    frame.clear(box.y, height=lines)
    inner = panel(frame, box, title if visible else "nothing matches", right=hidden, is_boxed=True)
    room = int(inner.width * MAX_TITLE_SHARE)
    width = max(MIN_TITLE, min(room, max((len(entry.title) for entry in visible), default=0)))
    for y, entry in enumerate(visible, start=inner.y):
        x = frame.put(inner.x, y, pad(sanitize(entry.title), width), "strong")
        frame.put(x + 2, y, clip(sanitize(entry.description), inner.x + inner.width - x - 2), "dim")
        frame.add_target(inner.x, y, inner.width, ("entry", y - inner.y + top))
        if y == inner.y + selected - top:
            frame.add_role(y, "cursor", x=inner.x - 1, width=inner.width + 2)
