"""Many knobs at once, by Optuna's tree-structured Parzen estimator (Bergstra et al., 2011), fed from the journal.

The journal is the store: a study is built anew for each proposal from the experiments of the session that moved knobs
alone. A crash counts as the worst value seen plus a margin, so that the estimator leaves its neighbourhood. Optuna is an
extra: `pip install "ar-loop[tpe]"`.
"""

import math
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from journal.changes.knob import Knob, Value
from journal.novelty.similarity import value as parsed
from journal.projections.trials import Trial
from loop.contracts import Request
from loop.errors import ProposerFailure
from loop.proposers.sampler.steps import KnobStep, bounds, written

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

STARTUP = 12  # trials drawn at random before the estimator has a say
MARGIN = 0.1  # of the spread of the values seen, added to the worst for a crash
WORDS = "Drawn by a model of all the experiments so far, near those that did best; several knobs move together."

Configuration = dict[str, Value]


def installed() -> bool:
    """Whether Optuna is there, without importing it."""
    return find_spec("optuna") is not None


def suggest(request: Request, knobs: Mapping[str, Knob], *, seed: int) -> dict[str, KnobStep]:
    """New values for any number of knobs, as steps from where they are. Raises ProposerFailure without Optuna."""
    try:
        import optuna  # noqa: PLC0415  an extra, and slow to import
    except ImportError as error:
        raise ProposerFailure(
            "Optuna is not installed: `pip install optuna`, or `sampler: local`.", kind="no_optuna"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = {name: found for name, knob in knobs.items() if (found := _distribution(knob, knobs)) is not None}
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=STARTUP)
    study = optuna.create_study(sampler=sampler, direction=request.direction)
    for configuration, metric in measured(request, knobs):
        inside = {name: configuration[name] for name in space if _contains(space[name], configuration.get(name))}
        if inside.keys() == space.keys():
            study.add_trial(optuna.create_trial(params=inside, distributions=dict(space), value=metric))
    drawn = study.ask(dict(space)).params
    return dict(_steps(drawn, knobs))


def measured(request: Request, knobs: Mapping[str, Knob]) -> Iterator[tuple[Configuration, float]]:
    """The configurations that the session has measured, with their metric; those that crashed or broke a guard as the worst."""
    trials = list(request.state.changes.of_session(request.session))
    metrics = [trial.metric for trial in trials if trial.metric is not None]
    worst = _worst(metrics, request.direction)
    known = _configurations(request, trials, {name: knob.value for name, knob in knobs.items()})
    for trial in trials:
        broke = trial.status == "discard" and trial.delta is None
        metric = worst if trial.status == "crash" or broke else trial.metric
        if trial.experiment in known and metric is not None:
            yield known[trial.experiment], metric


def _configurations(request: Request, trials: list[Trial], incumbent: Configuration) -> dict[int, Configuration]:
    """Experiment -> the values of all knobs in it, followed back from the incumbent and forth from its ancestors."""
    parents = {row.experiment: row.parent_experiment for row in request.state.knobs.of_session(request.session)}
    moves = {trial.experiment: trial.change for trial in trials if trial.kind != "baseline"}
    baseline = next((trial for trial in trials if trial.kind == "baseline"), None)
    start = {move.name: parsed(move.new) for move in baseline.change.knobs} if baseline else {}
    known: dict[int, Configuration] = {
        0: {n: v for n, v in {**incumbent, **start}.items() if v is not None and n in incumbent}
    }
    for experiment in sorted(moves):
        change, parent = moves[experiment], parents.get(experiment)
        if parent in known and change.knobs and not change.added and not change.removed:
            moved = {move.name: found for move in change.knobs if (found := parsed(move.new)) is not None}
            known[experiment] = {**known[parent], **{n: v for n, v in moved.items() if n in incumbent}}
    return known


def _worst(metrics: list[float], direction: str) -> float | None:
    if not metrics:
        return None
    low, high = min(metrics), max(metrics)
    margin = MARGIN * (high - low or abs(high) or 1.0)
    return high + margin if direction == "minimize" else low - margin


def _distribution(knob: Knob, knobs: Mapping[str, Knob]) -> "BaseDistribution | None":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution  # noqa: PLC0415

    if isinstance(knob.value, bool):
        return CategoricalDistribution([False, True])
    if isinstance(knob.value, str):
        return CategoricalDistribution([c.strip("\"'") for c in knob.rules.choices]) if knob.rules.choices else None
    low, high, unit = bounds(knob, knobs)
    if not low < high:
        return None
    if isinstance(knob.value, int):
        if unit > 1:
            low, high = math.ceil(low / unit) * unit, math.floor(high / unit) * unit
        return IntDistribution(int(low), int(high), log=unit == 1 and low >= 1, step=unit)
    return FloatDistribution(low, high, log=low > 0)


def _contains(space: "BaseDistribution", value: Any) -> bool:
    try:
        return value is not None and bool(space._contains(space.to_internal_repr(value)))  # noqa: SLF001
    except (ValueError, TypeError):
        return False


def _steps(drawn: Mapping[str, Any], knobs: Mapping[str, Knob]) -> Iterator[tuple[str, KnobStep]]:
    for name, value in drawn.items():
        knob = knobs[name]
        new = float(f"{value:.1e}") if isinstance(knob.value, float) else value
        if new == knob.value:
            continue
        quote = knob.source[0] if isinstance(new, str) and knob.source[:1] in "\"'" else ""
        source = f"{quote}{new}{quote}" if isinstance(new, str) else _number(new, knob)
        yield name, KnobStep(knob=knob, source=source, value=new, direction=0)


def _number(new: Value, knob: Knob) -> str:
    if isinstance(new, bool):
        return str(new).lower() if knob.source.islower() else str(new)
    assert not isinstance(new, str)
    return written(new, like=knob.source)
