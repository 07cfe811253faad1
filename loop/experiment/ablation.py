"""Kept changes, tested again: the incumbent without one of them is run beside the incumbent.

A change that paid when the loop kept it may not pay once later changes stand on it. The loop leaves out each in turn, oldest
first, as an experiment of kind `ablation`. It repeats no ablation since the last keep, so a killed loop continues.
"""

from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from journal.projections.experiments import Experiment
from journal.projections.lineage import lineage
from loop.brief.scope import Scope
from loop.contracts import BASELINE
from loop.errors import WorkspaceError
from loop.gate import patch
from loop.gate.gate import syntax_error
from loop.keep_rule import Evidence, KeepRule, apply_rule
from loop.runtime.context import Context
from loop.runtime.proposal_events import loop_idea
from loop.runtime.session_journal import SessionJournal

AblationFinding = Literal["still pays", "within the noise", "better without it", "not tested"]
KIND = "ablation"


class AblationResult(Struct, frozen=True, kw_only=True, rename={"note": "words"}):
    """What the test of a kept change has shown; `gain` and `loss` are positive if the change pays."""

    keep: int  # number of the kept experiment
    idea: str
    gain: float | None  # in σ, when the loop kept it
    finding: AblationFinding = "not tested"
    note: str = "its turn has not come"
    experiment: int | None = None  # the ablation
    delta: float | None = None  # the metric without the change less the metric with it
    loss: float | None = None  # in σ, without the change
    threshold: float | None = None  # in the metric's unit


def propose_next(ctx: Context) -> int | None:
    """Record the next ablation and return its number; None if no kept change is left to test."""
    ablations = _ablations(ctx.journal)
    for row in _kept_changes(ctx.journal):
        if row.number not in ablations and not isinstance(files := _try_without(ctx, row), str):
            return propose_own(
                ctx.journal,
                *files,
                idea=f"without #{row.number}: {row.idea}",
                hypothesis=f"Does the change of experiment {row.number} still pay?",
                kind=KIND,
                ablates=row.number,
            )
    return None


def results(ctx: Context) -> list[AblationResult]:
    """A result for each kept change of the incumbent, oldest first."""
    ablations = _ablations(ctx.journal)
    return [_result(ctx, row, ablations.get(row.number)) for row in _kept_changes(ctx.journal)]


def _kept_changes(journal: SessionJournal) -> list[Experiment]:
    """The kept experiments whose changes the incumbent holds, oldest first."""
    chain = reversed(lineage(journal.state, journal.tag, journal.session.incumbent))
    return [row for row in chain if row.number != BASELINE and row.kind != KIND and row.status == "keep"]


def _ablations(journal: SessionJournal) -> dict[int, Experiment]:
    """Number of a kept change -> the experiment that left it out, of those since the last keep."""
    last = max((row.number for row in _kept_changes(journal)), default=0)
    rows = [row for row in journal.rows() if row.kind == KIND and row.number > last and row.rule != "stopped"]
    ideas = [(row, journal.log(row.number).idea) for row in rows]
    return {idea.ablates: row for row, idea in ideas if idea is not None and idea.ablates is not None}


def _try_without(ctx: Context, row: Experiment) -> tuple[dict[str, str], dict[str, str]] | str:
    """The incumbent's files in scope with and without a change, or why the change cannot be left out."""
    try:
        before, after = without_change(ctx, row)
    except WorkspaceError as error:
        return str(error)
    return "a later change has already removed it" if before == after else (before, after)


def propose_own(journal: SessionJournal, before: dict[str, str], after: dict[str, str], **fields: Any) -> int:
    """Record an experiment that the loop itself proposes on the incumbent; returns its number."""
    number, parent = journal.next_number(), journal.session.incumbent
    idea = loop_idea(session=journal.tag, experiment=number, parent=parent, before=before, after=after, **fields)
    journal.append(number, idea)
    return number


def _result(ctx: Context, row: Experiment, ablation: Experiment | None) -> AblationResult:
    untested = AblationResult(keep=row.number, idea=row.idea, gain=row.gain_sigma)
    if ablation is None:
        files = _try_without(ctx, row)
        return replace(untested, note=files) if isinstance(files, str) else untested
    if ablation.metric is None or ablation.commit is None:
        finding: AblationFinding = "still pays" if ablation.status == "crash" else "not tested"
        note = f"no metric without it: {ablation.reason}"
        return replace(untested, finding=finding, note=note, experiment=ablation.number)
    metrics, rule = (
        ctx.journal.metrics(),
        KeepRule(direction=ctx.config.direction, k=ctx.config.keep, floor=ctx.config.noise_floor, reruns=0),
    )
    runs, incumbent = metrics[ablation.commit], metrics[str(ablation.parent)]
    decision = apply_rule(Evidence(candidate=runs, incumbent=incumbent, noise=ctx.journal.noise()), rule)
    return replace(
        untested,
        finding=_finding(decision.delta if ctx.config.direction == "minimize" else -decision.delta, decision.threshold),
        note="removed: the program is shorter" if ablation.status == "keep" else "",
        experiment=ablation.number,
        delta=decision.delta,
        loss=None if decision.gain_sigma is None else -decision.gain_sigma,
        threshold=decision.threshold,
    )


def _finding(loss: float, threshold: float) -> AblationFinding:
    if abs(loss) <= threshold:
        return "within the noise"
    return "still pays" if loss > 0 else "better without it"


def without_change(ctx: Context, row: Experiment) -> tuple[dict[str, str], dict[str, str]]:
    """The incumbent's files in scope with and without a change. Raises WorkspaceError if that is impossible."""
    scope = Scope(patterns=ctx.config.scope, tree=ctx.workspace.tree(ctx.session.incumbent)).files()
    committed = ctx.journal.log(row.number).committed
    if outside := set(committed.files if committed else ()) - set(scope):
        raise WorkspaceError(f"it edited {min(outside)}, which the brief's scope no longer holds.")
    commits = str(row.parent), str(row.commit), ctx.session.incumbent
    before, after, incumbent = (ctx.workspace.read(commit, scope) for commit in commits)
    undone = patch.undo(before, after, incumbent)
    problems = [problem for path, text in undone.items() if (problem := syntax_error(path, text))]
    if problems:
        raise WorkspaceError(f"without it {problems[0]}")
    return incumbent, {**incumbent, **undone}
