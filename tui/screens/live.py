"""Live: what is in flight, its loss, the frontier, the last experiments. Pure."""

from tui.model.session_summary import Summary
from tui.screens.in_flight import FULL, paint_flights
from tui.state.cursor import in_full, place
from tui.state.ui import Scene
from tui.terminal.formatting import clip, sanitize
from tui.terminal.frame import Frame
from tui.widgets.chrome import HEADER
from tui.widgets.curves import paint_frontier, paint_loss
from tui.widgets.plot import Box
from tui.widgets.table import paint_table, window

PLOTS_LEAST, ROWS_LEAST = 5, 5  # lines of the plots, and of the table with its headings
ROWS_FEWEST = 3  # of the table in the smallest window
STACKED = 120  # columns below which zoomed plots stand one above the other


def paint(frame: Frame, scene: Scene) -> None:
    """Header and footer aside: what is in flight, plots, table."""
    bottom = frame.height - 1
    room = 1 if scene.ui.zoom else max(1, bottom - HEADER - FULL - PLOTS_LEAST - ROWS_LEAST)
    top = paint_flights(frame, HEADER, scene, room=room)
    least = min(PLOTS_LEAST, bottom - top - ROWS_FEWEST)
    plots = bottom - top if scene.ui.zoom else max(least, min((bottom - top) // 2, bottom - top - ROWS_LEAST))
    _paint_plots(frame, Box(x=0, y=top, width=frame.width, height=plots), scene)
    if not scene.ui.zoom:
        _paint_last(frame, Box(x=0, y=top + plots, width=frame.width, height=bottom - top - plots), scene)


def _paint_plots(frame: Frame, box: Box, scene: Scene) -> None:
    """Loss and frontier; the frontier alone where there is no telemetry at all."""
    snapshot, ui, chosen = scene.snapshot, scene.ui, in_full(scene)
    curve = chosen.curve if chosen else ()
    left, right = _halves(box, stacked=ui.zoom and box.width < STACKED)
    if not curve and not snapshot.rival:
        right = Box(x=0, y=box.y + 1, width=box.width, height=box.height - 1)
    else:
        frame.rule(left.y - 1, _loss_title(scene), x=left.x, width=left.width)
        budget = chosen.run.budget if chosen and chosen.run else None
        paint_loss(
            frame,
            left,
            curve=curve,
            rival=snapshot.rival,
            ui=ui.plot,
            x_max=budget,
            plain=ui.look.ascii,
        )
    words, role = _frontier_title(snapshot.view.session)
    frame.rule(right.y - 1, "frontier", x=right.x, width=right.width)
    frame.put_right(right.x + right.width - 1, right.y - 1, clip(words, right.width - 12), role)
    paint_frontier(frame, right, view=snapshot.view, ui=ui.plot, plain=ui.look.ascii)


def _halves(box: Box, *, stacked: bool) -> tuple[Box, Box]:
    """Room for two plots, beside one another or stacked, each with a line for its title above it."""
    if stacked:
        half = box.height // 2
        return (
            Box(x=0, y=box.y + 1, width=box.width, height=half - 1),
            Box(x=0, y=box.y + half + 1, width=box.width, height=box.height - half - 1),
        )
    half = box.width // 2
    return (
        Box(x=0, y=box.y + 1, width=half - 1, height=box.height - 1),
        Box(x=half, y=box.y + 1, width=box.width - half, height=box.height - 1),
    )


def _frontier_title(session: Summary | None) -> tuple[str, str]:
    """How long nothing has been kept, and whether the brief calls that a plateau."""
    if session is None or not session.since_keep:
        return "", ""
    if session.plateau is not None and session.since_keep >= session.plateau:
        return f" plateau: {session.since_keep} since a keep ", "warn"
    return f" {session.since_keep} since a keep ", "dim"


def _loss_title(scene: Scene) -> str:
    plot, chosen = scene.ui.plot, in_full(scene)
    whose = f" of #{chosen.experiment.number}" if chosen and len(scene.snapshot.flying) > 1 else ""
    words = [word for word, on in (("log", plot.log), ("smoothed", plot.smooth)) if on]
    return f"loss{whose}" + (f", {', '.join(words)}" if words else "")


def _paint_last(frame: Frame, box: Box, scene: Scene) -> None:
    """The list, the newest first, without several in flight; what was answered, or went wrong, last stands in its heading."""
    frame.rule(box.y, "last experiments")
    session = scene.snapshot.view.session
    if session is not None and session.news:
        frame.put_right(frame.width - 1, box.y, clip(f" {sanitize(session.news)}", frame.width - 26) + " ", "warn")
    above = len(flying) if len(flying := scene.snapshot.view.in_flight) > 1 else 0
    rows, cursor = scene.rows[above:], place(scene.rows, scene.ui.cursor) - above
    height = box.height - 1
    paint_table(
        frame,
        Box(x=0, y=box.y + 1, width=box.width, height=height),
        view=scene.snapshot.view,
        rows=rows,
        top=window(cursor, total=len(rows), height=height - 1),
        cursor=cursor if scene.ui.cursor is not None and cursor >= 0 else None,
        marked=scene.ui.marks,
        several=False,
    )
