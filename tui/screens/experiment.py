"""The experiment screen: one experiment from proposal to verdict, in panes; or the comparison of several. Pure."""

from tui.model.run_curve import RunCurve
from tui.model.snapshot import ExperimentDetail
from tui.screens import comparison
from tui.screens.experiment_panes import pane_lines
from tui.screens.text_pane import paint_text
from tui.state.ui import PANES, Scene
from tui.terminal.formatting import STATUS_ROLE, sanitize, wrap
from tui.terminal.frame import Frame
from tui.widgets.curves import LossCurves, legend, paint_loss
from tui.widgets.panel import has_borders, panel
from tui.widgets.plot import Box
from tui.widgets.verdict import head, outcome, verdict_text

TWO_PANES = 140  # columns from which the curve stands beside the pane
VERDICT_LINES, IDEA_LINES = 3, 2


def paint(frame: Frame, scene: Scene) -> None:
    """Verdict, idea, the names of the panes, and one pane."""
    if scene.ui.is_comparing:
        comparison.paint(frame, scene)
        return
    detail = scene.data.detail
    if detail is None:
        frame.put(1, 1, "No experiment is selected: press 2, move to one, and press enter.", "dim")
        return
    y = 0 if scene.ui.is_zoomed else _paint_head(frame, scene, detail)
    box = Box(x=0, y=y, width=frame.width, height=frame.height - y)
    if frame.width >= TWO_PANES and scene.ui.pane != "curve":
        half = frame.width // 2
        _paint_pane(frame, Box(x=0, y=y, width=half, height=box.height), scene, detail)
        _paint_curve(frame, Box(x=half, y=y, width=frame.width - half, height=box.height), scene, detail)
    elif scene.ui.pane == "curve":
        _paint_curve(frame, box, scene, detail)
        _paint_tabs(frame, box, scene)
    else:
        _paint_pane(frame, box, scene, detail)


def _paint_head(frame: Frame, scene: Scene, detail: ExperimentDetail) -> int:
    """The verdict, brighter than all else, the idea and the hypothesis. Returns the line after them."""
    experiment = detail.experiment
    width = frame.width - (4 if has_borders(frame) else 2)
    lines = [
        *((line, "verdict") for line in wrap(verdict_text(detail), width, limit=VERDICT_LINES)),
        *((line, "") for line in wrap(sanitize(experiment.idea), width, limit=IDEA_LINES)),
        *((line, "dim") for line in wrap(sanitize(experiment.hypothesis), width, limit=IDEA_LINES) if line),
    ]
    height = len(lines) + (2 if has_borders(frame) else 1)
    title = [(f"#{experiment.number} ", "title"), (outcome(detail), STATUS_ROLE[experiment.status])]
    box = Box(x=0, y=0, width=frame.width, height=height)
    inner = panel(frame, box, title, right=head(scene, detail))
    for y, (line, role) in enumerate(lines, start=inner.y):
        frame.put(inner.x, y, line, role)
    return height


def _paint_tabs(frame: Frame, box: Box, scene: Scene) -> None:
    """The names of the panes over the title of the panel."""
    x = box.x + 1
    for pane in PANES:
        frame.add_target(x, box.y, len(pane) + 2, ("pane", pane))
        x = frame.put(x, box.y, f" {pane} ", "tab" if pane == scene.ui.pane else "dim")


def _paint_pane(frame: Frame, box: Box, scene: Scene, detail: ExperimentDetail) -> None:
    lines = pane_lines(scene, detail, scene.ui.pane, width=box.width - 4)
    note = "against the baseline; B: against the parent" if scene.ui.is_from_baseline else "against the parent"
    paint_text(
        frame, box, scene, lines, right=note if scene.ui.pane == "diff" else "", is_end_first=scene.ui.pane == "log"
    )
    _paint_tabs(frame, box, scene)


def _paint_curve(frame: Frame, box: Box, scene: Scene, detail: ExperimentDetail) -> None:
    session, number = scene.snapshot.view.session, detail.experiment.number
    is_comparable = session is not None and session.tag == detail.experiment.session
    is_incumbent = session is not None and session.best_experiment == number
    curves = LossCurves(
        curve=scene.data.curve,
        incumbent=scene.snapshot.incumbent_curve if is_comparable and not is_incumbent else RunCurve(),
        x_max=detail.own_run.budget if detail.own_run else None,
    )
    best = f"incumbent #{session.best_experiment}" if session else "incumbent"
    title = legend(curves, name=f"#{number}", incumbent=best)
    inner = panel(frame, box, "" if scene.ui.pane == "curve" else title)
    paint_loss(frame, inner, curves, ui=scene.ui.plot, is_ascii=scene.ui.display.is_ascii)
