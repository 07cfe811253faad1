"""The runs of an experiment as a strip: what each measured, which one trains, and what is still to come. Pure."""

from journal.projections.runs import Run
from tui.model.session_summary import SessionSummary
from tui.model.snapshot import ActiveExperiment, is_of_incumbent
from tui.state.ui import Scene
from tui.terminal.formatting import number, percent, sigmas
from tui.widgets.diff import StyledText
from tui.widgets.progress import bar, short_progress

BAR = 8  # cells
SEPARATOR = ("  ·  ", "dim")


def run_strip(scene: Scene, active: ActiveExperiment) -> StyledText:
    """The runs in order, e.g. `run 1 0.9742 +2.6σ · run 2 ████░░░░ 60% incumbent · up to 4 more`."""
    session, runs = scene.snapshot.view.session, active.detail.runs
    parts: list[tuple[str, str]] = []
    for run in runs:
        parts += [SEPARATOR] if parts else []
        is_active = active.run is not None and run.run == active.run.run and run.status == "running"
        parts += _in_training(scene, active, run) if is_active else _ended(run, session)
    to_come = _to_come(session, runs)
    return (*parts, SEPARATOR, (to_come, "dim")) if to_come else tuple(parts)


def _in_training(scene: Scene, active: ActiveExperiment, run: Run) -> StyledText:
    words, share = short_progress(scene, active, run)
    role = "again" if is_of_incumbent(run) else "accent"
    return (f"run {run.run} ", "strong"), *bar(share, BAR), (f" {percent(share)}{_purpose(run)} {words}", role)


def _ended(run: Run, session: SessionSummary | None) -> StyledText:
    name = (f"run {run.run}{_purpose(run)} ", "dim")
    if run.status == "running":  # one of several at once, which has an entry of its own
        return (name, ("training", "accent"))
    if run.metric is None:
        return (name, (run.failure or "failed", "bad"))
    gain = None if is_of_incumbent(run) or run.purpose == "baseline" else _gain(run.metric, session)
    return (name, (number(run.metric), ""), (f" {sigmas(gain)}" if gain is not None else "", "strong"))


def _purpose(run: Run) -> str:
    return {"incumbent": " incumbent", "replicate": " again"}.get(run.purpose, "")


def _gain(metric: float, session: SessionSummary | None) -> float | None:
    """The gain of one run over the incumbent, in σ."""
    if session is None or session.best is None or not session.sigma:
        return None
    return (session.best - metric if session.is_minimized else metric - session.best) / session.sigma


def _to_come(session: SessionSummary | None, runs: tuple[Run, ...]) -> str:
    """The runs that may follow: the rest of the baseline's, or of the pairs that decide a borderline gain."""
    if session is None or not runs or runs[-1].status == "failed":
        return ""
    if runs[-1].purpose == "baseline":
        missing = int(session.limit("baseline_runs") or 0) - len(runs)
        return f"{missing} more" if missing > 0 else ""
    again = sum(run.purpose == "replicate" for run in runs)
    pairs = int(session.limit("reruns") or 0) - again
    if not again or pairs <= 0:
        return ""
    return f"up to {pairs} more pair{'s' if pairs > 1 else ''}"
