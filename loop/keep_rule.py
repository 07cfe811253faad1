"""The verdict on an experiment: keep, discard, or run again. Pure.

With n runs of the candidate and m of the incumbent, the difference of their means has the standard error
σ·√(1/n + 1/m); σ is the pooled standard deviation of the metric on identical code. The rule keeps a gain above
k standard errors; k is wider if σ comes from few runs. If all runs are identical, σ is 0 and says nothing about the noise;
then a gain has to exceed the floor that the brief states, else half a unit of the metric's last digit.

A gain near the threshold is borderline: candidate and incumbent run again on a fresh seed, up to a limit, and the means
are taken over all runs. An old incumbent also runs again now and then: a lucky incumbent is never borderline, so nothing
else would correct its mean.

`benchmarks/judge.py` prints what the constants cost and what they gain.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from journal.events import VETO

RERUN_ERRORS = 1.0  # standard errors: a smaller gain earns no re-run
CLEAR_FACTOR = 1.5  # times the threshold: a larger gain needs no re-run
EXTRA_DOF = (
    6  # added to the degrees of freedom before k is widened: an underestimated σ causes re-runs, which correct it
)
ROUNDING = 1e-9  # of a metric, relative: sums of numbers that are not exact in binary differ by less
STALE_EVERY = 4  # an incumbent needs one more run for each of so many experiments against it
STALE_RUNS = 8  # an incumbent with so many runs needs no more
STALE_BASE = "moved"  # the stored rule of a gain on a parent that is not the incumbent any more

Action = Literal["keep", "discard", "rerun"]


class KeepRule(msgspec.Struct, frozen=True, kw_only=True):
    """How a session decides."""

    direction: Literal["minimize", "maximize"]
    k: float = 1.8
    floor: float | None = None  # a gain up to this one is never kept, in the metric's unit
    reruns: int = 3  # maximum pairs of re-runs per experiment


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """σ of the metric on identical code, and its degrees of freedom."""

    sigma: float
    dof: int


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision is based on. `candidate` and `incumbent` each hold at least one finite metric."""

    candidate: Sequence[float]
    incumbent: Sequence[float]  # of the candidate's parent
    noise: Noise
    lines: int = 0  # added less removed by the change
    pairs: int = 0  # of re-runs so far


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The next action, and the numbers behind it. A gain is positive if the candidate is better."""

    action: Action
    metric: float
    incumbent: float
    delta: float  # metric - incumbent
    gain_sigma: float | None  # gain over σ; None if σ is zero
    threshold: float  # in the metric's unit
    rule: str
    reason: str


def pooled_noise(groups: Iterable[Sequence[float]]) -> Noise:
    """Pooled σ over groups of runs of the same commit: √(Σ(x - mean)² / Σ(n - 1))."""
    repeated = [group for group in groups if len(group) > 1]
    dof = sum(len(group) - 1 for group in repeated)
    if dof == 0:
        return Noise(sigma=0.0, dof=0)
    squares = sum(statistics.variance(group) * (len(group) - 1) for group in repeated)
    return Noise(sigma=math.sqrt(squares / dof), dof=dof)


def student_factor(k: float, dof: int) -> float:
    """The factor k for an estimated σ: Student's t quantile at the tail that k cuts off under the normal distribution.

    Cornish-Fisher expansion to the third order in 1/ν (Abramowitz & Stegun 1964, 26.7.5).
    """
    if dof <= 0:
        return k
    first = (k**3 + k) / 4
    second = (5 * k**5 + 16 * k**3 + 3 * k) / 96
    third = (3 * k**7 + 19 * k**5 + 17 * k**3 - 15 * k) / 384
    return k + first / dof + second / dof**2 + third / dof**3


def apply_rule(evidence: Evidence, rule: KeepRule) -> Decision:
    """The keep rule on the runs of a candidate and of its parent. Within the noise, fewer lines win."""
    candidate, incumbent, noise, pairs = evidence.candidate, evidence.incumbent, evidence.noise, evidence.pairs
    metric, base = statistics.mean(candidate), statistics.mean(incumbent)  # exact: equal runs have equal means
    sign = -1.0 if rule.direction == "minimize" else 1.0
    gain = sign * (metric - base)
    error = noise.sigma * math.sqrt(1 / len(candidate) + 1 / len(incumbent))
    k = student_factor(rule.k, noise.dof + EXTRA_DOF) if noise.dof else rule.k
    floor = _floor(rule, noise.sigma, [*candidate, *incumbent])
    threshold = max(k * error, floor)
    is_borderline = max(RERUN_ERRORS * error, floor) < gain < CLEAR_FACTOR * k * error
    reruns = rule.reruns - pairs if is_borderline else 0
    action, reason = _action(gain, threshold, error=error, lines=evidence.lines, reruns=reruns, pairs=pairs)
    return Decision(
        action=action,
        metric=metric,
        incumbent=base,
        delta=metric - base,
        gain_sigma=gain / noise.sigma if noise.sigma > 0 else None,
        threshold=threshold,
        rule=f"gain > {f'{floor:.2g}' if floor > k * error else f'{k:.2f} σ √(1/{len(candidate)} + 1/{len(incumbent)})'}",
        reason=f"{_gain_text(gain, noise.sigma)}; {reason}",
    )


def decide(
    evidence: Evidence,
    rule: KeepRule,
    *,
    takes_back: int | None = None,
    ablates: int | None = None,
    overtaken_by: int | None = None,
) -> Decision:
    """Decide on a candidate: the keep rule, then its exceptions in this order.

    `takes_back`    the kept experiment that the change undoes because a person vetoed it: kept, whatever it measures
    `ablates`       the kept experiment that the change leaves out as a test: kept only if the program becomes shorter
    `overtaken_by`  the experiment that became the incumbent meanwhile: a gain is discarded, and retried on the new incumbent
    """
    decision = apply_rule(evidence, rule)
    if takes_back is not None:
        reason = f"undoes experiment {takes_back}, which a person vetoed; {decision.reason}"
        decision = msgspec.structs.replace(decision, action="keep", rule=VETO, reason=reason)
    if ablates is not None and decision.action == "keep" and evidence.lines >= 0:
        reason = f"{decision.reason}, but the program is not shorter, so a person decides (`ar-loop veto`)"
        decision = msgspec.structs.replace(decision, action="discard", reason=reason)
    if overtaken_by is not None and decision.action != "discard":
        gain = decision.reason.partition(";")[0]
        reason = (
            f"{gain} on its parent (threshold {decision.threshold:.2g}); experiment {overtaken_by} became the incumbent "
            "meanwhile, so the change is worth a retry on it"
        )
        decision = msgspec.structs.replace(decision, action="discard", rule=STALE_BASE, reason=reason)
    return decision


def needs_incumbent_rerun(candidate_runs: int, incumbent_runs: int) -> bool:
    """Whether a re-run of the candidate is paired with one of the incumbent: not if the incumbent has many runs already."""
    return incumbent_runs < 2 * candidate_runs


def incumbent_is_stale(incumbent_runs: int, *, experiments: int) -> bool:
    """Whether an incumbent has too few runs for the number of experiments against it."""
    return incumbent_runs < min(STALE_RUNS, 1 + experiments // STALE_EVERY)


def metrics_by_commit(runs: Iterable[tuple[str, float]]) -> Mapping[str, list[float]]:
    """Metrics grouped by the commit of their run."""
    groups: dict[str, list[float]] = {}
    for commit, metric in runs:
        groups.setdefault(commit, []).append(metric)
    return groups


def resolution(values: Iterable[float]) -> float:
    """One unit of the last digit with which the values are written; at least what binary rounding may add to them."""
    written = list(values)
    last = min(int(Decimal(repr(value)).as_tuple().exponent) for value in written)
    return max(10.0**last, ROUNDING * max(map(abs, written)))


def _floor(rule: KeepRule, sigma: float, values: Sequence[float]) -> float:
    if rule.floor is not None:
        return rule.floor
    return resolution(values) / 2 if sigma == 0 else 0.0


def _action(gain: float, threshold: float, *, error: float, lines: int, reruns: int, pairs: int) -> tuple[Action, str]:
    if reruns > 0:
        return "rerun", f"borderline (threshold {threshold:.2g}), so both run again on a fresh seed"
    after = f" after {pairs} paired re-run{'s' * (pairs > 1)}" if pairs else ""
    if gain > threshold:
        return "keep", f"above the threshold of {threshold:.2g}{after}"
    if lines < 0 and gain >= -error / 2:
        return "keep", f"within the noise (threshold {threshold:.2g}){after}, and {-lines} lines shorter"
    return "discard", f"not above the threshold of {threshold:.2g}{after}"


def _gain_text(gain: float, sigma: float) -> str:
    if gain == 0:
        return "neither gained nor lost"
    verb = "gained" if gain > 0 else "lost"
    return f"{verb} {abs(gain):.2g}" + (f" ({abs(gain) / sigma:.1f} σ)" if sigma > 0 else "")
