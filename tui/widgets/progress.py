"""The progress of a run in flight: in words, as a bar, and in numbers. Pure."""

from datetime import datetime

from journal.projections.runs import Run
from tui.model.loss_curves import difference
from tui.model.snapshot import ActiveExperiment
from tui.state.ui import Scene
from tui.terminal.formatting import clip, count, duration, memory, number, percent, rate, sanitize, signed
from tui.widgets.diff import StyledText

SILENT_SECONDS = 10.0  # without telemetry, after which a run is expected to send none, unless the incumbent's did
MAX_NAME = 24  # cells of the metric's name


def short_progress(scene: Scene, active: ActiveExperiment, run: Run) -> tuple[str, float]:
    """What a run does, in a word or two, and its share of the budget."""
    left, share = _progress(active, run)
    if run.status != "running":
        return "judging", 1.0
    if is_interrupted(scene):
        return "interrupted", share
    if left is None:
        return _progress_by_clock(scene, run)
    return (f"{duration(left)} left" if share < 1 else "evaluating"), share


def full_progress(scene: Scene, active: ActiveExperiment, run: Run) -> tuple[str, float]:
    """What a run does, with its budget and step, and its share of the budget."""
    left, share = _progress(active, run)
    if run.status != "running":
        return f"run {run.status}; judging", 1.0
    if is_interrupted(scene):
        return "interrupted: the loop does not run", share
    if left is None:
        return _progress_by_clock(scene, run, note=" by the clock, no telemetry")
    words = f"{duration(left)} left of {duration(run.budget)}" if share < 1 else "trained; evaluating"
    last = active.curve.last
    return f"{words}  step {count(last.step if last else 0)}", share


def is_interrupted(scene: Scene) -> bool:
    """Whether the loop has ended during the run."""
    return scene.snapshot.is_loop_running is False and scene.ui.replay is None


def _progress(active: ActiveExperiment, run: Run) -> tuple[float | None, float]:
    """Seconds left of the budget and the share used, from the telemetry; None seconds without telemetry."""
    last = active.curve.last
    if last is None:
        return None, 0.0
    share = last.progress if last.progress is not None else (last.seconds / run.budget if run.budget else 0.0)
    share = max(0.0, min(1.0, share))
    # The share counts if the trainer reports one: by its seconds alone, 91 % of a run could have 0 s left.
    return (run.budget * (1 - share) if last.progress is not None else max(0.0, run.budget - last.seconds)), share


def _progress_by_clock(scene: Scene, run: Run, *, note: str = "") -> tuple[str, float]:
    """The progress of a run without telemetry; `note` follows once no telemetry is expected."""
    elapsed = (scene.now - datetime.fromisoformat(run.started_at)).total_seconds()
    if scene.snapshot.incumbent_curve or elapsed < SILENT_SECONDS:
        return f"starting, {duration(round(elapsed))}", 0.0
    share = max(0.0, min(1.0, elapsed / run.budget)) if run.budget else 0.0
    return f"{duration(round(elapsed))} of {duration(run.budget)}{note}", share


def measurements(scene: Scene, active: ActiveExperiment) -> StyledText:
    """The last telemetry of a run in flight; of one that ended, its metric or why it failed."""
    run, session = active.run, scene.snapshot.view.session
    if run is not None and run.status == "finished":
        metric = clip(sanitize(session.metric), MAX_NAME) if session else "metric"
        return ((f"{metric} {number(run.metric)}", "strong"), (f" ({run.trust})", ""))
    if run is not None and run.status == "failed":
        return ((sanitize(f"{run.failure}: {run.reason}"), "bad"),)
    last = active.curve.last
    if last is None:
        return ()
    parts = [*loss(scene, active, is_full=True), (f"  {speed(active)}", "")]
    if last.mfu is not None:
        parts.append((f"  MFU {last.mfu:.1%}", ""))
    if last.memory is not None:
        parts.append((f"  {memory(last.memory)}", ""))
    return tuple(parts)


def loss(scene: Scene, active: ActiveExperiment, *, is_full: bool = False) -> StyledText:
    """The loss, and its distance from the incumbent's at the same second, coloured if it is outside the noise.

    `is_full` names the incumbent. A run of the incumbent itself has no distance.
    """
    last = active.curve.last
    if not active.is_training or last is None:
        return ()
    text = f"loss {number(last.loss)}"
    distance = None if active.is_of_incumbent else difference(active.curve, scene.snapshot.incumbent_curve)
    if distance is None:
        return ((text, ""),)
    role = ("good" if distance.value < 0 else "bad") if distance.is_clear else ""
    words = f" to incumbent at {duration(round(last.seconds))}" if is_full else ""
    return (text, ""), (" (", ""), (signed(distance.value), role), (f"{words})", "")


def speed(active: ActiveExperiment) -> str:
    """Tokens per second; empty if no run is in training."""
    last = active.curve.last
    return f"{rate(last.tokens_per_second)} tok/s" if active.is_training and last else ""


def bar(share: float, width: int) -> StyledText:
    """A share of the budget, in `width` cells."""
    full = round(width * share)
    return ("█" * full, "bar"), ("░" * (width - full), "bar_empty")


def share_text(share: float) -> str:
    return f"{percent(share):>4}"
