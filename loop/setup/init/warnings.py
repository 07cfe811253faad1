"""Warnings about a brief, before a session is spent on it. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from journal.metric_names import usual_direction
from loop.brief.config import Config
from loop.brief.defaults import entry_file
from loop.brief.metric.source import TIME_METRICS, metric_source, trust
from loop.brief.scope import matches
from loop.setup import seeds

NIGHT_HOURS = 8.0
SLOW_SECONDS = 20 * 60.0  # of one run: under two dozen experiments in NIGHT_HOURS
NOISY = 0.05  # σ over the mean
MANY_FILES = 20

_VAGUE = re.compile(
    r"\b(better|improved?|optimi[sz]e|good|great|nicer?|best|faster|cleaner|clean up|fix|refactor|work well|make it)\b",
    re.IGNORECASE,
)
_JUDGED = re.compile(
    r"quality|beaut|readab|style|elegan|taste|clarity|natural|useful|creativ|fun\b|interesting|nice|pretty|clean|simplicity|"
    r"maintainab|helpful|fluen|feel", re.IGNORECASE,
)  # fmt: skip
_TWO_SIDED = re.compile(
    r"length|count|ratio|temperature|balance|gap\b|difference|bias\b|offset|sparsity|learning_rate|\blr\b|entropy|density|frequency|"
    r"\bage\b|depth|width|\bword", re.IGNORECASE,
)  # fmt: skip
_TRAINED_ON = re.compile(r"train", re.IGNORECASE)
_MEASURES = re.compile(
    r"(^|[/_.-])(eval\w*|scor\w*|metrics?|judge\w*|grad(e|er|ing)|tests?|benchmarks?)([/_.-]|$)", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What the trial runs measured."""

    seconds: float | None = None  # of the first run
    metrics: Sequence[float] = ()
    mean: float = 0.0
    sigma: float = 0.0
    broken_guard: str | None = None  # by a run, as a clause


def warnings(config: Config, *, files: Sequence[str], trial: TrialResult) -> list[str]:
    """A sentence for each doubtful point; `files` are those in scope."""
    return [*_goal(config.goal, config.metric), *_metric(config), *_scope(config, files), *_runs(config, trial)]


def _goal(goal: str, metric: str) -> Iterator[str]:
    is_precise = metric.lower() in goal.lower() or any(character.isdigit() for character in goal)
    if not is_precise and (len(goal.split()) < 4 or _VAGUE.search(goal)):
        yield f"The goal “{goal}” is vague: name the metric, the data and the limits."


def _metric(config: Config) -> Iterator[str]:
    name, usual = config.metric, usual_direction(config.metric)
    if _JUDGED.search(name) and trust(config) != "judged":
        yield (
            f"{name} is a matter of judgement: compute it mechanically, or with a judge model and a rubric "
            "(`evaluate: python -m loop.judges.rubric …`)."
        )
    if _TWO_SIDED.search(name) and config.target is None:
        yield (
            f"{name} may be too low as well as too high, but a loop moves it in one direction only: measure the distance "
            "from the wanted value, or add a guard."
        )
    if _TRAINED_ON.search(name):
        yield f"{name} is measured on training data, so memorizing improves it: measure on held-out data."
    if usual is not None and usual != config.direction:
        yield f"The brief says `direction: {config.direction}`, but one usually wants to {usual} a metric called {name}."
    if metric_source(config).key in TIME_METRICS and not config.guard:
        yield "The fastest program does nothing: add a guard for what must still hold, such as `correct >= 1`."


def _scope(config: Config, files: Sequence[str]) -> Iterator[str]:
    evaluator = entry_file(config.evaluate, files) if config.evaluate else None
    if evaluator:
        yield f"The scope includes the evaluator {evaluator}, so a change can fake the metric: take it out of `scope`."
    measuring = [path for path in files if path != evaluator and _MEASURES.search(path)]
    if measuring:
        yield f"The scope includes {measuring[0]}, which seems to measure the metric: take it out of `scope`."
    if (
        trust(config) == "self-reported"
        and metric_source(config).kind != "process"
        and (script := entry_file(config.train, files))
    ):
        yield (
            f"{script} is in scope and reports its own {config.metric}, so a change can report any number: if you can, "
            "measure with a file outside the scope, under `evaluate`."
        )
    if len(files) > MANY_FILES:
        yield f"The scope holds {len(files)} files: name the few that matter, so that each change has one clear effect."
    for name in ("program.md", "research.md"):
        if matches(name, config.scope):
            yield f"The scope includes {name}, so a change can edit the brief: take it out of `scope`."


def _runs(config: Config, trial: TrialResult) -> Iterator[str]:
    if trial.seconds is not None and trial.seconds > SLOW_SECONDS:
        count = NIGHT_HOURS * 3600 / trial.seconds
        yield (
            f"One run takes {trial.seconds / 60:.0f} minutes, so {NIGHT_HOURS:g} hours allow about {count:.0f} experiments: "
            "use a smaller model, fewer steps or less data."
        )
    if len(trial.metrics) > 1 and trial.sigma == 0 and metric_source(config).kind != "process":
        yield f"{len(trial.metrics)} runs of the unchanged code gave the same {config.metric}, so σ is 0: {seeds.cure(config)}."
    if trial.mean and trial.sigma > NOISY * abs(trial.mean):
        yield (
            f"σ is {trial.sigma / abs(trial.mean):.0%} of {config.metric}, which hides all but large gains: evaluate on more "
            "data, or use longer runs."
        )
    if trial.broken_guard:
        yield f"In the unchanged code {trial.broken_guard}, so a session would end at its baseline: loosen the guard."
    if config.target is not None and trial.metrics:
        sign = 1 if config.direction == "maximize" else -1
        if sign * (trial.mean - config.target) >= 0:
            yield f"The unchanged code reaches the target {config.target:g} ({trial.mean:g}): a session would try nothing."
