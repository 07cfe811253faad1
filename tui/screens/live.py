"""The live screen: the experiments in flight, the loss, the frontier, and the last experiments. Pure."""

from tui.model.run_curve import RunCurve
from tui.model.session_summary import SessionSummary
from tui.model.snapshot import ActiveExperiment
from tui.screens import preview
from tui.screens.in_flight import full_height, paint_in_flight
from tui.state.cursor import focused, index_of
from tui.state.ui import Scene
from tui.terminal.formatting import sanitize
from tui.terminal.frame import Frame
from tui.widgets.curves import LossCurves, legend, paint_loss
from tui.widgets.frontier import frontier_title, paint_frontier
from tui.widgets.panel import panel
from tui.widgets.plot import Box
from tui.widgets.table import first_line, paint_table

MIN_PLOT, MIN_TABLE = 5, 5  # lines; of the table with its headings
MIN_TABLE_SMALL = 3  # in the smallest window
MIN_PREVIEW = 9  # lines
STACKED = 120  # columns below which zoomed plots are stacked


def paint(frame: Frame, scene: Scene) -> None:
    """Experiments in flight, plots, table."""
    is_zoomed = scene.ui.is_zoomed
    max_others = 1 if is_zoomed else max(1, frame.height - full_height(frame, scene) - MIN_PLOT - MIN_TABLE)
    top = paint_in_flight(frame, scene, max_others=max_others)
    left = frame.height - top
    height = max(min(MIN_PLOT, left - MIN_TABLE_SMALL), min(left // 2, left - MIN_TABLE))
    height = left if is_zoomed else height
    _paint_plots(frame, Box(x=0, y=top, width=frame.width, height=height), scene)
    if not is_zoomed:
        _paint_table(frame, Box(x=0, y=top + height, width=frame.width, height=left - height), scene)


def _paint_plots(frame: Frame, box: Box, scene: Scene) -> None:
    """Loss and frontier; only the frontier if there is no telemetry."""
    snapshot, ui, active = scene.snapshot, scene.ui, focused(scene)
    left, right = _halves(box, is_stacked=ui.is_zoomed and box.width < STACKED)
    if snapshot.incumbent_curve or (active and active.curve):
        curves = _curves(scene, active)
        inner = panel(frame, left, _loss_title(scene, active, curves))
        paint_loss(frame, inner, curves, ui=ui.plot, is_ascii=ui.display.is_ascii)
    else:
        right = box
    text, role = _since_keep(scene)
    inner = panel(frame, right, frontier_title(ui.plot), right=text, right_role=role)
    paint_frontier(frame, inner, view=snapshot.view, ui=ui.plot, is_ascii=ui.display.is_ascii)


def _curves(scene: Scene, active: ActiveExperiment | None) -> LossCurves:
    if active is None:
        return LossCurves(curve=RunCurve(), incumbent=scene.snapshot.incumbent_curve)
    return LossCurves(
        curve=active.own_curve,
        incumbent=scene.snapshot.incumbent_curve,
        again=active.curve if active.is_of_incumbent else RunCurve(),
        x_max=active.run.budget if active.run else None,
    )


def _halves(box: Box, *, is_stacked: bool) -> tuple[Box, Box]:
    """Boxes for two plots, side by side or stacked."""
    if is_stacked:
        half = box.height // 2
        return (
            Box(x=0, y=box.y, width=box.width, height=half),
            Box(x=0, y=box.y + half, width=box.width, height=box.height - half),
        )
    half = box.width // 2
    return (
        Box(x=0, y=box.y, width=half, height=box.height),
        Box(x=half, y=box.y, width=box.width - half, height=box.height),
    )


def _since_keep(scene: Scene) -> tuple[str, str]:
    """The number of experiments since the last keep, and whether the brief calls that a plateau."""
    session = scene.snapshot.view.session
    if session is None or not session.since_keep or scene.snapshot.events_read is not None:
        return "", "dim"
    plateau = session.limit("plateau")
    if plateau is not None and session.since_keep >= plateau:
        return f"plateau: {session.since_keep} since last keep", "warn"
    return f"{session.since_keep} since last keep", "dim"


def _loss_title(scene: Scene, active: ActiveExperiment | None, curves: LossCurves) -> list[tuple[str, str]]:
    plot, session = scene.ui.plot, scene.snapshot.view.session
    best = f"incumbent #{session.best_experiment}" if session and session.best_experiment is not None else "incumbent"
    parts = legend(curves, name=f"#{active.experiment.number}" if active else "", incumbent=best)
    options = [option for option, is_on in (("log", plot.is_log), ("smoothed", plot.is_smoothed)) if is_on]
    return [*parts, (f"  {', '.join(options)}", "dim")] if options else parts


def _paint_table(frame: Frame, box: Box, scene: Scene) -> None:
    """The experiments, the newest first, without several in flight; the latest notice at the right of the title."""
    view = scene.snapshot.view
    box, beside = preview.split(frame, box)
    if beside is not None and beside.height >= MIN_PREVIEW:
        preview.paint(frame, beside, scene)
    elif beside is not None:
        box = Box(x=box.x, y=box.y, width=frame.width, height=box.height)
    inner = panel(frame, box, "last experiments", right=_news(scene, view.session), right_role="warn")
    above = len(view.active_rows) if len(view.active_rows) > 1 else 0
    rows, cursor = scene.rows[above:], index_of(scene.rows, scene.ui.cursor) - above
    paint_table(
        frame,
        inner,
        scene=scene,
        rows=rows,
        top=first_line(cursor, total=len(rows), height=inner.height - 1),
        cursor=cursor if scene.ui.cursor is not None and cursor >= 0 else None,
        with_session=False,
    )


def _news(scene: Scene, session: SessionSummary | None) -> str:
    news = session.news(scene.present if scene.ui.replay is None else scene.now) if session else None
    return f"{scene.clock(news.time)} {sanitize(news.text)}" if news else ""
