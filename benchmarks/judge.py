"""What the keep rule keeps: power curve, false keeps and cost, against "any decrease" on the same draws.

    python benchmarks/judge.py            # about 20 s
    python benchmarks/judge.py --nights 400

σ is 1, so effects are in σ. A night is a sequence of experiments on one incumbent: it begins with three baseline runs, and
what is known of σ grows with every re-run, as in the loop. "Any decrease" is autoresearch's rule: one run, kept if lower.
"""

import argparse
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from loop.keep_rule import Evidence, KeepRule, apply_rule, incumbent_is_stale, needs_incumbent_rerun, pooled_noise

RULE = KeepRule(direction="minimize")


@dataclass
class Night:
    """What has been run so far: the incumbent's metrics, σ's groups, runs made."""

    draw: random.Random
    incumbent_true: float = 0.0
    incumbent: list[float] = field(default_factory=list)
    groups: list[list[float]] = field(default_factory=list)
    runs: int = 0
    tried: int = 0  # against this incumbent

    def run(self, true: float) -> float:
        self.runs += 1
        return self.draw.gauss(true, 1.0)


def started(seed: int, baseline_runs: int = 3) -> Night:
    night = Night(random.Random(seed))
    night.incumbent = [night.run(0.0) for _ in range(baseline_runs)]
    night.groups = [night.incumbent]
    return night


def ours(night: Night, true: float) -> bool:
    """One experiment under the loop's rule; the incumbent is replaced where the candidate is kept."""
    candidate = [night.run(true)]
    night.groups.append(candidate)
    night.tried += 1
    pairs = 0
    if incumbent_is_stale(len(night.incumbent), experiments=night.tried):
        night.incumbent.append(night.run(night.incumbent_true))
    while True:
        decision = apply_rule(
            Evidence(candidate=candidate, incumbent=night.incumbent, noise=pooled_noise(night.groups), pairs=pairs),
            RULE,
        )
        if decision.action != "rerun":
            break
        candidate.append(night.run(true))
        if needs_incumbent_rerun(len(candidate), len(night.incumbent)):
            night.incumbent.append(night.run(night.incumbent_true))
        pairs += 1
    if decision.action == "keep":
        night.incumbent, night.incumbent_true, night.tried = candidate, true, 0
    return decision.action == "keep"


def any_decrease(night: Night, true: float) -> bool:
    """One experiment under autoresearch's rule: a single run against the last kept single run."""
    metric = night.run(true)
    kept = metric < night.incumbent[-1]
    if kept:
        night.incumbent, night.incumbent_true = [metric], true
    return kept


def power(rule: Callable[[Night, float], bool], effect: float, *, nights: int, at: int) -> tuple[float, float]:
    """Share kept and runs spent on a true gain of `effect` that comes as experiment `at` of a night of nothing."""
    kept, runs = 0, 0
    for seed in range(nights):
        night = started(seed)
        for _ in range(at):
            rule(night, night.incumbent_true)
        before = night.runs
        kept += rule(night, night.incumbent_true - effect)
        runs += night.runs - before
    return kept / nights, runs / nights


def noise_only(rule: Callable[[Night, float], bool], *, nights: int, experiments: int = 200) -> tuple[float, float]:
    """False keeps a night of pure noise, and the share of runs that were re-runs."""
    keeps, runs = [], 0
    for seed in range(nights):
        night = started(10_000 + seed)
        keeps.append(sum(rule(night, night.incumbent_true) for _ in range(experiments)))
        runs += night.runs - 3
    return statistics.fmean(keeps), 1 - nights * experiments / runs


def mixed(rule: Callable[[Night, float], bool], *, nights: int, runs: int = 150) -> tuple[float, float, float]:
    """After so many runs of ideas of which one in eight gains 0.5 to 4 σ and the rest lose 0 to 4 σ:
    the true gain in σ, the gain as claimed by the kept runs, and the share of keeps that were true gains.
    """
    true_gains, claims, keeps, good = [], [], 0, 0
    for seed in range(nights):
        night, ideas = started(20_000 + seed), random.Random(seed)
        while night.runs < runs:
            step = ideas.uniform(0.5, 4) if ideas.random() < 1 / 8 else -ideas.uniform(0, 4)
            kept = rule(night, night.incumbent_true - step)
            keeps, good = keeps + kept, good + (kept and step > 0)
        true_gains.append(-night.incumbent_true)
        claims.append(-statistics.fmean(night.incumbent))
    return statistics.fmean(true_gains), statistics.fmean(claims), good / keeps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=150, help="simulated nights per figure")
    nights = parser.parse_args().nights
    rules = {"this rule": ours, "any decrease": any_decrease}
    print(f"k = {RULE.k}, at most {RULE.reruns} pairs of re-runs, {nights} nights a figure\n")
    print("a true gain of        " + "".join(f"{effect:>7g}σ" for effect in EFFECTS))
    for name, rule in rules.items():
        for at in (0, 50):
            curve = [power(rule, effect, nights=4 * nights, at=at) for effect in EFFECTS]
            print(f"{name:13} as #{at + 1:<3} " + "".join(f"{kept:>8.0%}" for kept, _ in curve) + "  kept")
            print(" " * 22 + "".join(f"{runs:>8.2f}" for _, runs in curve) + "  runs spent")
    print()
    for name, rule in rules.items():
        false, rerun = noise_only(rule, nights=nights)
        gain, claim, good = mixed(rule, nights=nights)
        print(
            f"{name:13} {false:6.2f} false keeps in 200 experiments of pure noise, {rerun:4.0%} of their runs re-runs;"
        )
        print(
            f"{'':13} {gain:6.2f} σ truly gained after 150 runs of mixed ideas, {claim:.2f} claimed; {good:.0%} of keeps true"
        )


EFFECTS = (0.5, 1, 2, 3, 4, 6)

if __name__ == "__main__":
    main()
