"""The third step: runs of the candidate, and of the incumbent where that decides, until there is a verdict."""

import statistics
from collections.abc import Callable

import msgspec
from msgspec.structs import asdict

from journal.events import (
    VETO,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentInvalidated,
    ExperimentKept,
    IdeaProposed,
    NoiseMeasured,
    RunFailed,
    RunFinished,
    Verdict,
)
from loop.brief.guards import broken
from loop.errors import Stopped
from loop.experiment import stale_base
from loop.experiment.launch import make_run
from loop.gate import patch
from loop.keep_rule import Decision, Noise, Rule, ablated, incumbent_again, judge, noise, stale
from loop.runtime.context import BASELINE, Lab
from loop.runtime.experiment_log import Case
from loop.runtime.workers import Crew

INTERRUPTIONS = 3  # of one experiment, after which it is the suspect
INVALID = ("tampered", "skipped")  # failures that say nothing of the idea's worth


def verdict_on(lab: Lab, number: int, commit: str) -> Verdict:
    """Run until there is a verdict, and record it. Raises Stopped where a person ends the baseline."""
    decide = _baseline if number == BASELINE else _candidate
    while (verdict := (folded := lab.case(number)).verdict) is None:
        if lab.control.ends_now and number == BASELINE:
            raise Stopped
        event = _stopped(lab, number) or _spoiled(lab, number, folded) or _guarded(lab, number, folded)
        event = event or decide(lab, number, folded, commit)
        if event is not None:
            lab.recorder.experiment(number, event)
    return verdict


def _stopped(lab: Lab, number: int) -> Verdict | None:
    """The verdict on an experiment in whose runs a person stopped the loop."""
    if not lab.control.ends_now:
        return None
    return ExperimentInvalidated(
        session=lab.session.tag,
        experiment=number,
        incumbent=lab.session.best,
        sigma=lab.session.sigma,
        rule="stopped",
        reason="a person stopped the loop while this ran; it may be proposed again",
    )


def _spoiled(lab: Lab, number: int, folded: Case) -> Verdict | None:
    """The verdict on an experiment one of whose own runs gave no metric."""
    outcomes = [outcome for _, outcome in folded.ended("candidate", "baseline", "replicate")]
    failed = next((outcome for outcome in outcomes if isinstance(outcome, RunFailed)), None)
    if failed is None and (number == BASELINE or folded.interruptions() < INTERRUPTIONS):
        return None
    kind = ExperimentInvalidated if failed is not None and failed.kind in INVALID else ExperimentCrashed
    times = f"the loop ended {folded.interruptions()} times while this ran"
    return kind(
        session=lab.session.tag,
        experiment=number,
        incumbent=lab.session.best,
        sigma=lab.session.sigma,
        rule=failed.kind if failed else "interrupted",
        reason=failed.reason if failed else times,
    )


def _guarded(lab: Lab, number: int, folded: Case) -> Verdict | None:
    """The verdict on an experiment one of whose own runs breaks a guard of the brief.

    It has a metric and no gain: what a broken guard was traded for is not to be taken for a near miss by anybody.
    """
    ended = [outcome for _, outcome in folded.ended("candidate", "baseline", "replicate")]
    runs = [outcome for outcome in ended if isinstance(outcome, RunFinished)]
    why = next((words for run in runs if (words := broken(lab.config.guard, run.values))), None)
    if why is None:
        return None
    session = lab.session
    if any(run.purpose == "baseline" for run in runs):
        return ExperimentInvalidated(session=session.tag, experiment=number, rule="guard", reason=why)
    return ExperimentDiscarded(
        session=session.tag,
        experiment=number,
        metric=statistics.mean(run.metric for run in runs),
        incumbent=session.best,
        sigma=session.sigma,
        rule="guard",
        reason=why,
    )


def _baseline(lab: Lab, number: int, folded: Case, commit: str) -> Verdict | None:
    """Run the unchanged code until there are enough runs, then say what it measures and how noisily."""
    metrics = [outcome.metric for _, outcome in folded.ended("baseline") if isinstance(outcome, RunFinished)]
    if missing := max(0, lab.config.baseline_runs - len(metrics)):
        works = [
            _baseline_run(number, folded, commit, beside=beside) for beside in range(min(missing, len(lab.devices)))
        ]
        Crew(lab).all(works)
        return None
    measured = noise([metrics])
    mean = statistics.mean(metrics)
    _measured(lab, number, measured, mean=mean, values=tuple(metrics))
    return ExperimentKept(
        session=lab.session.tag,
        experiment=number,
        commit=commit,
        metric=mean,
        sigma=measured.sigma,
        rule="baseline",
        anchor=folded.anchor,
        reason=f"the unchanged code, mean of {len(metrics)} runs",
    )


def _baseline_run(number: int, folded: Case, commit: str, *, beside: int) -> Callable[[Lab], object]:
    seed = 1 + len(folded.ended("baseline")) + beside
    return lambda lab: make_run(lab, number, folded, commit, purpose="baseline", seed=seed, beside=beside)


def _candidate(lab: Lab, number: int, folded: Case, commit: str) -> Verdict | None:
    """Run the candidate; where the gain is borderline run it and the incumbent again; else decide.

    The incumbent here is what it stands on; another experiment in flight may have taken its place since.
    """
    idea = folded.proposed
    assert idea is not None
    base = idea.parent
    if not folded.ended("candidate"):
        make_run(lab, number, folded, commit, purpose="candidate", seed=_seed(number, 1))
        return None
    metrics, measured, pairs = lab.metrics(), lab.noise(), len(folded.ended("replicate"))
    if _incumbent_is_due(lab, number, folded, base, candidate_runs=len(metrics[commit])):
        make_run(lab, number, folded, base, purpose="incumbent", seed=_seed(number, pairs + 1))
        return None
    rule = Rule(direction=lab.config.direction, k=lab.config.keep, reruns=lab.config.reruns)
    added, removed = patch.lines(idea.diff)
    decision = judge(metrics[commit], metrics[base], noise=measured, rule=rule, lines=added - removed, pairs=pairs)
    decision = asked_for(decision, idea)
    if _is_ablation(folded):
        decision = ablated(decision, lines=added - removed)
    decision = stale_base.decided(decision, idea, lab)
    if decision.act == "rerun":
        make_run(lab, number, folded, commit, purpose="replicate", seed=_seed(number, pairs + 2))
        return None
    if pairs:
        _measured(lab, number, measured, mean=decision.incumbent, values=tuple(metrics[base]))
    decided = _verdict(lab, number, decision, measured)
    return ExperimentKept(commit=commit, anchor=folded.anchor, **asdict(decided)) if decision.act == "keep" else decided


def _incumbent_is_due(lab: Lab, number: int, folded: Case, base: str, *, candidate_runs: int) -> bool:
    """Whether the incumbent is run now: as the other half of a pair, or because it is known too badly for its age."""
    if base != lab.session.incumbent:
        return False
    runs = len(lab.metrics()[base])
    made, pairs = len(folded.ended("incumbent")), len(folded.ended("replicate"))
    tried = number - (lab.session.incumbent_experiment or 0)
    due = stale(runs, tried=tried) or _is_ablation(folded)
    return (made < pairs and incumbent_again(candidate_runs, runs)) or (made == 0 and due)


def _is_ablation(folded: Case) -> bool:
    return folded.proposed is not None and folded.proposed.ablates is not None


def _seed(number: int, index: int) -> int:
    """A fresh seed for every pair of runs; candidate and incumbent of a pair share it."""
    return 1000 * number + index


def _verdict(lab: Lab, number: int, decision: Decision, measured: Noise) -> ExperimentDiscarded:
    return ExperimentDiscarded(
        session=lab.session.tag,
        experiment=number,
        metric=decision.metric,
        incumbent=decision.incumbent,
        delta=decision.delta,
        sigma=measured.sigma,
        gain_sigma=decision.gain_sigma,
        rule=decision.rule,
        reason=decision.reason,
    )


def _measured(lab: Lab, number: int, measured: Noise, *, mean: float, values: tuple[float, ...]) -> None:
    event = NoiseMeasured(
        session=lab.session.tag,
        experiment=number,
        sigma=measured.sigma,
        mean=mean,
        replicates=measured.freedom + 1,
        values=values,
    )
    lab.recorder.of_session(event, key=f"{lab.session.tag}/noise/{number}")


def asked_for(decision: Decision, idea: IdeaProposed | None) -> Decision:
    """The decision on what a person wants: it is kept, whatever it measures."""
    if idea is None or idea.takes_back is None:
        return decision
    reason = f"takes experiment {idea.takes_back} back at a person's wish; {decision.reason}"
    return msgspec.structs.replace(decision, act="keep", rule=VETO, reason=reason)
