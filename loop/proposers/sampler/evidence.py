"""What earlier trials say about each knob, and the improvement that a step promises. Pure.

A knob's kind is recognised by the usual names of hyperparameters. The weights of the kinds differ little: they are a guess that
the first trials correct.
"""

import math
import re
import statistics
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeGuard

from journal.novelty.similarity import distance, literal_value
from journal.projections.knobs import KnobTrial
from loop.contracts import Prior
from loop.proposers.sampler.expected_improvement import (
    MIN_GAIN,
    Observation,
    Outlook,
    Parabola,
    expected_improvement,
)
from loop.proposers.sampler.priors import MAX_GAIN, observations, surprise
from loop.proposers.sampler.steps import KnobStep

Result = Literal["keep", "better", "flat", "worse", "crash"]

WEIGHTS: tuple[tuple[float, frozenset[str]], ...] = (
    (0.5, frozenset({"EPS", "EPSILON", "BASE", "THETA", "NEWTON", "ITERATIONS", "WORKERS"})),
    (1.0, frozenset({"LR", "RATE", "BATCH", "ACCUM", "ACCUMULATION"})),
    (0.8, frozenset({"WEIGHT", "MOMENTUM", "BETA", "BETAS", "BETA1", "BETA2", "DROPOUT", "CLIP", "SOFTCAP", "WD"})),
    (0.9, frozenset({"WARMUP", "WARMDOWN", "COOLDOWN", "ANNEAL", "FINAL"})),
    (1.0, frozenset({"DEPTH", "LAYERS", "LAYER", "WIDTH", "DIM", "HIDDEN", "HEADS", "RATIO", "EXPANSION", "CONTEXT"})),
)
OTHER = 0.8  # weight of a knob of no kind

FLAT = 1.0  # σ: a smaller effect counts as none
MIN_IMPROVEMENT = 1e-3  # σ: of an unpromising step, so that it has its turn after all others
UNKNOWN_CHOICE = 2.0  # σ: standard deviation of the gain of an untried choice


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyTrial:
    """A decided trial of another session of the study; `distance` says how little it counts, in changes."""

    trial: KnobTrial
    distance: float
    is_same_device: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnobOutcome:
    """One trial of a knob, as a step in a direction; its base was `distance` changes away."""

    trial: KnobTrial
    direction: int
    result: Result
    distance: float
    is_elsewhere: bool = False  # in another session


class KnobEvidence:
    """The decided trials that moved one knob alone, by knob: those of a session, after those of its study; and the priors."""

    def __init__(
        self,
        trials: Iterable[KnobTrial],
        *,
        before: int,
        direction: str = "minimize",
        elsewhere: Iterable[StudyTrial] = (),
        priors: Mapping[str, Sequence[Prior]] | None = None,
    ) -> None:
        rows = [row for row in trials if row.alone and row.experiment < before and row.status != "refused"]
        self._priors = priors or {}
        keeps = sorted({row.experiment for row in rows if row.status == "keep"})
        self._keeps = len(keeps)
        self._sign = -1.0 if direction == "minimize" else 1.0
        self._unit = statistics.median([abs(row.delta) for row in rows if row.delta] or [1.0]) / 3
        self._outcomes: dict[str, list[KnobOutcome]] = {}
        self._values: dict[str, set[str]] = {}
        self._parabolas: dict[str, Parabola] = {}
        self._add_elsewhere(elsewhere)
        for row in rows:
            self._values.setdefault(row.knob, set()).update((row.value, row.old))
            result = self._result(row)
            if result:
                since = len(keeps) - bisect_right(keeps, row.experiment)
                outcome = KnobOutcome(trial=row, direction=_direction(row), result=result, distance=since)
                self._outcomes.setdefault(row.knob, []).append(outcome)

    def _add_elsewhere(self, trials: Iterable[StudyTrial]) -> None:
        """Another session's deltas are on its own σ, so only its gains in σ count; a crash on another machine does not."""
        for other in trials:
            row, result = other.trial, self._result(other.trial)
            if result is None or (result == "crash" and not other.is_same_device) or not _has_gain(row, result):
                continue
            if result != "keep":  # what another session kept may be missing here
                self._values.setdefault(row.knob, set()).add(row.value)
            outcome = KnobOutcome(
                trial=row, direction=_direction(row), result=result, distance=other.distance, is_elsewhere=True
            )
            self._outcomes.setdefault(row.knob, []).append(outcome)

    def values(self, knob: str) -> Iterable[str]:
        """The values that a knob has had in the session, and those that failed in its study."""
        return self._values.get(knob, ())

    def last(self, knob: str, direction: int) -> KnobOutcome | None:
        """The latest trial of a knob in a direction."""
        outcomes = [outcome for outcome in self._outcomes.get(knob, ()) if outcome.direction == direction]
        return outcomes[-1] if outcomes else None

    def priors(self, knob: str) -> Sequence[Prior]:
        """The priors of a knob, which the brief may name without its file."""
        return self._priors.get(knob) or self._priors.get(knob.rpartition(":")[2], ())

    def improvement(self, knob: str, step: KnobStep) -> float:
        """The expected improvement of a step, in σ; 0 beyond a crash in its direction."""
        if any(_is_beyond_crash(outcome, step) for outcome in self._outcomes.get(knob, ())):
            return 0.0
        if _is_choice(step):
            return max(MIN_IMPROVEMENT, self._improvement_of_choice(knob, step))
        return max(MIN_IMPROVEMENT, self._parabola(knob, step).improvement(float(step.value)))

    def outlook(self, knob: str, step: KnobStep) -> Outlook | None:
        """The expected gain of a numeric step; None for a choice."""
        return None if _is_choice(step) else self._parabola(knob, step).outlook(float(step.value))

    def _parabola(self, knob: str, step: KnobStep) -> Parabola:
        if knob not in self._parabolas:
            here = float(step.knob.value)
            self._parabolas[knob] = Parabola(self._observations(knob), here=here, scale=_weight(knob))
        return self._parabolas[knob]

    def _observations(self, knob: str) -> Iterator[Observation]:
        yield from observations(self.priors(knob), distance=self._keeps, surprise=self._surprise)
        yield from self._trials(knob)

    @cached_property
    def _surprise(self) -> float:
        """How much the trials of the session contradict its priors; 1 if they do not."""
        priors = {knob: moves for knob in self._outcomes if (moves := self.priors(knob))}
        return surprise({knob: list(self._trials(knob)) for knob in priors}, priors)

    def _trials(self, knob: str) -> Iterator[Observation]:
        for outcome in self._outcomes.get(knob, ()):
            trial, gain = outcome.trial, self._gain(outcome.trial)
            old, new = literal_value(trial.old), literal_value(trial.value)
            if gain is not None and _is_number(old) and _is_number(new):
                yield Observation(old=float(old), new=float(new), gain=gain, distance=outcome.distance)

    def _improvement_of_choice(self, knob: str, step: KnobStep) -> float:
        """From the latest trial of the choice, with a variance that grows with each change since; else from its priors."""
        trials = [
            outcome for outcome in self._outcomes.get(knob, ()) if distance(outcome.trial.value, step.source) == 0
        ]
        gain = self._gain(trials[-1].trial) if trials else None
        if gain is not None:
            trial = Observation(
                old=0, new=0, gain=gain, distance=trials[-1].distance
            )  # of a choice only the gain matters
            return expected_improvement(gain - MIN_GAIN, math.sqrt(trial.variance))
        priors = [seen for seen in self._observations(knob) if (seen.old, seen.new) == (step.knob.value, step.value)]
        precision = (UNKNOWN_CHOICE * _weight(knob)) ** -2 + sum(1 / prior.variance for prior in priors)
        mean = sum(prior.gain / prior.variance for prior in priors) / precision
        return expected_improvement(mean - MIN_GAIN, 1 / math.sqrt(precision))

    def _gain(self, row: KnobTrial) -> float | None:
        """The gain in σ, at most MAX_GAIN either way; if σ is zero, in thirds of the median effect."""
        if row.gain_sigma is None and row.delta is None:
            return None
        gain = row.gain_sigma if row.gain_sigma is not None else self._sign * (row.delta or 0.0) / self._unit
        return max(-MAX_GAIN, min(MAX_GAIN, gain))

    def _result(self, row: KnobTrial) -> Result | None:
        if row.status in ("keep", "crash"):
            return "keep" if row.status == "keep" else "crash"
        gain = self._gain(row)
        if row.status != "discard":
            return None
        if gain is None:
            return "crash"  # it broke a guard
        return "flat" if abs(gain) < FLAT else ("better" if gain > 0 else "worse")


def hypothesis(knob: str, step: KnobStep, evidence: KnobEvidence) -> str:
    """What earlier trials say about a step, in one sentence, and the priors of its knob."""
    moves = ", ".join(f"{p.old:g} to {p.new:g} {p.gain:+.1f} ± {p.spread:.1f} σ" for p in evidence.priors(knob))
    return f"{_from_trials(knob, step, evidence)}{f' (prior: {moves})' if moves else ''}"


def _from_trials(knob: str, step: KnobStep, evidence: KnobEvidence) -> str:
    same, opposite = evidence.last(knob, step.direction), evidence.last(knob, -step.direction)
    if same and same.result == "keep":
        return f"The same direction was kept in {_experiment(same)}; it may pay again."
    if opposite and step.direction and opposite.result in ("worse", "crash"):
        return f"The other direction did not pay in {_experiment(opposite)}; the optimum may lie this way."
    if same:
        return f"The same direction gave {same.result} in {_experiment(same)}; another step size may do better."
    return "Not tried yet: the step shows in which direction the optimum lies."


def _is_choice(step: KnobStep) -> bool:
    """Whether two values of a knob have no distance: words, and a choice of numbers with 0, which means without."""
    return isinstance(step.value, bool | str) or bool(step.knob.range.choices and 0 in (step.value, step.knob.value))


def _experiment(outcome: KnobOutcome) -> str:
    trial = outcome.trial
    delta = f", delta {trial.delta:+.2g}" if trial.delta is not None else ""
    session = f" of session {trial.session}" if outcome.is_elsewhere else ""
    return f"experiment {trial.experiment}{session} ({trial.old} to {trial.value}{delta})"


def _has_gain(row: KnobTrial, result: Result) -> bool:
    return result == "crash" or row.gain_sigma is not None


def _direction(row: KnobTrial) -> int:
    old, new = literal_value(row.old), literal_value(row.value)
    return (1 if new > old else -1) if _is_number(old) and _is_number(new) else 0


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_beyond_crash(outcome: KnobOutcome, step: KnobStep) -> bool:
    """Whether a step goes at least as far as one that crashed in its direction."""
    if outcome.result != "crash" or outcome.direction != step.direction:
        return False
    crashed, value = literal_value(outcome.trial.value), step.value
    if isinstance(crashed, str | None) or isinstance(value, str) or step.direction == 0:
        return distance(outcome.trial.value, step.source) == 0
    return (value - crashed) * step.direction >= 0


def _weight(knob: str) -> float:
    tokens = set(re.split(r"[_.\-]", knob.rpartition(":")[2].partition("[")[0].upper()))
    return next((weight for weight, names in WEIGHTS if tokens & names), OTHER)
