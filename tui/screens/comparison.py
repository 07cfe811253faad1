"""Two or more experiments: their curves over one another, and their diffs side by side. Pure."""

from tui.model.columns import thin
from tui.state.ui import Scene
from tui.terminal.formatting import STATUS_ROLE, STATUS_SIGN, clip, number, sanitize, signed
from tui.terminal.frame import Frame
from tui.widgets.chrome import HEADER
from tui.widgets.curves import SMOOTHING, UNIT, at, crosshair, points, say
from tui.widgets.diff import diff_lines, paint_lines
from tui.widgets.plot import Box, Series, fit, paint_plot, smooth

ROLES = ("curve", "warn", "good", "bad")
SIGNS = "abcd"


def paint(frame: Frame, scene: Scene) -> None:
    """A line for each, the curves, the diffs."""
    compared = scene.loaded.compared[: len(ROLES)]
    more = len(scene.loaded.compared) - len(compared)
    frame.rule(HEADER, f"comparing {len(compared)}" + (f" of {len(compared) + more} marked" if more else ""))
    y = HEADER + 1
    for (detail, _), role, sign in zip(compared, ROLES, SIGNS, strict=False):
        one = detail.experiment
        figures = f"#{one.number} {STATUS_SIGN[one.status]} {number(one.metric)} {signed(one.delta)}  "
        x = frame.spans(1, y, (f"{sign} ", role), (figures, STATUS_ROLE[one.status]))
        frame.put(x, y, clip(sanitize(one.idea), frame.width - x))
        y += 1
    height = max(6, (frame.height - y - 1) // 2)
    _paint_curves(frame, Box(x=0, y=y, width=frame.width, height=height), scene)
    _paint_diffs(frame, Box(x=0, y=y + height, width=frame.width, height=frame.height - y - height - 1), scene)


def _paint_curves(frame: Frame, box: Box, scene: Scene) -> None:
    ui = scene.ui.plot
    series = []
    for (_, curve), role, sign in zip(scene.loaded.compared, ROLES, SIGNS, strict=False):
        line = points(curve, axis=ui.axis)
        line = smooth(line, weight=SMOOTHING) if ui.smooth else line
        series.append(Series(points=thin(line, limit=box.width * 4), role=role, sign=sign, label=sign))
    axes = fit(series, log=ui.log, x_label=UNIT[ui.axis], x_min=0.0)
    if axes is None:
        frame.put(box.x + 1, box.y + 1, "no telemetry of these runs", "dim")
        return
    inner = paint_plot(frame, box, series, axes, plain=scene.ui.look.ascii)
    if (x := crosshair(frame, inner, axes, ui)) is not None:
        say(
            frame,
            inner,
            f"{x:.4g} {UNIT[ui.axis]}: " + ", ".join(f"{one.sign} {number(at(one.points, x))}" for one in series),
        )


def _paint_diffs(frame: Frame, box: Box, scene: Scene) -> None:
    compared = scene.loaded.compared[: len(ROLES)]
    if box.height < 2 or not compared:
        return
    width = box.width // len(compared)
    for place, (detail, _) in enumerate(compared):
        x = box.x + place * width
        frame.rule(box.y, f"{SIGNS[place]} #{detail.experiment.number}", x=x, width=width - 1)
        lines = diff_lines(detail.proposal.diff) if detail.proposal and detail.proposal.diff else ()
        top = min(scene.ui.line, max(0, len(lines) - box.height + 1))
        paint_lines(frame, box.y + 1, lines, top=top, x=x, width=width - 1, height=box.height - 1)
