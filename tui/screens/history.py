"""The history screen: all experiments, filtered and sorted. Pure."""

from tui.screens import preview
from tui.state.cursor import index_of
from tui.state.filters import descends, parse_sort
from tui.state.ui import Scene
from tui.terminal.formatting import clip, count, sanitize
from tui.terminal.frame import Frame
from tui.widgets.panel import panel
from tui.widgets.plot import Box
from tui.widgets.table import first_line, paint_table


def paint(frame: Frame, scene: Scene) -> None:
    """A line with the count and the filter, and the table."""
    ui, view = scene.ui, scene.snapshot.view
    box, beside = preview.split(frame, Box(x=0, y=0, width=frame.width, height=frame.height))
    total, shown = view.experiment_count, len(scene.rows)
    if scene.snapshot.events_read is not None:
        panel(frame, Box(x=0, y=0, width=frame.width, height=frame.height), "reading the journal")
        return
    title = f"{count(total)} experiments" if shown == total else f"{count(shown)} of {count(total)} experiments"
    inner = panel(frame, box, title, right=_details(scene), right_role="accent" if ui.filter else "dim")
    if scene.filter_error:
        frame.put(inner.x, inner.y + 1, clip(sanitize(scene.filter_error), inner.width), "bad")
        return
    if not shown:
        empty = "No experiment matches; esc clears the filter." if ui.filter else "No experiments yet."
        frame.put(inner.x, inner.y + 1, empty, "dim")
        return
    cursor = index_of(scene.rows, ui.cursor)
    if beside is not None:
        preview.paint(frame, beside, scene)
    paint_table(
        frame,
        inner,
        scene=scene,
        rows=scene.rows,
        top=first_line(cursor, total=shown, height=inner.height - 1),
        cursor=cursor,
        sort=[(name, descends(view, name, order)) for name, order in parse_sort(ui.sort)],
        with_session=view.session_count > 1,
    )


def _details(scene: Scene) -> str:
    ui = scene.ui
    details = [f"filter {sanitize(ui.filter)}"] if ui.filter else []
    details += [f"sorted by {sanitize(ui.sort)}"] if ui.sort else ["newest first"]
    details += [f"{len(ui.marks)} marked"] if ui.marks else []
    return " · ".join(details)
