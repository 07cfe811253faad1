"""Which number of an output the goal is about: candidates in order of likelihood, each with the reasons for its place. Pure."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from journal import metric_names
from loop.brief.metric import names
from loop.brief.metric.candidates import MetricCandidate
from loop.brief.metric.output_table import UNNAMED

MAX_CANDIDATES = 8
LIKELY = 3.0  # points of a candidate that is taken without a question
_IGNORED = frozenset({
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "its", "of", "on", "one", "or", "our", "over", "per",
    "reach", "run", "so", "than", "that", "the", "then", "this", "to", "under", "with", "within", "lowest", "lower",
    "low", "highest", "higher", "high", "fastest", "faster", "best", "better", "good", "minimal", "minimum", "maximal",
    "maximum", "after", "above", "below", "goal", "reduce", "increase", "improve", "minimize", "maximize", "model",
    "smallest", "largest", "fewest", "more", "most", "less", "least",
})  # fmt: skip

Points = tuple[float, str]  # how much likelier a candidate is, and why


def rank(found: Sequence[MetricCandidate], *, goal: str = "", command: str = "") -> list[MetricCandidate]:
    """The candidates, the likeliest first, with their reasons; of two equal ones the one that is printed last."""
    varies = any(len(set(candidate.values)) > 1 for candidate in found)
    scored = [
        (list(_points(candidate, goal=goal, command=command, others_vary=varies)), candidate) for candidate in found
    ]
    order = sorted(enumerate(scored), key=lambda item: (-sum(points for points, _ in item[1][0]), -item[0]))
    return [replace(candidate, reasons=_reasons(points)) for _, (points, candidate) in order][:MAX_CANDIDATES]


def likely(found: Sequence[MetricCandidate], *, goal: str = "", command: str = "") -> MetricCandidate | None:
    """The first of ranked candidates, if its points or its being alone speak for it; else None."""
    if not found:
        return None
    others_vary = any(len(set(candidate.values)) > 1 for candidate in found)
    points = sum(value for value, _ in _points(found[0], goal=goal, command=command, others_vary=others_vary))
    return found[0] if len(found) == 1 or points >= LIKELY else None


def direction(candidate: MetricCandidate, goal: str) -> metric_names.MetricDirection | None:
    """Whether a lower or a higher value is better, by the name of a number, else by the goal."""
    if candidate.direction or not names.is_about_speed(goal):
        return candidate.direction or names.goal_direction(goal)
    return "minimize" if metric_names.is_time(candidate.line) else names.goal_direction(goal)


def metric_name(candidate: MetricCandidate, goal: str) -> str:
    """The name of a candidate; one that is printed without a name gets that of the metric in the goal."""
    return (_metric_of(goal) or candidate.name) if _is_unnamed(candidate) else candidate.name


def _metric_of(goal: str) -> str:
    """The first word of a goal that names a metric; empty if none does."""
    written = (word.strip(".,;:!?()") for word in goal.split())
    return next((word for word in written if word and metric_names.usual_direction(word) is not None), "")


def _is_unnamed(candidate: MetricCandidate) -> bool:
    return candidate.name.startswith(f"{UNNAMED} ")


def _points(candidate: MetricCandidate, *, goal: str, command: str, others_vary: bool) -> Iterator[Points]:
    name, own = f"{candidate.name} {candidate.unit}", set(metric_names.words(candidate.name))
    wanted = [word for word in dict.fromkeys(metric_names.words(goal)) if word not in _IGNORED]
    shared = [word for word in wanted if word in own]
    around = [word for word in wanted if word not in own and word in metric_names.words(_before(candidate))]
    yield 6.0 * len(shared), "named in the goal"
    yield 2.0 * len(around), "beside words of the goal"
    yield 3.0 * (_is_unnamed(candidate) and bool(_metric_of(goal))), "printed in rows without a name"
    yield 3.0 * (metric_names.usual_direction(name) is not None), "a usual metric"
    yield -2.0 * _contradicts(candidate, goal), "its usual direction is not that of the goal"
    yield 2.0 * (names.is_about_speed(goal) and (metric_names.is_time(name) or metric_names.is_rate(name))), "a speed"
    yield 1.0 * names.is_held_out(name), "measured on held-out data"
    yield -1.0 * names.is_of_training(name), "measured on training data"
    yield 0.5 * bool(own & {"average", "median"}), "an average"
    yield -8.0 * (names.is_setting(name) and not set(wanted) >= own), "a setting or a count"
    yield -6.0 * names.is_spread(name), "a spread"
    yield -6.0 * _is_argument(candidate, command), "an argument of the command"
    yield -6.0 * (others_vary and len(candidate.values) > 1 and len(set(candidate.values)) == 1), "the same in all runs"
    yield -0.1 * max(0, len(own) - len(shared) - 2), ""


def _contradicts(candidate: MetricCandidate, goal: str) -> bool:
    wanted = names.goal_direction(goal)
    return None not in (wanted, candidate.direction) and wanted != candidate.direction


def _before(candidate: MetricCandidate) -> str:
    """The text of the line in front of the name."""
    return candidate.line.split(candidate.name)[0] if candidate.name in candidate.line else ""


def _is_argument(candidate: MetricCandidate, command: str) -> bool:
    """Whether the command line gives this number under this name: `--batch-size 64`, `lr=0.1`."""
    try:
        arguments = shlex.split(command)
    except ValueError:
        return False
    parts = [part for word in arguments for part in word.split("=")]
    pairs = pairwise(parts)
    own = metric_names.words(candidate.name)
    return any(metric_names.words(key) == own and _equals(value, candidate.value) for key, value in pairs)


def _equals(word: str, value: float) -> bool:
    try:
        return float(word) == value
    except ValueError:
        return False


def _reasons(points: Sequence[Points]) -> tuple[str, ...]:
    return tuple(reason for value, reason in points if value and reason)
