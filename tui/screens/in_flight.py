"""The experiments in flight on the live screen: one in full, a few others in a line each, or many in a grid. Pure."""

from collections.abc import Sequence

from rich.cells import cell_len

from journal.projections.runs import Run
from tui.model.session_summary import SessionSummary
from tui.model.snapshot import ActiveExperiment, ExperimentDetail, is_of_incumbent
from tui.screens import in_flight_grid
from tui.state.cursor import focused
from tui.state.ui import Scene
from tui.terminal.formatting import clip, dollars, percent, sanitize, wrap
from tui.terminal.frame import Frame
from tui.widgets.diff import StyledText
from tui.widgets.machine import machine_line
from tui.widgets.panel import has_borders, panel
from tui.widgets.plot import Box
from tui.widgets.progress import bar, full_progress, loss, measurements, share_text, short_progress, speed
from tui.widgets.run_strip import run_strip
from tui.widgets.styled import paint_styled

LINES = 4  # of the experiment in full: idea, origin, budget, measurements
MANY = 6  # other experiments, from which they are a grid
WITH_BAR = 100  # columns from which the other experiments have a bar
BAR = 12  # cells
WITH_SPEED = 120  # columns from which the other experiments show their speed
MIN_IDEA = 16  # cells
ISOLATION = {"sandboxed": "sandboxed", "limited": "limited, not contained", "none": "no isolation"}


def full_height(frame: Frame, scene: Scene) -> int:
    """The lines of the experiment in full, with its frame, and with the machine if it is sampled."""
    return LINES + bool(scene.snapshot.machine) + (2 if has_borders(frame) else 1)


def paint_in_flight(frame: Frame, scene: Scene, *, max_others: int) -> int:
    """Paint from the first line on, with at most `max_others` lines for the others. Returns the line after them."""
    session, first, height = scene.snapshot.view.session, focused(scene), full_height(frame, scene)
    box = Box(x=0, y=0, width=frame.width, height=height)
    if session is None:
        return height
    if first is None:
        _paint_idle(frame, box, session)
        return height
    _paint_full(frame, box, scene, first)
    others = [active for active in scene.snapshot.active if active is not first]
    if not others:
        return height
    box = Box(x=0, y=height, width=frame.width, height=max_others)
    if len(others) > min(MANY, max_others):
        return in_flight_grid.paint(frame, box, scene, others)
    return _paint_others(frame, height, scene, others)


def _paint_full(frame: Frame, box: Box, scene: Scene, active: ActiveExperiment) -> None:
    """Idea, origin, budget or runs, measurements."""
    run, has_others = active.run, len(scene.snapshot.active) > 1
    purpose = f" ({run.purpose})" if run is not None and is_extra_run(run) else ""
    device = f" on {sanitize(run.device)}" if has_others and run is not None and run.device else ""
    isolation, role = "", "dim"
    if run is not None:
        isolation = ISOLATION.get(run.isolation, sanitize(run.isolation))
        role = "warn" if run.isolation != "sandboxed" else "dim"
    inner = panel(frame, box, name(active) + purpose + device, right=isolation, right_role=role)
    frame.add_target(inner.x, inner.y, inner.width, ("open", active.row))
    frame.put(inner.x, inner.y, clip(sanitize(active.experiment.idea), inner.width), "strong")
    frame.put(inner.x, inner.y + 1, clip(_origin(active.detail), inner.width), "dim")
    _paint_budget(frame, inner, scene, active)
    paint_styled(frame, inner.x, inner.y + 3, measurements(scene, active), width=inner.width)
    if scene.snapshot.machine:
        paint_styled(frame, inner.x, inner.y + 4, machine_line(scene.snapshot.machine), width=inner.width)
    if has_others and scene.ui.cursor == active.row:
        frame.put(box.x, inner.y, "▌", "accent")


def name(active: ActiveExperiment) -> str:
    """The number of the experiment, and that of the run unless it is the first of a candidate."""
    run = f" run {active.run.run}" if active.run is not None and is_extra_run(active.run) else ""
    return f"#{active.experiment.number}{run}"


def is_extra_run(run: Run) -> bool:
    return run.purpose != "candidate" or run.run > 1


def _paint_others(frame: Frame, y: int, scene: Scene, others: Sequence[ActiveExperiment]) -> int:
    """Each experiment in a line, in columns. Returns the line after them."""
    rows = [_cells(scene, active, width=frame.width) for active in others]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for line, (active, row) in enumerate(zip(others, rows, strict=True), start=y):
        x = 1
        for parts, width in zip(row, widths, strict=True):
            if width and x + width + MIN_IDEA < frame.width:
                frame.put_parts(x, line, *parts)
                x += width + 2
        frame.put(x, line, clip(sanitize(active.experiment.idea), frame.width - x))
        frame.add_target(0, line, frame.width, ("row", active.row))
    return y + len(others)


def _width(parts: StyledText) -> int:
    return sum(cell_len(text) for text, _ in parts)


def _cells(scene: Scene, active: ActiveExperiment, *, width: int) -> tuple[StyledText, ...]:
    """Number, device, bar, share of the budget, activity, loss, speed."""
    title: StyledText = ((name(active), "strong"),)
    if active.run is None:
        return title, (), (), (), (("preparing", "dim"),), (), ()
    activity, share = short_progress(scene, active, active.run)
    activity += " (incumbent)" if is_of_incumbent(active.run) else ""
    return (
        title,
        ((sanitize(active.run.device), "dim"),),
        bar(share, BAR) if width >= WITH_BAR else (),
        ((share_text(share), ""),),
        ((activity, "dim"),),
        loss(scene, active),
        ((speed(active), "dim"),) if width >= WITH_SPEED else (),
    )


def _paint_idle(frame: Frame, box: Box, session: SessionSummary) -> None:
    """Nothing is in flight: the reason in full, and the session's goal."""
    titles = {"open": "between experiments", "paused": "paused", "ended": "the session has ended"}
    inner = panel(frame, box, titles[session.state.name])
    lines = wrap(sanitize(session.state.reason), inner.width, limit=2) if session.state.reason else []
    for row, line in enumerate(lines, start=inner.y):
        frame.put(inner.x, row, line, "strong")
    for row, line in enumerate(wrap(sanitize(session.goal), inner.width, limit=2), start=inner.y + len(lines)):
        frame.put(inner.x, row, line, "dim")


def _origin(detail: ExperimentDetail) -> str:
    """Change, parent, proposer, price, hypothesis."""
    experiment, parts = detail.experiment, []
    if detail.proposal and detail.proposal.change.knobs and experiment.kind != "baseline":
        moves = detail.proposal.change.knobs
        parts.append(", ".join(f"{move.name} {move.old or '∅'}→{move.new or '∅'}" for move in moves))
    parts += [f"on {(experiment.parent or '')[:7]}", f"by {experiment.proposer}"]
    if experiment.dollars:
        parts.append(dollars(experiment.dollars))
    if experiment.hypothesis:
        parts.append(experiment.hypothesis)
    return sanitize(" · ".join(parts))


def _paint_budget(frame: Frame, inner: Box, scene: Scene, active: ActiveExperiment) -> None:
    """The bar of the only run, or a strip of several."""
    y = inner.y + 2
    if active.run is None:
        frame.put(inner.x, y, "proposed; no run yet", "dim")
        return
    if len(active.detail.runs) > 1 or active.run.purpose == "baseline":
        paint_styled(frame, inner.x, y, run_strip(scene, active), width=inner.width)
        return
    words, share = full_progress(scene, active, active.run)
    x = frame.put_parts(inner.x, y, *bar(share, max(10, min(40, inner.width - 46))))
    frame.put(x + 1, y, clip(f"{percent(share)}  {words}", inner.x + inner.width - x - 1))
