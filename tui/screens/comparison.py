"""The comparison of marked experiments: their curves in one plot, and their diffs side by side. Pure."""

from tui.model.loss_curves import value_at
from tui.state.ui import Scene
from tui.terminal.formatting import STATUS_ROLE, STATUS_SIGN, clip, number, sanitize, signed
from tui.terminal.frame import Frame
from tui.widgets.curves import POINTS_PER_COLUMN, UNITS, curve_points, paint_crosshair, paint_reading
from tui.widgets.diff import diff_lines, paint_lines, wrap_lines
from tui.widgets.panel import panel
from tui.widgets.plot import Box, Series, fit_axes, paint_plot

ROLES = ("curve", "warn", "good", "bad")
SIGNS = "abcd"


def paint(frame: Frame, scene: Scene) -> None:
    """A line per experiment, the curves, the diffs."""
    marked = len(scene.data.compared)
    compared = scene.data.compared[: len(ROLES)]
    total = f" of {marked} marked" if marked > len(compared) else ""
    lines = len(compared)
    height = max(6, (frame.height - lines) // 2) + lines
    inner = panel(frame, Box(x=0, y=0, width=frame.width, height=height), f"comparing {len(compared)}{total}")
    for y, ((detail, _), role, sign) in enumerate(zip(compared, ROLES, SIGNS, strict=False), start=inner.y):
        experiment = detail.experiment
        status = f"#{experiment.number} {STATUS_SIGN[experiment.status]}"
        metric = f"{number(experiment.metric)} {signed(experiment.delta)}"
        x = frame.put_parts(inner.x, y, (f"{sign} ", role), (f"{status} {metric}  ", STATUS_ROLE[experiment.status]))
        frame.put(x, y, clip(sanitize(experiment.idea), inner.x + inner.width - x))
    plot = Box(x=inner.x, y=inner.y + lines, width=inner.width, height=inner.height - lines)
    _paint_curves(frame, plot, scene)
    _paint_diffs(frame, Box(x=0, y=height, width=frame.width, height=frame.height - height), scene)


def _paint_curves(frame: Frame, box: Box, scene: Scene) -> None:
    ui, unit = scene.ui.plot, UNITS[scene.ui.plot.axis]
    limit = box.width * POINTS_PER_COLUMN
    curves = [curve_points(curve, ui, limit=limit) for _, curve in scene.data.compared[: len(ROLES)]]
    series = [
        Series(points=points, role=role, sign=sign, label=sign)
        for points, role, sign in zip(curves, ROLES, SIGNS, strict=False)
    ]
    axes = fit_axes(series, is_log=ui.is_log, x_label=unit, x_min=0.0)
    if axes is None:
        frame.put(box.x, box.y, "these runs have no telemetry", "dim")
        return
    plot = paint_plot(frame, box, series, axes, is_ascii=scene.ui.display.is_ascii)
    if (x := paint_crosshair(frame, plot, axes, ui)) is not None:
        values = ", ".join(f"{sign} {number(value_at(points, x))}" for points, sign in zip(curves, SIGNS, strict=False))
        paint_reading(frame, plot, f"{x:.4g} {unit}: {values}")


def _paint_diffs(frame: Frame, box: Box, scene: Scene) -> None:
    compared = scene.data.compared[: len(ROLES)]
    if box.height < 2 or not compared:
        return
    width = box.width // len(compared)
    for index, (detail, _) in enumerate(compared):
        part = Box(x=box.x + index * width, y=box.y, width=width, height=box.height)
        inner = panel(frame, part, f"{SIGNS[index]} #{detail.experiment.number}")
        lines = diff_lines(detail.proposal.diff) if detail.proposal and detail.proposal.diff else ()
        lines = wrap_lines(lines, inner.width) if scene.ui.is_wrapped else lines
        top = min(scene.ui.scroll, max(0, len(lines) - inner.height))
        paint_lines(frame, inner.y, lines, top=top, x=inner.x, width=inner.width, height=inner.height)
