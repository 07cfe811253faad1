"""History: every experiment, filtered and sorted, with honest counts. Pure."""

from tui.state.cursor import place
from tui.state.filters import parse_sort
from tui.state.ui import Scene
from tui.terminal.formatting import clip, count, sanitize
from tui.terminal.frame import Frame
from tui.widgets.chrome import HEADER
from tui.widgets.plot import Box
from tui.widgets.table import paint_table, window


def paint(frame: Frame, scene: Scene) -> None:
    """One line about what is shown, and the table."""
    ui, view = scene.ui, scene.snapshot.view
    total, shown = view.count, len(scene.rows)
    if scene.snapshot.read is not None:
        frame.rule(HEADER, "reading the journal")
        return
    words = f"{count(total)} experiments" if shown == total else f"{count(shown)} of {count(total)} experiments"
    frame.rule(HEADER, words)
    rest = [f"filter {sanitize(ui.filter)}"] if ui.filter else []
    rest += [f"sorted by {sanitize(ui.sort)}"] if ui.sort else ["newest first"]
    rest += [f"{len(ui.marks)} marked"] if ui.marks else []
    room = frame.width - len(words) - 8
    frame.put_right(frame.width - 1, HEADER, f" {clip(' · '.join(rest), room)} ", "accent" if ui.filter else "dim")
    if scene.filter_error:
        frame.put(1, HEADER + 2, clip(sanitize(scene.filter_error), frame.width - 2), "bad")
        return
    height = frame.height - HEADER - 2
    if not shown:
        frame.put(1, HEADER + 2, "No experiment matches; esc clears the filter." if ui.filter else "None yet.", "dim")
        return
    cursor = place(scene.rows, ui.cursor)
    paint_table(
        frame,
        Box(x=0, y=HEADER + 1, width=frame.width, height=height),
        view=view,
        rows=scene.rows,
        top=window(cursor, total=shown, height=height - 1),
        cursor=cursor,
        marked=ui.marks,
        sort=parse_sort(ui.sort),
        several=view.sessions > 1,
    )
