"""The replay screen: a timeline of the session with its verdicts, the frontier, and the events around the position. Pure."""

from bisect import bisect_right

from tui.model.view import View
from tui.state.ui import Scene
from tui.terminal.formatting import clip, count
from tui.terminal.frame import Frame
from tui.widgets.frontier import frontier_title, paint_frontier
from tui.widgets.panel import has_borders, panel
from tui.widgets.plot import Box
from tui.widgets.status_lines import event_text

TIMELINE = 3  # lines
TICKS = (("keep", "✓", 0, "good"), ("crash", "✗", 2, "bad"))  # status, sign, line, role


def paint(frame: Frame, scene: Scene) -> None:
    """Timeline, frontier, events."""
    view, head = scene.snapshot.view, scene.snapshot.head
    if scene.snapshot.events_read is not None:
        panel(frame, Box(x=0, y=0, width=frame.width, height=frame.height), "reading the journal")
        return
    playback = f"playing {scene.ui.speed}×" if scene.ui.is_playing else "stopped"
    time = scene.clock(scene.snapshot.recorded_at, with_seconds=True) if scene.snapshot.recorded_at else "start"
    top = TIMELINE + (2 if has_borders(frame) else 1)
    title = f"{time}, position {count(view.position)} of {count(head)}, {playback}"
    inner = panel(frame, Box(x=0, y=0, width=frame.width, height=top), title)
    _paint_timeline(frame, inner, view, head=head)
    height = max(5, (frame.height - top) // 2)
    box = panel(frame, Box(x=0, y=top, width=frame.width, height=height), frontier_title(scene.ui.plot))
    paint_frontier(frame, box, view=view, ui=scene.ui.plot, is_ascii=scene.ui.display.is_ascii)
    top += height
    _paint_events(frame, Box(x=0, y=top, width=frame.width, height=frame.height - top), scene)


def _paint_timeline(frame: Frame, box: Box, view: View, *, head: int) -> None:
    """Keeps above the line, crashes below; verdicts after the position are dim."""
    width = box.width
    if head < 2 or width < 2:
        return
    here = (view.position - 1) * (width - 1) // (head - 1)
    frame.put(box.x, box.y + 1, "─" * width, "rule")
    frame.put(box.x, box.y + 1, "─" * here, "accent")
    frame.put(box.x + here, box.y, "▼", "accent")
    for column in range(width):
        # The positions of this column: the inverse of `here` as a function of the position.
        first = -(-column * (head - 1) // (width - 1)) + 1
        last = -(-(column + 1) * (head - 1) // (width - 1))
        frame.add_target(box.x + column, box.y + 1, 1, ("position", first))
        for status, sign, line, role in TICKS:
            if column != here and view.ledger.has_verdict(status, first, last):
                frame.put(box.x + column, box.y + line, sign, role if first <= view.position else "dim")
    frame.put(box.x + here, box.y + 1, "┼", "strong")


def _paint_events(frame: Frame, box: Box, scene: Scene) -> None:
    events, position = scene.data.events, scene.snapshot.view.position
    inner = panel(frame, box, "events")
    here = bisect_right([event.position for event in events], position) - 1
    top = max(0, min(here - inner.height // 2, len(events) - inner.height))
    for y, recorded in enumerate(events[top : top + inner.height], start=inner.y):
        time = scene.local(recorded.recorded_at).strftime("%H:%M:%S")
        text = f"{count(recorded.position):>8} {time} {event_text(recorded)}"
        frame.put(inner.x, y, clip(text, inner.width), "dim" if recorded.position > position else "")
        frame.add_target(inner.x, y, inner.width, ("position", recorded.position))
        if recorded.position == position:
            frame.put(inner.x - 1, y, "▌", "accent")
            frame.add_role(y, "cursor", x=inner.x - 1, width=inner.width + 1)
