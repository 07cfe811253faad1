"""The help page: the keys of a screen by group, and what the signs mean. Pure."""

from collections.abc import Iterator

from tui.state.keys import CONFIRM, GROUPS, available
from tui.state.ui import Scene, Ui
from tui.terminal.formatting import clip
from tui.terminal.frame import Frame
from tui.widgets.panel import panel
from tui.widgets.plot import Box

WIDE = 120  # columns from which the page has two columns
KEYS_WIDTH = 14  # cells
LEGEND = (
    ("✓ keep", "kept: it became the incumbent", "good"),
    ("· discard", "no gain beyond the noise", "dim"),
    ("· moved", "it gained on a parent that another keep had replaced; the change is tried again", "dim"),
    ("✗ crash", "no run gave a metric", "bad"),
    ("! invalid", "skipped, stopped, or changed a locked file; vetoed: a person undid the keep", "warn"),
    ("▸ open", "in flight: no verdict yet", "accent"),
    ("σ", "noise of the metric on identical code; gains are counted in it", ""),
    ("━ ╍", "the loss of the run, and of the incumbent's first run", "curve"),
    ("░", "noise: ±2σ of the incumbent's loss, ±1σ of the frontier", "band"),
    ("● ▲ ▼", "kept; measured beyond the upper or lower edge of the plot", "good"),
    ("▌ ■", "the cursor; marked for comparison", "accent"),
    ("+1.2σ", "dim: within 2σ and not kept", "dim"),
)

Line = tuple[str, str, str]  # keys, text, role


def help_lines(ui: Ui) -> Iterator[Line]:
    """The keys of the screen by group, then the legend."""
    keys = set(available(ui.screen, is_readonly=ui.display.is_readonly, is_replay=ui.replay is not None))
    for title, group in GROUPS:
        shown: dict[str, list[str]] = {}
        texts: dict[str, str] = {}
        for key in group:
            if key in keys:
                shown.setdefault(key.action, []).append(key.shown)
                texts.setdefault(key.action, key.help + (f" (then {CONFIRM})" if key.is_control else ""))
        if texts:
            yield "", title, "title"
        for action, text in texts.items():
            yield " ".join(dict.fromkeys(shown[action])), text, ""
    yield "", "signs", "title"
    yield from LEGEND


def paint(frame: Frame, scene: Scene) -> None:
    """Paint the page over everything but the footer, whose place says how to close it."""
    lines = list(help_lines(scene.ui))
    box = Box(x=0, y=0, width=frame.width, height=frame.height - 1)
    frame.clear(0, height=frame.height)
    inner = panel(frame, box, f"help: {scene.ui.screen}", is_boxed=True)
    columns = 2 if frame.width >= WIDE else 1
    room = inner.height * columns
    top = max(0, min(scene.ui.scroll, len(lines) - room))
    width = inner.width // columns
    for index, line in enumerate(lines[top : top + room]):
        x, y = inner.x + index // inner.height * width, inner.y + index % inner.height
        _paint_line(frame, x, y, line, width=width - 1)
    more = f"; j k scroll {len(lines) - room} more lines" if len(lines) > room else ""
    frame.put(2, frame.height - 1, f"any other key closes the help{more}", "dim")


def _paint_line(frame: Frame, x: int, y: int, line: Line, *, width: int) -> None:
    keys, text, role = line
    if not keys:
        frame.put(x, y, text, role)
        return
    frame.put(x + 1, y, keys, role or "key")
    frame.put(x + KEYS_WIDTH, y, clip(text, width - KEYS_WIDTH))
