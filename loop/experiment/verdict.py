"""The third step: run the candidate, and the incumbent if that decides, until there is a verdict."""

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
from loop.brief.guards import violation
from loop.contracts import BASELINE
from loop.errors import Stopped
from loop.experiment.launch import make_run
from loop.gate import patch
from loop.keep_rule import (
    Decision,
    Evidence,
    KeepRule,
    Noise,
    decide,
    incumbent_is_stale,
    needs_incumbent_rerun,
    pooled_noise,
)
from loop.runtime.context import Context
from loop.runtime.experiment_log import ExperimentLog
from loop.runtime.session_journal import SessionJournal
from loop.runtime.workers import WorkerPool

INTERRUPTIONS = 3  # of one experiment, after which it counts as a crash
INVALID = ("tampered", "skipped")  # failures that say nothing about the idea


def reach_verdict(ctx: Context, number: int, commit: str) -> Verdict:
    """Run until there is a verdict, and record it. Raises Stopped if a person ends the baseline."""
    step = _baseline_step if number == BASELINE else _candidate_step
    while (verdict := (log := ctx.journal.log(number)).verdict) is None:
        if ctx.control.ends_now and number == BASELINE:
            raise Stopped
        event = _verdict_without_comparison(ctx, number, log) or step(ctx, number, log, commit)
        if event is not None:
            ctx.journal.append(number, event)
    return verdict


def _verdict_without_comparison(ctx: Context, number: int, log: ExperimentLog) -> Verdict | None:
    """The verdict if a person stopped the loop, a run failed, or a run broke a guard."""
    if ctx.control.ends_now:
        return _stopped_verdict(ctx.session, number)
    return _failure_verdict(ctx.session, number, log) or _guard_verdict(ctx.session, number, log, ctx.config.guard)


def _stopped_verdict(session: Session, number: int) -> Verdict:
    return ExperimentInvalidated(
        session=session.tag,
        experiment=number,
        incumbent=session.best,
        sigma=session.sigma,
        rule="stopped",
        reason="a person stopped the loop during its run; it may be proposed again",
    )


def _failure_verdict(session: Session, number: int, log: ExperimentLog) -> Verdict | None:
    """The verdict if a run of the experiment's own commit failed."""
    outcomes = log.outcomes_of("candidate", "baseline", "replicate")
    failure = next((outcome for outcome in outcomes if isinstance(outcome, RunFailed)), None)
    if failure is None and (number == BASELINE or log.interruptions() < INTERRUPTIONS):
        return None
    kind = ExperimentInvalidated if failure is not None and failure.kind in INVALID else ExperimentCrashed
    return kind(
        session=session.tag,
        experiment=number,
        incumbent=session.best,
        sigma=session.sigma,
        rule=failure.kind if failure else "interrupted",
        reason=failure.reason if failure else f"the loop ended {log.interruptions()} times during its runs",
    )


def _guard_verdict(session: Session, number: int, log: ExperimentLog, guards: Sequence[str]) -> Verdict | None:
    """The verdict if a run of the experiment's own commit broke a guard of the brief.

    It has a metric and no gain, so that nobody takes a gain at the cost of a guard for a near miss.
    """
    outcomes = log.outcomes_of("candidate", "baseline", "replicate")
    runs = [outcome for outcome in outcomes if isinstance(outcome, RunFinished)]
    reason = next((problem for run in runs if (problem := violation(guards, run.values))), None)
    if reason is None:
        return None
    if any(run.purpose == "baseline" for run in runs):
        return ExperimentInvalidated(session=session.tag, experiment=number, rule="guard", reason=reason)
    return ExperimentDiscarded(
        session=session.tag,
        experiment=number,
        metric=statistics.mean(run.metric for run in runs),
        incumbent=session.best,
        sigma=session.sigma,
        rule="guard",
        reason=reason,
    )


def _baseline_step(ctx: Context, number: int, log: ExperimentLog, commit: str) -> Verdict | None:
    """Run the unchanged code; after enough runs, return its mean as the verdict and record σ."""
    metrics = [outcome.metric for outcome in log.outcomes_of("baseline") if isinstance(outcome, RunFinished)]
    if missing := max(0, ctx.config.baseline_runs - len(metrics)):
        count = min(missing, len(ctx.devices))
        WorkerPool(ctx).run_all([_baseline_run(number, log, commit, offset=offset) for offset in range(count)])
        return None
    mean, spread = statistics.mean(metrics), pooled_noise([metrics])
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


def _baseline_run(number: int, log: ExperimentLog, commit: str, *, offset: int) -> Callable[[Context], object]:
    seed = 1 + len(log.outcomes_of("baseline")) + offset
    return lambda ctx: make_run(ctx, number, log, commit, purpose="baseline", seed=seed, offset=offset)


def _candidate_step(ctx: Context, number: int, log: ExperimentLog, commit: str) -> Verdict | None:
    """Run the candidate; run it and its parent again if the gain is borderline; else return the verdict.

    The parent may not be the incumbent any more: another experiment in flight may have become it.
    """
    idea = log.idea
    assert idea is not None
    base, pairs = idea.parent, len(log.outcomes_of("replicate"))
    if not log.outcomes_of("candidate"):
        make_run(ctx, number, log, commit, purpose="candidate", seed=_seed(number, 1))
        return None
    if _incumbent_is_due(ctx.journal, number, log, commit):
        make_run(ctx, number, log, base, purpose="incumbent", seed=_seed(number, pairs + 1))
        return None
    evidence = _evidence(ctx.journal, idea, commit, pairs=pairs)
    session = ctx.session
    decision = decide(
        evidence,
        KeepRule(
            direction=ctx.config.direction, k=ctx.config.keep, floor=ctx.config.noise_floor, reruns=ctx.config.reruns
        ),
        takes_back=idea.takes_back,
        ablates=idea.ablates,
        overtaken_by=None if base == session.incumbent else session.incumbent_experiment,
    )
    if decision.action == "rerun":
        make_run(ctx, number, log, commit, purpose="replicate", seed=_seed(number, pairs + 2))
        return None
    if pairs:
        _record_noise(ctx.journal, number, evidence.noise, mean=decision.incumbent, values=tuple(evidence.incumbent))
    verdict = _verdict(session, number, decision, sigma=evidence.noise.sigma)
    return ExperimentKept(commit=commit, anchor=log.anchor, **asdict(verdict)) if decision.action == "keep" else verdict


def _evidence(journal: SessionJournal, idea: IdeaProposed, commit: str, *, pairs: int) -> Evidence:
    metrics = journal.metrics()
    added, removed = patch.count_lines(idea.diff)
    return Evidence(
        candidate=metrics[commit],
        incumbent=metrics[idea.parent],
        noise=journal.noise(),
        lines=added - removed,
        pairs=pairs,
    )


def _incumbent_is_due(journal: SessionJournal, number: int, log: ExperimentLog, commit: str) -> bool:
    """Whether to run the incumbent now: to complete a pair, or because it has too few runs for its age."""
    session, metrics, idea = journal.session, journal.metrics(), log.idea
    if idea is None or idea.parent != session.incumbent:
        return False
    runs, reruns, pairs = (
        len(metrics[idea.parent]),
        len(log.outcomes_of("incumbent")),
        len(log.outcomes_of("replicate")),
    )
    is_stale = incumbent_is_stale(runs, experiments=number - (session.incumbent_experiment or 0))
    if reruns == 0 and (is_stale or idea.ablates is not None):
        return True
    return reruns < pairs and needs_incumbent_rerun(len(metrics[commit]), runs)


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
        replicates=noise.dof + 1,
        values=values,
    )
    journal.append_to_session(event, key=f"{journal.tag}/noise/{number}")
