"""What a run in flight does and how far it is: in words, as a bar, in figures. Pure."""

from datetime import datetime

from journal.projections.runs import Run
from tui.model.snapshot import Flying
from tui.state.ui import Scene
from tui.terminal.formatting import duration, memory, number, rate, sanitize, signed
from tui.widgets.curves import at, points
from tui.widgets.diff import StyledText

SILENCE = 10.0  # seconds without telemetry after which none is expected of a run, unless the incumbent had some


def doing(scene: Scene, one: Flying, run: Run) -> tuple[str, float]:
    """What a run does, in a word or two, and its share of the budget."""
    left, share = _progress(one, run)
    if run.status != "running":
        return "judging", 1.0
    if left is None:
        return _unheard(scene, run)
    return (f"{duration(left)} left" if share < 1 else "evaluating"), share


def budget(scene: Scene, one: Flying, run: Run) -> tuple[str, float]:
    """Where a run stands in its budget, in words and as a share."""
    left, share = _progress(one, run)
    if run.status != "running":
        return f"run {run.status}; judging", 1.0
    if left is None:
        return _unheard(scene, run, more=" by the clock, no telemetry")
    words = f"{duration(left)} left of {duration(run.budget)}" if share < 1 else "trained; evaluating"
    return f"{words}  step {one.curve[-1].step:,}", share


def _progress(one: Flying, run: Run) -> tuple[float | None, float]:
    """Seconds left of the budget, and the share that is used up, as the telemetry tells; None where it tells nothing."""
    if not one.curve:
        return None, 0.0
    last = one.curve[-1]
    share = last.progress if last.progress is not None else (last.seconds / run.budget if run.budget else 0.0)
    return max(0.0, run.budget - last.seconds), max(0.0, min(1.0, share))


def _unheard(scene: Scene, run: Run, *, more: str = "") -> tuple[str, float]:
    """What a run without telemetry does, by the clock; `more` is said where none is expected."""
    since = (scene.now - datetime.fromisoformat(run.started_at)).total_seconds()
    if scene.snapshot.rival or since < SILENCE:
        return f"starting, {duration(since)}", 0.0
    share = max(0.0, min(1.0, since / run.budget)) if run.budget else 0.0
    return f"{duration(since)} of {duration(run.budget)}{more}", share


def figures(scene: Scene, one: Flying) -> str:
    """What it has come to: of a run in flight its last telemetry, else what it measured or why it failed."""
    run, session = one.run, scene.snapshot.view.session
    if run is not None and run.status == "finished":
        return f"{session.metric if session else 'metric'} {number(run.metric)} ({run.trust})"
    if run is not None and run.status == "failed":
        return sanitize(f"{run.failure}: {run.reason}")
    if not one.curve:
        return ""
    last = one.curve[-1]
    parts = [loss(scene, one, in_full=True), speed(one)]
    if last.mfu is not None:
        parts.append(f"MFU {last.mfu:.1%}")
    if last.memory is not None:
        parts.append(memory(last.memory))
    return "  ".join(parts)


def loss(scene: Scene, one: Flying, *, in_full: bool = False) -> str:
    """The loss, and how far it lies from the incumbent's at the same second; in full with these words."""
    if not one.trains or not one.curve:
        return ""
    last = one.curve[-1]
    rival = at(points(scene.snapshot.rival, axis="time"), last.seconds)
    if rival is None or last.loss is None:
        return f"loss {number(last.loss)}"
    against = f" to incumbent at {duration(last.seconds)}" if in_full else ""
    return f"loss {number(last.loss)} ({signed(last.loss - rival)}{against})"


def speed(one: Flying) -> str:
    """Tokens per second; empty of a run that does not train."""
    return f"{rate(one.curve[-1].tokens_per_second)} tok/s" if one.trains and one.curve else ""


def bar(share: float, width: int) -> StyledText:
    """A share of the budget, in `width` cells."""
    full = round(width * share)
    return ("█" * full, "bar"), ("░" * (width - full), "bar_empty")
