"""The two plots of a night: the loss of a run against the incumbent's, and the frontier. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from math import isfinite
from operator import itemgetter

from journal.events.recorded import Sample
from tui.model.columns import thin
from tui.model.view import View
from tui.state.ui import PlotUi
from tui.terminal.formatting import clip, number, signed
from tui.terminal.frame import Frame
from tui.widgets.plot import Axes, Box, Points, Series, fit, paint_plot, smooth

UNIT = {"time": "s", "step": "steps", "tokens": "tokens"}
SMOOTHING = 0.9  # weight of the past in the moving average
ABREAST = 64  # proposals among which the highest number is, in whichever order they came
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
    """The value of the last point at or before x; None before the first, and further behind the last than those are apart."""
    place = bisect_right(curve, x, key=itemgetter(0)) - 1
    if place < 0:
        return None
    if place == len(curve) - 1 and place and x > 2 * curve[-1][0] - curve[-2][0]:
        return None
    return curve[place][1]


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
    axes = fit(series, log=ui.log, x_label=UNIT[ui.axis], x_min=0.0, x_max=x_max if ui.axis == "time" else None)
    if axes is None:
        frame.put(box.x + 1, box.y + box.height // 2, "no loss yet", "dim")
        return
    inner = paint_plot(frame, box, series, axes, plain=plain)
    if (x := crosshair(frame, inner, axes, ui)) is not None:
        mine, other = at(ours, x), at(theirs, x)
        difference = f", {signed(mine - other)}" if mine is not None and other is not None else ""
        say(frame, inner, f"{x:.4g} {UNIT[ui.axis]}: {number(mine)}, incumbent {number(other)}{difference}")


def crosshair(frame: Frame, inner: Box, axes: Axes, ui: PlotUi) -> float | None:
    """Draw the line to read off, if there is one; where on the axis it stands."""
    if ui.crosshair is None or inner.width < 2:
        return None
    place = max(0, inner.width - 1 - ui.crosshair)
    for y in range(inner.y, inner.y + inner.height):
        if frame.chars[y][inner.x + place] == " ":
            frame.put(inner.x + place, y, "┊", "axis")
    return axes.x_min + (axes.x_max - axes.x_min) * place / (inner.width - 1)


def say(frame: Frame, inner: Box, words: str) -> None:
    """What the crosshair reads, at the upper right of a plot."""
    frame.put_right(inner.x + inner.width, inner.y, clip(f" {words} ", inner.width), "title")


def paint_frontier(frame: Frame, box: Box, *, view: View, ui: PlotUi, plain: bool = False) -> None:
    """The incumbent's metric over the number of the experiment, and every other verdict as a dot."""
    ledger = view.ledger
    incumbents = view.incumbents(limit=DOTS * box.width)
    kept: Points = [(float(one.tried), one.metric or 0.0) for one in incumbents]
    if not kept:
        frame.put(box.x + 1, box.y + box.height // 2, "no kept experiment yet", "dim")
        return
    rows = view.rows
    sample = rows[:: max(1, len(rows) // (DOTS * box.width))]
    figures = ((float(ledger.number[row]), view.figure("metric", row)) for row in sample)
    others = [(place, metric) for place, metric in figures if metric is not None]
    last = max(kept[-1][0], *(float(ledger.number[row]) for row in rows[-ABREAST:]))
    series = [
        Series(points=others, role="dim", shape="dots", sign="."),
        Series(points=[*kept, (last, kept[-1][1])], role="good", shape="stairs", sign="#"),
    ]
    axes = fit(series, log=ui.log, x_label="experiment" if box.width > 30 else "")
    assert axes is not None
    inner = paint_plot(frame, box, series, axes, plain=plain)
    if (x := crosshair(frame, inner, axes, ui)) is None:
        return
    standing = next((one for one in reversed(incumbents) if one.tried <= x), None)
    if standing is not None:
        say(frame, inner, f"#{x:.0f}: {number(standing.metric)} of #{standing.number}")
