"""The verdict on an experiment: keep, discard, or measure again. Pure.

With n runs of the candidate and m of the incumbent, the difference of their means has the standard error
σ·√(1/n + 1/m), where σ is the pooled standard deviation of the metric on identical code. The rule keeps a gain above
k standard errors, k widened while few runs stand behind σ.

A gain that is neither lost in the noise nor clear is borderline: candidate and incumbent are run again on a fresh seed,
within a cap, and the means are taken over all runs. An incumbent that has stood for long is run again now and then:
a lucky incumbent is never borderline, so that nothing else would correct it.

The constants are chosen by `benchmarks/judge.py`, which prints what they cost and what they win.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from journal.events import VETO

WORTH_ERRORS = 1.0  # standard errors: a smaller gain is not worth another run
CLEAR = 1.5  # of the threshold: a larger gain is believed at once
SOFTENING = 6  # degrees of freedom added before k is widened: an underestimated σ causes re-runs, which mend it
STALE_EVERY = 4  # experiments against one incumbent for each run that it should have
STALE_RUNS = 8  # runs that are enough for an incumbent
STALE = "moved"  # the stored rule of a gain on a parent that is the incumbent no more


class KeepRule(msgspec.Struct, frozen=True, kw_only=True):
    """How a session decides."""

    direction: Literal["minimize", "maximize"]
    k: float = 1.8
    reruns: int = 3  # pairs


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """σ of the metric on identical code, and how many degrees of freedom stand behind it."""

    sigma: float
    freedom: int


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision stands on. `candidate` and `incumbent` each hold at least one finite metric."""

    candidate: Sequence[float]
    incumbent: Sequence[float]  # of the commit that the candidate stands on
    noise: Noise
    lines: int = 0  # that the change adds less those that it removes
    pairs: int = 0  # of re-runs made already


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`act` is keep, discard or rerun; the numbers say why. Gains are positive where the candidate is better."""

    act: Literal["keep", "discard", "rerun"]
    metric: float
    incumbent: float
    delta: float  # metric - incumbent
    gain_sigma: float | None  # gain over σ; None where σ is zero
    threshold: float  # in the metric's unit
    rule: str
    reason: str


def noise(values: Iterable[Sequence[float]]) -> Noise:
    """Pooled σ over groups of runs of the same commit: √(Σ(x - mean)² / Σ(n - 1))."""
    groups = [group for group in values if len(group) > 1]
    freedom = sum(len(group) - 1 for group in groups)
    if freedom == 0:
        return Noise(sigma=0.0, freedom=0)
    squares = sum(statistics.variance(group) * (len(group) - 1) for group in groups)
    return Noise(sigma=math.sqrt(squares / freedom), freedom=freedom)


def widened(k: float, freedom: int) -> float:
    """The factor k for σ estimated with few degrees of freedom: Student's t quantile at the same tail as k under the normal.

    Cornish-Fisher expansion to the third order in 1/ν (Abramowitz & Stegun 1964, 26.7.5).
    """
    if freedom <= 0:
        return k
    first = (k**3 + k) / 4
    second = (5 * k**5 + 16 * k**3 + 3 * k) / 96
    third = (3 * k**7 + 19 * k**5 + 17 * k**3 - 15 * k) / 384
    return k + first / freedom + second / freedom**2 + third / freedom**3


def judge(evidence: Evidence, rule: KeepRule) -> Decision:
    """Apply the keep rule to the runs of a candidate and of the incumbent. Within the noise, fewer lines win the tie."""
    candidate, incumbent, noise, pairs = evidence.candidate, evidence.incumbent, evidence.noise, evidence.pairs
    metric, standing = statistics.mean(candidate), statistics.mean(incumbent)  # exact: equal runs have equal means
    sign = -1.0 if rule.direction == "minimize" else 1.0
    gain = sign * (metric - standing)
    error = noise.sigma * math.sqrt(1 / len(candidate) + 1 / len(incumbent))
    k = widened(rule.k, noise.freedom + SOFTENING) if noise.freedom else rule.k
    threshold = k * error
    act, words = _decide(gain, threshold, error=error, lines=evidence.lines, left=rule.reruns - pairs, pairs=pairs)
    return Decision(
        act=act,
        metric=metric,
        incumbent=standing,
        delta=metric - standing,
        gain_sigma=gain / noise.sigma if noise.sigma > 0 else None,
        threshold=threshold,
        rule=f"gain > {k:.2f} σ √(1/{len(candidate)} + 1/{len(incumbent)})",
        reason=f"{_gained(gain, noise.sigma)}; {words}",
    )


def decide(
    evidence: Evidence,
    rule: KeepRule,
    *,
    takes_back: int | None = None,
    ablates: int | None = None,
    overtaken_by: int | None = None,
) -> Decision:
    """Decide on a candidate: the keep rule, then what overrides it, in this order.

    `takes_back`    the kept experiment that the change undoes at a person's request: kept, whatever it measures
    `ablates`       the kept experiment that the change leaves out, to test it: kept only if the program is shorter for it
    `overtaken_by`  the experiment that became the incumbent meanwhile: a gain is discarded, to be tried again on that one
    """
    decision = judge(evidence, rule)
    if takes_back is not None:
        reason = f"takes experiment {takes_back} back at a person's wish; {decision.reason}"
        decision = msgspec.structs.replace(decision, act="keep", rule=VETO, reason=reason)
    if ablates is not None and decision.act == "keep" and evidence.lines >= 0:
        words = "but no shorter, so it is for a person to say: `ar-loop veto`, or another proposal"
        decision = msgspec.structs.replace(decision, act="discard", reason=f"{decision.reason}, {words}")
    if overtaken_by is not None and decision.act != "discard":
        reason = (
            f"{decision.reason.partition(';')[0]} on its parent (threshold {decision.threshold:.2g}); meanwhile experiment "
            f"{overtaken_by} became the incumbent: worth trying again on that"
        )
        decision = msgspec.structs.replace(decision, act="discard", rule=STALE, reason=reason)
    return decision


def incumbent_again(candidate_runs: int, incumbent_runs: int) -> bool:
    """Whether a re-run of the candidate is paired with one of the incumbent: not where that is known well already."""
    return incumbent_runs < 2 * candidate_runs


def stale(incumbent_runs: int, *, tried: int) -> bool:
    """Whether an incumbent against which so many experiments were tried has too few runs."""
    return incumbent_runs < min(STALE_RUNS, 1 + tried // STALE_EVERY)


def _decide(
    gain: float, threshold: float, *, error: float, lines: int, left: int, pairs: int
) -> tuple[Literal["keep", "discard", "rerun"], str]:
    borderline = WORTH_ERRORS * error < gain < CLEAR * threshold
    if borderline and left > 0:
        return "rerun", f"the threshold is {threshold:.2g}: borderline, so both are run again on a fresh seed"
    after = f" after {pairs} paired re-run{'s' * (pairs > 1)}" if pairs else ""
    if gain > threshold:
        return "keep", f"above the threshold of {threshold:.2g}{after}"
    if lines < 0 and gain >= -error / 2:
        return "keep", f"within the noise (threshold {threshold:.2g}){after}, and {-lines} lines shorter"
    return "discard", f"not above the threshold of {threshold:.2g}{after}"


def _gained(gain: float, sigma: float) -> str:
    if gain == 0:
        return "neither gained nor lost"
    verb = "gained" if gain > 0 else "lost"
    return f"{verb} {abs(gain):.2g}" + (f" ({abs(gain) / sigma:.1f} σ)" if sigma > 0 else "")


def by_commit(runs: Iterable[tuple[str, float]]) -> Mapping[str, list[float]]:
    """Metrics grouped by the commit that was run."""
    groups: dict[str, list[float]] = {}
    for commit, metric in runs:
        groups.setdefault(commit, []).append(metric)
    return groups
