"""What should make a person think again before a night is spent on a brief. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loop.brief.config import Config
from loop.brief.defaults import script_of
from loop.brief.metric import TIMES, of_metric, trust
from loop.brief.metric_candidates import direction_of
from loop.brief.scope import matches

NIGHT_HOURS = 8.0
SLOW_SECONDS = 20 * 60.0  # of one run: fewer than two dozen experiments a night
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
class Tried:
    """What the trial runs said: seconds of the first one, and each one's metric."""

    seconds: float | None = None
    metrics: Sequence[float] = ()
    mean: float = 0.0
    sigma: float = 0.0
    broken: str | None = None  # the guard that one of them broke, in words


def doubts(config: Config, *, files: Sequence[str], tried: Tried) -> list[str]:
    """Everything that is doubtful, a sentence each; `files` are those in scope."""
    return [*_goal(config.goal, config.metric), *_metric(config), *_scope(config, files), *_runs(config, tried)]


def _goal(goal: str, metric: str) -> Iterator[str]:
    words = goal.split()
    names = metric.lower() in goal.lower() or any(character.isdigit() for character in goal)
    if not names and (len(words) < 4 or _VAGUE.search(goal)):
        yield f"The goal “{goal}” is vague: name what is measured, on what, within which limits."


def _metric(config: Config) -> Iterator[str]:
    name, usual = config.metric, direction_of(config.metric)
    if _JUDGED.search(name) and trust(config) != "judged":
        yield (
            f"{name} is a matter of judgement: what prints it must be mechanical, or a rubric with a judge model "
            "(`evaluate: python -m loop.judges.rubric …`)."
        )
    if _TWO_SIDED.search(name) and config.target is None:
        yield (
            f"{name} may be too low as well as too high, and a loop goes on for ever in one direction: measure the "
            "distance from what is wanted, or add a guard."
        )
    if _TRAINED_ON.search(name):
        yield f"{name} is measured on what the training has seen: it falls by learning by heart. Measure on held-out data."
    if usual is not None and usual != config.direction:
        yield f"A metric called {name} is usually one to {usual}, and the brief says {config.direction}."
    if of_metric(config).what in TIMES and not config.guard:
        yield "The fastest program does nothing: add a guard that says what must still hold, such as `correct >= 1`."


def _scope(config: Config, files: Sequence[str]) -> Iterator[str]:
    evaluator = script_of(config.evaluate, files) if config.evaluate else None
    if evaluator:
        yield f"The scope includes the evaluator {evaluator}: the shortest way to a better number leads through it."
    measuring = [path for path in files if path != evaluator and _MEASURES.search(path)]
    if measuring:
        yield f"The scope includes {measuring[0]}, which looks like what measures: take it out of `scope`."
    if (
        trust(config) == "self-reported"
        and of_metric(config).kind != "own"
        and (script := script_of(config.train, files))
    ):
        yield (
            f"{script} may be edited and also reports its own {config.metric}: a change could report what it likes. Where "
            "you can, measure with a file outside the scope, under `evaluate`."
        )
    if len(files) > MANY_FILES:
        yield f"The scope holds {len(files)} files: name the few that matter, or one change will be hard to tell from another."
    for name in ("program.md", "research.md"):
        if matches(name, config.scope):
            yield f"The scope includes {name}: the brief would rewrite itself."


def _runs(config: Config, tried: Tried) -> Iterator[str]:
    if tried.seconds is not None and tried.seconds > SLOW_SECONDS:
        night = NIGHT_HOURS * 3600 / tried.seconds
        yield (
            f"One run takes {tried.seconds / 60:.0f} minutes: about {night:.0f} experiments in {NIGHT_HOURS:g} hours. A "
            "smaller model, fewer steps or a part of the data tell good ideas from bad ones sooner."
        )
    if tried.mean and tried.sigma > NOISY * abs(tried.mean):
        yield (
            f"σ is {tried.sigma / abs(tried.mean):.0%} of {config.metric}: only large gains will be seen. More data in the "
            "evaluation, or longer runs, make it smaller."
        )
    if tried.broken:
        yield f"In the unchanged code {tried.broken}: a session would end at its baseline. Loosen the guard."
    if config.target is not None and tried.metrics:
        sign = 1 if config.direction == "maximize" else -1
        if sign * (tried.mean - config.target) >= 0:
            yield f"The target {config.target:g} is reached by the unchanged code ({tried.mean:g}): nothing would be tried."
