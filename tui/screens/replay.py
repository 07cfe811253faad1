"""Replay: the night as a line with its verdicts, and the events around the position shown. Pure."""

from bisect import bisect_right

from tui.model.view import View
from tui.state.ui import Scene
from tui.terminal.formatting import clip, clock, count
from tui.terminal.frame import Frame
from tui.widgets.chrome import HEADER
from tui.widgets.curves import paint_frontier
from tui.widgets.plot import Box
from tui.widgets.status_lines import event_words

TIMELINE = 4  # lines
TICKS = (("keep", "✓", 0, "good"), ("crash", "✗", 2, "bad"))  # status, sign, line, role


def paint(frame: Frame, scene: Scene) -> None:
    """Timeline, frontier, events."""
    view, head = scene.snapshot.view, scene.snapshot.head
    state = f"playing {scene.ui.speed}×" if scene.ui.playing else "held"
    at = f"{clock(scene.snapshot.recorded_at)} UTC, position {count(view.position)} of {count(head)}, {state}"
    frame.rule(HEADER, clip(at, frame.width - 4))
    paint_timeline(frame, HEADER + 1, view, head=head)
    top = HEADER + 1 + TIMELINE
    height = max(5, (frame.height - top - 1) // 2)
    paint_frontier(
        frame, Box(x=0, y=top, width=frame.width, height=height), view=view, ui=scene.ui.plot, plain=scene.ui.look.ascii
    )
    _paint_events(frame, top + height, scene)


def paint_timeline(frame: Frame, y: int, view: View, *, head: int) -> None:
    """Kept above, crashes below the line; what lies ahead of the position is dim."""
    width = frame.width - 2
    if head < 2:
        return

    def place(position: int) -> int:
        return 1 + (position - 1) * (width - 1) // max(1, head - 1)

    here = place(view.position)
    frame.put(1, y + 1, "─" * width, "rule")
    frame.put(1, y + 1, "─" * (here - 1), "accent")
    frame.put(here, y, "▼", "accent")
    for column in range(1, width + 1):
        # The positions that fall on this column: the inverse of `place`.
        first = -(-(column - 1) * (head - 1) // (width - 1)) + 1
        last = -(-column * (head - 1) // (width - 1))
        for status, sign, line, role in TICKS:
            if column != here and view.ledger.judged(status, first, last):
                frame.put(column, line + y, sign, role if first <= view.position else "dim")
    frame.put(here, y + 1, "┼", "strong")


def _paint_events(frame: Frame, y: int, scene: Scene) -> None:
    events = scene.loaded.events
    frame.rule(y, "events")
    height = frame.height - y - 2
    here = bisect_right([one.position for one in events], scene.snapshot.view.position) - 1
    top = max(0, min(here - height // 2, len(events) - height))
    for row, recorded in enumerate(events[top : top + height], start=y + 1):
        ahead = recorded.position > scene.snapshot.view.position
        text = f"{recorded.position:>7} {clock(recorded.recorded_at)} {event_words(recorded)}"
        frame.put(1, row, clip(text, frame.width - 1), "dim" if ahead else "")
        if recorded.position == scene.snapshot.view.position:
            frame.put(0, row, "▌", "accent")
            frame.mark(row, "cursor")
