"""A plot of a session: discards in grey, keeps in green with labels, the best so far as steps, crashes as crosses, ±σ.

matplotlib is an optional dependency, imported only when a plot is drawn.
"""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from journal.console.output_file import replacing
from journal.console.text import one_line
from journal.errors import JournalError
from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.narration import pluralize

KEPT, DISCARDED, CRASHED = "#2a9d4a", "#b0b0b0", "#c0392b"
LARGEST = 1e100  # beyond it the sums of an axis are infinite
MAX_LABELS = 25  # kept experiments with a label; more labels would overlap


def plot(state: State, *, session: str, target: Path) -> None:
    """Write a PNG, SVG or PDF, by the suffix. Raises JournalError if nothing is measured yet, or without matplotlib."""
    row = state.sessions.rows.get(session)
    experiments = [row for (tag, _), row in sorted(state.experiments.rows.items()) if tag == session]
    if row is None or not any(experiment.metric is not None for experiment in experiments):
        raise JournalError("There is no measured experiment to draw yet.")
    numbers = (row.best, row.baseline, row.sigma, *(experiment.metric for experiment in experiments))
    if any(number is not None and abs(number) > LARGEST for number in numbers):
        raise JournalError(f"Session {session} has a metric above {LARGEST:g}, which no axis can show.")
    figure = _figure()
    axes = figure.add_subplot()
    _draw_frontier(axes, row, experiments)
    _draw_points(axes, experiments)
    _draw_labels(axes, experiments)
    _label_axes(axes, row, experiments)
    kind = target.suffix.lower().removeprefix(".")
    if kind not in figure.canvas.get_supported_filetypes():
        raise JournalError(f"{target} has no suffix of a picture: end it in .png, .svg or .pdf.")
    with replacing(target) as partial:
        figure.savefig(partial, dpi=150, format=kind)


def _figure() -> Any:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise JournalError("Drawing needs matplotlib: `pip install 'ar-loop[plots]'`.") from error
    return Figure(figsize=(11, 6), layout="constrained")


def _draw_points(axes: Any, experiments: Sequence[Experiment]) -> None:
    measured = [row for row in experiments if row.metric is not None]
    for status, colour, size in (("discard", DISCARDED, 18), ("invalid", DISCARDED, 18), ("keep", KEPT, 42)):
        points = [row for row in measured if row.status == status]
        axes.scatter([p.number for p in points], [p.metric for p in points], s=size, color=colour, zorder=3)
    crashes = [row.number for row in experiments if row.status == "crash"]
    axes.scatter(
        crashes, [0.02] * len(crashes), marker="x", color=CRASHED, transform=axes.get_xaxis_transform(), zorder=3
    )


def _draw_frontier(axes: Any, session: Session, experiments: Sequence[Experiment]) -> None:
    kept = [(row.number, row.metric) for row in experiments if row.status == "keep" and row.metric is not None]
    if not kept:
        return
    numbers = [number for number, _ in kept] + [experiments[-1].number]
    best = list(accumulate((metric for _, metric in kept), min if session.direction == "minimize" else max))
    best.append(best[-1])
    axes.step(numbers, best, where="post", color=KEPT, zorder=2)
    if session.sigma:
        low, high = ([value + sign * session.sigma for value in best] for sign in (-1, 1))
        axes.fill_between(numbers, low, high, step="post", color=KEPT, alpha=0.12, linewidth=0, label="±1 σ of noise")
        axes.legend(loc="best", frameon=False)


def _draw_labels(axes: Any, experiments: Sequence[Experiment]) -> None:
    for row in [row for row in experiments if row.status == "keep"][-MAX_LABELS:]:
        label = one_line(row.idea, width=36).replace("$", r"\$")  # a dollar would begin a formula
        axes.annotate(
            label,
            (row.number, row.metric),
            xytext=(4, 6),
            textcoords="offset points",
            fontsize=7,
            rotation=20,
            color="#333333",
        )


def _label_axes(axes: Any, session: Session, experiments: Sequence[Experiment]) -> None:
    metrics = [row.metric for row in experiments if row.metric is not None and row.status in {"keep", "discard"}]
    best, start = session.best, session.baseline
    if metrics and best is not None and start is not None:
        span = max(abs(start - best), 3 * (session.sigma or 0.0)) or abs(best) * 0.01
        low, high = min(*metrics, best), max(*metrics, start)
        axes.set_ylim(
            max(low, min(best, start) - 2 * span) - 0.15 * span, min(high, max(best, start) + 2 * span) + 0.15 * span
        )
    goal = one_line(session.goal, width=70) or session.tag
    axes.set_title(f"{goal}: {pluralize(session.experiments, 'experiment')}, {session.kept} kept", fontsize=11)
    axes.set_xlabel("experiment")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel(
        f"{session.metric or 'metric'} ({'lower' if session.direction == 'minimize' else 'higher'} is better)"
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.2)
