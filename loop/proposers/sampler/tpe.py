"""Steps of several knobs by Optuna's tree-structured Parzen estimator (Bergstra et al., 2011).

Each proposal builds a new study of Optuna from the experiments that moved knobs only, in the sessions of the journal's study
that ran on this device class. A crash counts as the worst metric
plus a margin, so that the estimator avoids its neighbourhood. Optuna is an extra: `pip install "ar-loop[tpe]"`.
"""

import math
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from journal.changes.knob import Knob, Value
from journal.novelty.similarity import literal_value
from journal.projections.trials import Trial
from loop.contracts import Request
from loop.errors import ProposerFailure
from loop.proposers.sampler.steps import KnobStep, bounds, source_text

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

STARTUP = 12  # random trials before the estimator starts
MARGIN = 0.1  # of the spread of the metrics, added to the worst for a crash
HYPOTHESIS = "Drawn from a model of all experiments so far, near the best ones; several knobs move at once."

Configuration = dict[str, Value]


def is_installed() -> bool:
    """Whether Optuna is installed; does not import it."""
    return find_spec("optuna") is not None


def suggest(request: Request, knobs: Mapping[str, Knob], *, seed: int) -> dict[str, KnobStep]:
    """New values for any number of knobs, as steps from the present ones. Raises ProposerFailure without Optuna."""
    try:
        import optuna  # noqa: PLC0415  an extra, and slow to import
    except ImportError as error:
        message = "Optuna is not installed: `pip install optuna`, or write `sampler: local` in the brief."
        raise ProposerFailure(message, kind="no_optuna") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = {name: _distribution(knob, knobs) for name, knob in knobs.items()}
    space = {name: distribution for name, distribution in distributions.items() if distribution is not None}
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=STARTUP)
    study = optuna.create_study(sampler=sampler, direction=request.direction)
    for configuration, metric in measured(request, knobs):
        inside = {name: configuration[name] for name in space if _contains(space[name], configuration.get(name))}
        if inside.keys() == space.keys():
            study.add_trial(optuna.create_trial(params=inside, distributions=dict(space), value=metric))
    return dict(_steps(study.ask(dict(space)).params, knobs))


def measured(request: Request, knobs: Mapping[str, Knob]) -> Iterator[tuple[Configuration, float]]:
    """The configurations of the comparable sessions and their metrics; a crash or a broken guard counts as the worst."""
    changes, session = request.state.changes, request.session
    others = [tag for tag in request.state.studies.sessions(session) if tag != session]
    for tag in (*others, session):
        if tag == session or changes.device(tag) == changes.device(session):
            yield from _measured_in(request, tag, knobs)


def _measured_in(request: Request, session: str, knobs: Mapping[str, Knob]) -> Iterator[tuple[Configuration, float]]:
    trials = list(request.state.changes.of_session(session))
    metrics = [trial.metric for trial in trials if trial.metric is not None]
    worst = _worst(metrics, request.direction)
    values = {name: knob.value for name, knob in knobs.items()}
    configurations = _configurations(request, session, trials, values)
    for trial in trials:
        has_broken_guard = trial.status == "discard" and trial.delta is None
        metric = worst if trial.status == "crash" or has_broken_guard else trial.metric
        if trial.experiment in configurations and metric is not None:
            yield configurations[trial.experiment], metric


def _configurations(
    request: Request, session: str, trials: list[Trial], incumbent: Configuration
) -> dict[int, Configuration]:
    """Experiment -> the values of all its knobs, from the baseline along the parents."""
    parents = {row.experiment: row.parent_experiment for row in request.state.knobs.of_session(session)}
    moves = {trial.experiment: trial.change for trial in trials if trial.kind != "baseline"}
    baseline = next((trial for trial in trials if trial.kind == "baseline"), None)
    start = {move.name: literal_value(move.new) for move in baseline.change.knobs} if baseline else {}
    baseline_values = {**incumbent, **start}
    found: dict[int, Configuration] = {
        0: {name: value for name, value in baseline_values.items() if value is not None and name in incumbent}
    }
    for experiment in sorted(moves):
        change, parent = moves[experiment], parents.get(experiment)
        if parent in found and change.knobs and not change.added and not change.removed:
            values = {move.name: literal_value(move.new) for move in change.knobs if move.name in incumbent}
            found[experiment] = {**found[parent], **{name: new for name, new in values.items() if new is not None}}
    return found


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
        return CategoricalDistribution([c.strip("\"'") for c in knob.range.choices]) if knob.range.choices else None
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


def _steps(values: Mapping[str, Any], knobs: Mapping[str, Knob]) -> Iterator[tuple[str, KnobStep]]:
    for name, value in values.items():
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
    return source_text(new, like=knob.source)
