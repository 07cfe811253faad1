"""The two plots of a night: the loss of a run against the incumbent's, and the frontier. Pure."""

from collections.abc import Sequence
from math import isfinite

from journal.recorded import Sample
from tui.formatting import clip, number, signed
from tui.frame import Frame
from tui.ui import PlotUi
from tui.view import View
from tui.widgets.plot import Axes, Box, Points, Series, fit, paint_plot, smooth, thin

UNIT = {"time": "s", "step": "steps", "tokens": "tokens"}
SMOOTHING = 0.9  # weight of the past in the moving average
DOTS = 4  # discarded experiments drawn at most, per column of the plot


def points(curve: Sequence[Sample], *, axis: str) -> Points:
    """Loss over seconds, steps or tokens; without the samples that lack either."""
    placed = [(_place(one, axis), one.loss) for one in curve]
    return [(x, y) for x, y in placed if x is not None and y is not None and isfinite(y)]


def _place(sample: Sample, axis: str) -> float | None:
    match axis:
        case "step":
            return sample.step
        case "tokens":
            return sample.tokens
        case _:
            return sample.seconds


def at(curve: Points, x: float) -> float | None:
    """The value of the last point at or before x."""
    before = [y for place, y in curve if place <= x]
    return before[-1] if before else None


def paint_loss(
    frame: Frame,
    box: Box,
    *,
    curve: Sequence[Sample],
    rival: Sequence[Sample],
    ui: PlotUi,
    x_max: float | None = None,
    plain: bool = False,
) -> None:
    """The curve over the rival's, at the same second (or step, or token)."""
    ours, theirs = points(curve, axis=ui.axis), points(rival, axis=ui.axis)
    if ui.smooth:
        ours, theirs = smooth(ours, weight=SMOOTHING), smooth(theirs, weight=SMOOTHING)
    limit = box.width * 4
    series = [
        Series(points=thin(theirs, limit=limit), role="rival", shape="dashes", sign="."),
        Series(points=thin(ours, limit=limit), role="curve", sign="*"),
    ]
    axes = fit(series, log=ui.log, x_label=UNIT[ui.axis], x_max=x_max if ui.axis == "time" else None)
    if axes is None:
        frame.put(box.x + 1, box.y + box.height // 2, "no loss yet", "dim")
        return
    inner = paint_plot(frame, box, series, axes, plain=plain)
    if ui.crosshair is not None and inner.width > 1:
        _crosshair(frame, inner, axes, ours=ours, theirs=theirs, ui=ui)


def _crosshair(frame: Frame, inner: Box, axes: Axes, *, ours: Points, theirs: Points, ui: PlotUi) -> None:
    """A line at one column, and the values there in words."""
    place = max(0, inner.width - 1 - (ui.crosshair or 0))
    x = axes.x_min + (axes.x_max - axes.x_min) * place / (inner.width - 1)
    for y in range(inner.y, inner.y + inner.height):
        if frame.chars[y][inner.x + place] == " ":
            frame.put(inner.x + place, y, "┊", "axis")
    mine, other = at(ours, x), at(theirs, x)
    difference = f", {signed(mine - other)}" if mine is not None and other is not None else ""
    words = f" {x:.4g} {UNIT[ui.axis]}: {number(mine)}, incumbent {number(other)}{difference} "
    frame.put_right(inner.x + inner.width, inner.y, clip(words, inner.width), "title")


def paint_frontier(frame: Frame, box: Box, *, view: View, log: bool = False, plain: bool = False) -> None:
    """The running best over the number of the experiment, and every other verdict as a dot."""
    ledger = view.ledger
    kept: Points = [(float(ledger.number[row]), view.figure("metric", row) or 0.0) for row in view.kept]
    if not kept:
        frame.put(box.x + 1, box.y + box.height // 2, "no kept experiment yet", "dim")
        return
    rows = view.rows
    sample = rows[:: max(1, len(rows) // (DOTS * box.width))]
    figures = ((float(ledger.number[row]), view.figure("metric", row)) for row in sample)
    others = [(place, metric) for place, metric in figures if metric is not None]
    last = max(float(ledger.number[rows[-1]]), kept[-1][0])
    series = [
        Series(points=others, role="dim", shape="dots", sign="."),
        Series(points=[*kept, (last, kept[-1][1])], role="good", shape="stairs", sign="#"),
    ]
    axes = fit(series, log=log, x_label="experiment" if box.width > 30 else "")
    assert axes is not None
    paint_plot(frame, box, series, axes, plain=plain)
