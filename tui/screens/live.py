"""Live: the experiment in flight, its loss, the frontier, the last experiments. Pure."""

from datetime import datetime

from journal.projections.runs import Run
from tui.formatting import clip, dollars, duration, memory, number, percent, rate, sanitize, signed, wrap
from tui.frame import Frame
from tui.moving import place
from tui.snapshot import Detail, Snapshot
from tui.summary import Summary
from tui.ui import Scene
from tui.widgets.chrome import HEADER
from tui.widgets.curves import at, paint_frontier, paint_loss, points
from tui.widgets.plot import Box
from tui.widgets.table import paint_table, window

FLIGHT = 5  # lines
STACKED = 120  # columns below which zoomed plots stand one above the other
SILENCE = 10.0  # seconds without telemetry after which none is expected of a run, unless the incumbent had some
ROWS_LEAST = 5  # of the table, its heading included


def paint(frame: Frame, scene: Scene) -> None:
    """Header and footer aside: flight, plots, table."""
    bottom = frame.height - 1
    paint_flight(frame, HEADER, scene)
    top = HEADER + FLIGHT
    plots = bottom - top if scene.ui.zoom else max(5, min((bottom - top) // 2, bottom - top - ROWS_LEAST))
    _paint_plots(frame, Box(x=0, y=top, width=frame.width, height=plots), scene)
    if not scene.ui.zoom:
        _paint_last(frame, Box(x=0, y=top + plots, width=frame.width, height=bottom - top - plots), scene)


def paint_flight(frame: Frame, y: int, scene: Scene) -> None:
    """Five lines: title, idea, change, budget, figures."""
    snapshot = scene.snapshot
    session = snapshot.view.session
    if session is None:
        return
    if snapshot.flight is None:
        _paint_idle(frame, y, session)
        return
    flight = snapshot.flight
    run = flight.run
    title = f"#{flight.experiment.number}"
    if run is not None and (run.purpose != "candidate" or run.run > 1):
        title += f" run {run.run} ({run.purpose})"
    frame.rule(y, title)
    if run is not None:
        frame.put_right(frame.width - 1, y, f" {_isolation(run)} ", "warn" if run.isolation != "sandboxed" else "dim")
    frame.put(1, y + 1, clip(sanitize(flight.experiment.idea), frame.width - 1), "strong")
    frame.put(1, y + 2, clip(_origin(flight), frame.width - 1), "dim")
    _paint_budget(frame, y + 3, scene, run)
    frame.put(1, y + 4, clip(_figures(snapshot, flight), frame.width - 1))


def _paint_idle(frame: Frame, y: int, session: Summary) -> None:
    """Nothing in flight: why, in full, and what the night is for."""
    frame.rule(y, {"open": "between experiments", "paused": "paused", "ended": "the session has ended"}[session.state])
    lines = wrap(sanitize(session.reason), frame.width - 2, limit=2) if session.reason else []
    for row, line in enumerate(lines, start=y + 1):
        frame.put(1, row, line, "strong")
    for row, line in enumerate(wrap(sanitize(session.goal), frame.width - 2, limit=2), start=y + 1 + len(lines)):
        frame.put(1, row, line, "dim")


def _isolation(run: Run) -> str:
    return {"sandboxed": "sandboxed", "limited": "limited, not contained", "none": "no isolation"}.get(
        run.isolation, sanitize(run.isolation)
    )


def _origin(flight: Detail) -> str:
    """Change, parent, proposer, hypothesis: what fits."""
    parts = []
    if flight.proposal and flight.proposal.change.knobs and flight.experiment.kind != "baseline":
        moves = flight.proposal.change.knobs
        parts.append(", ".join(f"{move.name} {move.old or '∅'}→{move.new or '∅'}" for move in moves))
    parts.append(f"on {(flight.experiment.parent or '')[:7]}")
    parts.append(f"by {flight.experiment.proposer}")
    if flight.experiment.dollars:
        parts.append(dollars(flight.experiment.dollars))
    if flight.experiment.hypothesis:
        parts.append(flight.experiment.hypothesis)
    return sanitize(" · ".join(parts))


def _paint_budget(frame: Frame, y: int, scene: Scene, run: Run | None) -> None:
    if run is None:
        frame.put(1, y, "proposed; no run yet", "dim")
        return
    words, share = budget_words(scene, run)
    width = max(10, min(40, frame.width - 46))
    full = round(width * share)
    x = frame.spans(1, y, ("█" * full, "bar"), ("░" * (width - full), "bar_empty"))
    frame.put(x + 1, y, clip(f"{percent(share)}  {words}", frame.width - x - 1))


def budget_words(scene: Scene, run: Run) -> tuple[str, float]:
    """Where a run stands in its budget, in words and as a share."""
    curve = scene.snapshot.curve
    if run.status != "running":
        return f"run {run.status}; judging", 1.0
    if not curve:
        since = (scene.now - datetime.fromisoformat(run.started_at)).total_seconds()
        if scene.snapshot.rival or since < SILENCE:
            return f"starting, {duration(since)}", 0.0
        share = max(0.0, min(1.0, since / run.budget)) if run.budget else 0.0
        return f"{duration(since)} of {duration(run.budget)} by the clock, no telemetry", share
    seconds, budget = curve[-1].seconds, run.budget
    share = curve[-1].progress if curve[-1].progress is not None else (seconds / budget if budget else 0.0)
    share = max(0.0, min(1.0, share))
    left = max(0.0, budget - seconds)
    words = f"{duration(left)} left of {duration(budget)}" if share < 1 else "trained; evaluating"
    return f"{words}  step {curve[-1].step:,}", share


def _figures(snapshot: Snapshot, flight: Detail) -> str:
    run, curve = flight.run, snapshot.curve
    if run is not None and run.status == "finished":
        return (
            f"{snapshot.view.session.metric if snapshot.view.session else 'metric'} {number(run.metric)} ({run.trust})"
        )
    if run is not None and run.status == "failed":
        return sanitize(f"{run.failure}: {run.reason}")
    if not curve:
        return ""
    last = curve[-1]
    rival = at(points(snapshot.rival, axis="time"), last.seconds)
    parts = [f"loss {number(last.loss)}"]
    if rival is not None and last.loss is not None:
        parts[0] += f" ({signed(last.loss - rival)} to incumbent at {duration(last.seconds)})"
    parts += [f"{rate(last.tokens_per_second)} tok/s"]
    if last.mfu is not None:
        parts.append(f"MFU {last.mfu:.1%}")
    if last.memory is not None:
        parts.append(memory(last.memory))
    return "  ".join(parts)


def _paint_plots(frame: Frame, box: Box, scene: Scene) -> None:
    """Loss and frontier; the frontier alone where there is no telemetry at all."""
    snapshot, ui = scene.snapshot, scene.ui
    left, right = _halves(box, stacked=ui.zoom and box.width < STACKED)
    if not snapshot.curve and not snapshot.rival:
        right = Box(x=0, y=box.y + 1, width=box.width, height=box.height - 1)
    else:
        frame.rule(left.y - 1, _loss_title(scene), x=left.x, width=left.width)
        budget = snapshot.flight.run.budget if snapshot.flight and snapshot.flight.run else None
        paint_loss(
            frame,
            left,
            curve=snapshot.curve,
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
    plot = scene.ui.plot
    words = [word for word, on in (("log", plot.log), ("smoothed", plot.smooth)) if on]
    return "loss" + (f", {', '.join(words)}" if words else "")


def _paint_last(frame: Frame, box: Box, scene: Scene) -> None:
    """The list, the newest first; what was answered, or went wrong, last stands in its heading."""
    frame.rule(box.y, "last experiments")
    session = scene.snapshot.view.session
    if session is not None and session.news:
        frame.put_right(frame.width - 1, box.y, clip(f" {sanitize(session.news)}", frame.width - 26) + " ", "warn")
    cursor = place(scene.rows, scene.ui.cursor)
    height = box.height - 1
    paint_table(
        frame,
        Box(x=0, y=box.y + 1, width=box.width, height=height),
        view=scene.snapshot.view,
        rows=scene.rows,
        top=window(cursor, total=len(scene.rows), height=height - 1),
        cursor=cursor if scene.ui.cursor is not None else None,
        marked=scene.ui.marks,
        several=False,
    )
