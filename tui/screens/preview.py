"""The experiment under the cursor beside a list: its verdict in words, its diff and its curve. Pure."""

from tui.model.run_curve import RunCurve
from tui.model.snapshot import ExperimentDetail
from tui.state.ui import PREVIEW_HEIGHT, WITH_PREVIEW, Scene
from tui.terminal.formatting import STATUS_ROLE, sanitize, wrap
from tui.terminal.frame import Frame
from tui.widgets.curves import LossCurves, paint_loss
from tui.widgets.diff import StyledText, diff_lines, paint_lines
from tui.widgets.panel import panel
from tui.widgets.plot import Box
from tui.widgets.verdict import outcome, verdict_text

SHARE, MIN_WIDTH, MAX_WIDTH = 0.4, 44, 84  # of the window's columns
VERDICT_LINES, IDEA_LINES = 5, 2
MIN_CURVE, MIN_DIFF, MAX_CURVE = 6, 4, 12  # lines


def split(frame: Frame, box: Box) -> tuple[Box, Box | None]:
    """The box of a list, and that of the preview if the window is wide enough."""
    if frame.width < WITH_PREVIEW or frame.height < PREVIEW_HEIGHT - 4:
        return box, None
    width = max(MIN_WIDTH, min(MAX_WIDTH, int(frame.width * SHARE)))
    left = box.width - width
    return (
        Box(x=box.x, y=box.y, width=left, height=box.height),
        Box(x=box.x + left, y=box.y, width=width, height=box.height),
    )


def paint(frame: Frame, box: Box, scene: Scene) -> None:
    """Paint the preview."""
    detail = scene.data.detail
    if detail is None:
        panel(frame, box, "")
        return
    experiment = detail.experiment
    title = [(f"#{experiment.number} ", "title"), (outcome(detail), STATUS_ROLE[experiment.status])]
    inner = panel(frame, box, title, right=sanitize(f"{experiment.kind} by {experiment.proposer}"))
    lines = [
        *((line, "verdict") for line in wrap(verdict_text(detail), inner.width, limit=VERDICT_LINES)),
        *((line, "") for line in wrap(sanitize(experiment.idea), inner.width, limit=IDEA_LINES)),
    ]
    for y, (line, role) in enumerate(lines[: inner.height], start=inner.y):
        frame.put(inner.x, y, line, role)
    y = inner.y + len(lines)
    _paint_rest(frame, Box(x=inner.x, y=y, width=inner.width, height=inner.y + inner.height - y), scene, detail)


def _paint_rest(frame: Frame, box: Box, scene: Scene, detail: ExperimentDetail) -> None:
    """The diff, and below it the curve if there is room for both."""
    diff = detail.proposal.diff if detail.proposal else ""
    lines = tuple(line for line in diff_lines(diff) if not _names_a_file(line)) if diff else ()
    has_curve = len(scene.data.curve) > 1 and box.height >= MIN_CURVE + (MIN_DIFF if lines else 0)
    curve = min(MAX_CURVE, max(MIN_CURVE, box.height - len(lines) - 1)) if has_curve else 0
    height = min(len(lines), box.height - curve - 1)
    if height > 0:
        paint_lines(frame, box.y + 1, lines, top=0, x=box.x, width=box.width, height=height)
    if has_curve:
        top = box.y + box.height - curve
        _paint_curve(frame, Box(x=box.x, y=top, width=box.width, height=curve), scene, detail)


def _names_a_file(line: StyledText) -> bool:
    return line[:1] != () and line[0][0].startswith(("--- ", "+++ "))


def _paint_curve(frame: Frame, box: Box, scene: Scene, detail: ExperimentDetail) -> None:
    session = scene.snapshot.view.session
    is_comparable = session is not None and session.tag == detail.experiment.session
    is_incumbent = session is not None and session.best_experiment == detail.experiment.number
    curves = LossCurves(
        curve=scene.data.curve,
        incumbent=scene.snapshot.incumbent_curve if is_comparable and not is_incumbent else RunCurve(),
        x_max=detail.own_run.budget if detail.own_run else None,
    )
    paint_loss(frame, box, curves, ui=scene.ui.plot, is_ascii=scene.ui.display.is_ascii)
