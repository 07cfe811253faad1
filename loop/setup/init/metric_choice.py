"""Which number of the trial runs is the metric: the one that the flags name, else one that the runs printed."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from journal.events import RunFailed, RunFinished
from loop.brief import guards
from loop.brief.config import Config
from loop.brief.metric.candidates import MetricCandidate, candidate_named, candidates, pattern_for
from loop.brief.metric.ranking import likely, metric_name, rank
from loop.brief.metric.reading import quote
from loop.brief.metric.source import metric_source, named_source, read
from loop.errors import BadInput
from loop.keep_rule import pooled_noise
from loop.setup.init.dry_run import TrialRun
from loop.setup.init.warnings import TrialResult

HOW_TO_NAME = (
    "Name the metric with --metric, or say where it is: --pattern 'score=(number)', --pattern json:KEY --log FILE, "
    "or --pattern wall_seconds for the time that the command takes."
)


class Chooser(Protocol):
    """Chooses among candidates."""

    def choose(
        self, candidates: Sequence[MetricCandidate], *, default: MetricCandidate | None
    ) -> MetricCandidate | str:
        """The metric, as one of the candidates or by name."""


def stated_metric(keys: Mapping[str, object], config: Config) -> str:
    """The name of the metric that the keys state; empty if they state none."""
    source = metric_source(config)
    return str(keys.get("metric") or ("" if source.kind == "line" else source.key))


def require_candidate(keys: Mapping[str, object], first: TrialRun) -> None:
    """Raises BadInput if the first run already shows that no number of it can be the metric."""
    outcome, name = first.outcome, stated_metric(keys, first.config)
    states_place = bool(keys.get("pattern") or keys.get("log"))
    if isinstance(outcome, RunFailed) and (states_place or outcome.kind == "nan"):
        raise BadInput(f"The run gives no metric: {outcome.reason.removeprefix('no metric: ').rstrip('.')}.")
    if states_place and not name:
        raise BadInput("The run gives a number without a name: name the metric with --metric.")
    found = candidates(first.output)
    if isinstance(outcome, RunFailed) and (not found or (name and candidate_named(name, found) is None)):
        raise BadInput(_no_choice(name, rank(found)))


def ranked(trials: Sequence[TrialRun], *, goal: str, command: str) -> list[MetricCandidate]:
    """The candidates of the runs' outputs with their values in each, the likeliest first."""
    series = [{candidate.name: candidate for candidate in candidates(trial.output)} for trial in trials]
    found = [
        replace(candidate, values=[row[name].value for row in series if name in row])
        for name, candidate in series[0].items()
    ]
    return rank(found, goal=goal, command=command)


def choose(
    found: Sequence[MetricCandidate], *, name: str, chooser: Chooser, goal: str, command: str
) -> tuple[MetricCandidate, str]:
    """(candidate, name of the metric). Raises BadInput if none can be chosen."""
    choice: MetricCandidate | str | None = candidate_named(name, found)
    if found and not name:
        choice = chooser.choose(found, default=likely(found, goal=goal, command=command))
    candidate = candidate_named(choice, found) if isinstance(choice, str) else choice
    if candidate is None:
        raise BadInput(_no_choice(name, found))
    return candidate, name or metric_name(candidate, goal)


def description(candidate: MetricCandidate) -> str:
    """A candidate for a person: its values, the reasons for its place, and the line that it is from."""
    values = " ".join(f"{value:g}" for value in candidate.values or (candidate.value,))
    reasons = f" ({'; '.join(candidate.reasons)})" if candidate.reasons else ""
    return f"{candidate.name}: {values}{reasons}, in `{quote(candidate.line)}`"


def pattern_of(candidate: MetricCandidate, metric: str, trials: Sequence[TrialRun]) -> str:
    """The pattern that finds a candidate in every run; empty if the default does."""
    patterns = {
        pattern_for(candidate_named(candidate.name, candidates(trial.output)) or candidate, metric, trial.output)
        for trial in trials
    }
    return patterns.pop() if len(patterns) == 1 else candidate.pattern


def reading(config: Config, trials: Sequence[TrialRun]) -> str:
    """What was read as the metric of the first run, from which line, and how long the run took, for a person."""
    source = metric_source(config)
    is_printed = source.file is None and source.kind in ("line", "json")
    found = read(source, [trials[0].output]) if is_printed else None
    place = f", read from `{quote(found.line)}`" if found else ""
    value = _metric(config, trials[0], number=1)
    return f"{config.metric}: {value:g} after {trials[0].outcome.wall_seconds:.1f} s{place}"


def trial_result(config: Config, trials: Sequence[TrialRun]) -> TrialResult:
    """What the runs measured. Raises BadInput if one gives no metric."""
    metrics = [_metric(config, trial, number=number) for number, trial in enumerate(trials, start=1)]
    broken = [guards.violation(config.guard, _guard_values(config, trial)) for trial in trials] if config.guard else []
    return TrialResult(
        seconds=trials[0].outcome.wall_seconds,
        metrics=metrics,
        mean=statistics.mean(metrics),
        sigma=pooled_noise([metrics]).sigma if len(metrics) > 1 else 0.0,
        broken_guard=next(filter(None, broken), None),
    )


def _metric(config: Config, trial: TrialRun, *, number: int) -> float:
    if isinstance(trial.outcome, RunFinished) and trial.config.metric == config.metric:
        return trial.outcome.metric
    if trial.failure:
        raise BadInput(f"Run {number} gave no metric: {trial.failure.rstrip('.')}.")
    source = metric_source(config)
    found = read(source, [trial.output]) if source.kind != "process" else None
    if found is None or found.value is None:
        reason = found.reason if found else getattr(trial.outcome, "reason", source.missing_reason())
        raise BadInput(f"Run {number} gave no metric: {reason.rstrip('.')}.")
    return found.value


def _guard_values(config: Config, trial: TrialRun) -> dict[str, float]:
    """The numbers of the guards, as far as this run tells them; one that it does not tell holds."""
    if isinstance(trial.outcome, RunFinished) and trial.outcome.values:
        return dict(trial.outcome.values)
    values: dict[str, float] = {}
    for guard in map(guards.parse, config.guard):
        source = named_source(guard.name, config)
        is_told = source.file is None and source.kind != "process"
        found = read(source, [trial.output]) if is_told else None
        value = found.value if found else None
        values[guard.name] = guard.bound if value is None and guard.holds(guard.bound) else value or math.inf
    return values


def _no_choice(name: str, found: Sequence[MetricCandidate]) -> str:
    printed = ", ".join(f"`{candidate.name}`" for candidate in found) or "no line `name: number`"
    subject = f"which number is the metric{f' {name}' if name else ''}"
    return f"The output does not show {subject}; it has {printed}. {HOW_TO_NAME}"
