"""The loss of a run over that of the incumbent, with a band of noise and a crosshair. Pure."""

from msgspec import Struct, field

from tui.model.columns import downsample
from tui.model.loss_curves import noise_band, value_at
from tui.model.run_curve import Points, RunCurve
from tui.state.ui import PlotUi
from tui.terminal.formatting import clip, number, signed
from tui.terminal.frame import Frame
from tui.widgets.plot import Axes, Box, Series, fit_axes, paint_plot, smooth

UNITS = {"time": "s", "step": "steps", "tokens": "tokens"}
SMOOTHING = 0.9  # weight of the past in the moving average
POINTS_PER_COLUMN = 4


class LossCurves(Struct, frozen=True, kw_only=True):
    """The curves of one plot. `again` is that of the incumbent while it is measured again."""

    curve: RunCurve
    incumbent: RunCurve = field(default_factory=RunCurve)
    again: RunCurve = field(default_factory=RunCurve)
    x_max: float | None = None  # of the axis of time


def legend(curves: LossCurves, *, name: str, incumbent: str) -> list[tuple[str, str]]:
    """What the lines of the plot are, as parts of a title."""
    parts = [("loss", "title"), (f"  ━ {name}", "curve")] if curves.curve else [("loss", "title")]
    if curves.again:
        parts.append(("  ━ incumbent again", "again"))
    if curves.incumbent:
        parts += [(f"  ╍ {incumbent}", "incumbent"), ("  ░ ±2σ", "band")]
    return parts


def paint_loss(frame: Frame, box: Box, curves: LossCurves, *, ui: PlotUi, is_ascii: bool = False) -> None:
    """A run's curve over the incumbent's, by second, step or token."""
    limit = box.width * POINTS_PER_COLUMN
    points, reference, again = (
        curve_points(curve, ui, limit=limit) for curve in (curves.curve, curves.incumbent, curves.again)
    )
    lower, upper = noise_band(reference)
    series = [
        Series(points=lower, upper=upper, role="band", shape="band", sign=":"),
        Series(points=reference, role="incumbent", shape="dashes", sign="."),
        Series(points=again, role="again", sign="+"),
        Series(points=points, role="curve", sign="*"),
    ]
    x_max = curves.x_max if ui.axis == "time" else None
    axes = fit_axes(series, is_log=ui.is_log, x_label=UNITS[ui.axis], x_min=0.0, x_max=x_max)
    if axes is None:
        frame.put(box.x + 1, box.y + box.height // 2, "no loss yet", "dim")
        return
    plot = paint_plot(frame, box, series, axes, is_ascii=is_ascii)
    if (x := paint_crosshair(frame, plot, axes, ui)) is not None:
        here, there = value_at(points, x), value_at(reference, x)
        difference = f", {signed(here - there)}" if here is not None and there is not None else ""
        paint_reading(frame, plot, f"{x:.4g} {UNITS[ui.axis]}: {number(here)}, incumbent {number(there)}{difference}")


def curve_points(curve: RunCurve, ui: PlotUi, *, limit: int) -> Points:
    """The points of a curve as the user wants them."""
    if not ui.is_smoothed:
        return curve.points(axis=ui.axis, limit=limit)
    return downsample(smooth(curve.points(axis=ui.axis), weight=SMOOTHING), limit=limit)


def paint_crosshair(frame: Frame, plot: Box, axes: Axes, ui: PlotUi) -> float | None:
    """Draw the crosshair if it is on. Returns its value of x."""
    if ui.crosshair is None or plot.width < 2:
        return None
    column = max(0, plot.width - 1 - ui.crosshair)
    for y in range(plot.y, plot.y + plot.height):
        if frame.chars[y][plot.x + column] == " ":
            frame.put(plot.x + column, y, "┊", "axis")
    return axes.x_min + (axes.x_max - axes.x_min) * column / (plot.width - 1)


def paint_reading(frame: Frame, plot: Box, text: str) -> None:
    """The values at the crosshair, at the upper right of a plot."""
    frame.put_right(plot.x + plot.width, plot.y, clip(f" {text} ", plot.width), "title")
