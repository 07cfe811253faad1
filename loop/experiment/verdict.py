"""The third step: runs of the candidate, and of the incumbent where that decides, until there is a verdict."""

import statistics
from collections.abc import Callable, Sequence

from msgspec.structs import asdict

from journal.events import (
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
from journal.projections.sessions import Session
from loop.brief.guards import broken
from loop.contracts import BASELINE
from loop.errors import Stopped
from loop.experiment.launch import make_run
from loop.gate import patch
from loop.keep_rule import Decision, Evidence, KeepRule, Noise, decide, incumbent_again, noise, stale
from loop.runtime.context import Context
from loop.runtime.experiment_log import ExperimentLog
from loop.runtime.session_journal import SessionJournal
from loop.runtime.workers import WorkerPool

INTERRUPTIONS = 3  # of one experiment, after which it is the suspect
INVALID = ("tampered", "skipped")  # failures that say nothing of the idea's worth


def verdict_on(ctx: Context, number: int, commit: str) -> Verdict:
    """Run until there is a verdict, and record it. Raises Stopped where a person ends the baseline."""
    step = _baseline if number == BASELINE else _candidate
    while (verdict := (log := ctx.journal.log(number)).verdict) is None:
        if ctx.control.ends_now and number == BASELINE:
            raise Stopped
        event = _without_a_decision(ctx, number, log) or step(ctx, number, log, commit)
        if event is not None:
            ctx.journal.append(number, event)
    return verdict


def _without_a_decision(ctx: Context, number: int, log: ExperimentLog) -> Verdict | None:
    """The verdict that needs no comparison of metrics: a person stopped the loop, a run failed, or a guard is broken."""
    if ctx.control.ends_now:
        return _stopped(ctx.session, number)
    return _failed(ctx.session, number, log) or _guarded(ctx.session, number, log, ctx.config.guard)


def _stopped(session: Session, number: int) -> Verdict:
    """The verdict on an experiment in whose runs a person stopped the loop."""
    return ExperimentInvalidated(
        session=session.tag,
        experiment=number,
        incumbent=session.best,
        sigma=session.sigma,
        rule="stopped",
        reason="a person stopped the loop while this ran; it may be proposed again",
    )


def _failed(session: Session, number: int, log: ExperimentLog) -> Verdict | None:
    """The verdict on an experiment one of whose own runs gave no metric."""
    outcomes = [outcome for _, outcome in log.ended("candidate", "baseline", "replicate")]
    failed = next((outcome for outcome in outcomes if isinstance(outcome, RunFailed)), None)
    if failed is None and (number == BASELINE or log.interruptions() < INTERRUPTIONS):
        return None
    kind = ExperimentInvalidated if failed is not None and failed.kind in INVALID else ExperimentCrashed
    times = f"the loop ended {log.interruptions()} times while this ran"
    return kind(
        session=session.tag,
        experiment=number,
        incumbent=session.best,
        sigma=session.sigma,
        rule=failed.kind if failed else "interrupted",
        reason=failed.reason if failed else times,
    )


def _guarded(session: Session, number: int, log: ExperimentLog, guards: Sequence[str]) -> Verdict | None:
    """The verdict on an experiment one of whose own runs breaks a guard of the brief.

    It has a metric and no gain: what a broken guard was traded for is not to be taken for a near miss by anybody.
    """
    ended = [outcome for _, outcome in log.ended("candidate", "baseline", "replicate")]
    runs = [outcome for outcome in ended if isinstance(outcome, RunFinished)]
    why = next((words for run in runs if (words := broken(guards, run.values))), None)
    if why is None:
        return None
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


def _baseline(ctx: Context, number: int, log: ExperimentLog, commit: str) -> Verdict | None:
    """Run the unchanged code until there are enough runs, then say what it measures and how noisily."""
    metrics = [outcome.metric for _, outcome in log.ended("baseline") if isinstance(outcome, RunFinished)]
    if missing := max(0, ctx.config.baseline_runs - len(metrics)):
        works = [_baseline_run(number, log, commit, beside=beside) for beside in range(min(missing, len(ctx.devices)))]
        WorkerPool(ctx).run_all(works)
        return None
    mean, spread = statistics.mean(metrics), noise([metrics])
    _record_noise(ctx.journal, number, spread, mean=mean, values=tuple(metrics))
    return ExperimentKept(
        session=ctx.session.tag,
        experiment=number,
        commit=commit,
        metric=mean,
        sigma=spread.sigma,
        rule="baseline",
        anchor=log.anchor,
        reason=f"the unchanged code, mean of {len(metrics)} runs",
    )


def _baseline_run(number: int, log: ExperimentLog, commit: str, *, beside: int) -> Callable[[Context], object]:
    seed = 1 + len(log.ended("baseline")) + beside
    return lambda ctx: make_run(ctx, number, log, commit, purpose="baseline", seed=seed, beside=beside)


def _candidate(ctx: Context, number: int, log: ExperimentLog, commit: str) -> Verdict | None:
    """Run the candidate; if the gain is borderline, run the candidate and the incumbent again; else decide.

    The incumbent here is what the candidate stands on; another experiment in flight may have taken its place since.
    """
    idea = log.proposed
    assert idea is not None
    base, pairs = idea.parent, len(log.ended("replicate"))
    if not log.ended("candidate"):
        make_run(ctx, number, log, commit, purpose="candidate", seed=_seed(number, 1))
        return None
    if _incumbent_is_due(ctx.journal, number, log, commit):
        make_run(ctx, number, log, base, purpose="incumbent", seed=_seed(number, pairs + 1))
        return None
    evidence = _evidence(ctx.journal, idea, commit, pairs=pairs)
    session = ctx.session
    decision = decide(
        evidence,
        KeepRule(direction=ctx.config.direction, k=ctx.config.keep, reruns=ctx.config.reruns),
        takes_back=idea.takes_back,
        ablates=idea.ablates,
        overtaken_by=None if base == session.incumbent else session.incumbent_experiment,
    )
    if decision.act == "rerun":
        make_run(ctx, number, log, commit, purpose="replicate", seed=_seed(number, pairs + 2))
        return None
    if pairs:
        _record_noise(ctx.journal, number, evidence.noise, mean=decision.incumbent, values=tuple(evidence.incumbent))
    verdict = _verdict(session, number, decision, sigma=evidence.noise.sigma)
    return ExperimentKept(commit=commit, anchor=log.anchor, **asdict(verdict)) if decision.act == "keep" else verdict


def _evidence(journal: SessionJournal, idea: IdeaProposed, commit: str, *, pairs: int) -> Evidence:
    metrics = journal.metrics()
    added, removed = patch.lines(idea.diff)
    return Evidence(
        candidate=metrics[commit],
        incumbent=metrics[idea.parent],
        noise=journal.noise(),
        lines=added - removed,
        pairs=pairs,
    )


def _incumbent_is_due(journal: SessionJournal, number: int, log: ExperimentLog, commit: str) -> bool:
    """Whether the incumbent is run now: as the other half of a pair, or because its age calls for more runs than it has."""
    session, metrics, idea = journal.session, journal.metrics(), log.proposed
    if idea is None or idea.parent != session.incumbent:
        return False
    runs, made, pairs = len(metrics[idea.parent]), len(log.ended("incumbent")), len(log.ended("replicate"))
    is_due = stale(runs, tried=number - (session.incumbent_experiment or 0)) or idea.ablates is not None
    return (made < pairs and incumbent_again(len(metrics[commit]), runs)) or (made == 0 and is_due)


def _seed(number: int, index: int) -> int:
    """A fresh seed for every pair of runs; candidate and incumbent of a pair share it."""
    return 1000 * number + index


def _verdict(session: Session, number: int, decision: Decision, *, sigma: float) -> ExperimentDiscarded:
    return ExperimentDiscarded(
        session=session.tag,
        experiment=number,
        metric=decision.metric,
        incumbent=decision.incumbent,
        delta=decision.delta,
        sigma=sigma,
        gain_sigma=decision.gain_sigma,
        rule=decision.rule,
        reason=decision.reason,
    )


def _record_noise(
    journal: SessionJournal, number: int, noise: Noise, *, mean: float, values: tuple[float, ...]
) -> None:
    event = NoiseMeasured(
        session=journal.tag,
        experiment=number,
        sigma=noise.sigma,
        mean=mean,
        replicates=noise.freedom + 1,
        values=values,
    )
    journal.append_to_session(event, key=f"{journal.tag}/noise/{number}")
