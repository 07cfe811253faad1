"""Requests that move the branch: `branch-from` makes another commit the incumbent, `veto` takes a kept change back.

A request stays open in the journal until the loop does or refuses it. Each step first checks what the journal already holds: a
killed loop continues. The decision is durable before the branch moves.

    branch-from N             N's commit becomes the incumbent, kept or not; the keep rule compares with the mean of its runs
    veto N, the latest keep   the parent of N becomes the incumbent
    veto N, an earlier keep   the loop measures the incumbent without N's change as an experiment, which becomes the incumbent
    veto N, off the branch    nothing moves; the gate refuses N's change from then on
"""

import statistics
from datetime import datetime
from typing import Literal

from journal.events import (
    VETO,
    BranchFromAcknowledged,
    BranchFromRequested,
    ChangeReverted,
    Event,
    ExperimentInvalidated,
    IncumbentMoved,
    VetoAcknowledged,
    VetoRequested,
)
from journal.events.recorded import Recorded
from journal.projections.experiments import Experiment
from journal.projections.lineage import branch_refusal, lineage, veto_refusal, vetoed_change
from loop.errors import WorkspaceError
from loop.experiment.ablation import propose_own, without_change
from loop.experiment.branch import move_branch
from loop.runtime.context import Context
from loop.runtime.control import RequestedState
from loop.runtime.session_journal import SessionJournal
from loop.runtime.withdrawals import Answer

Rollback = Literal["reset", "revert", "undone"]


def steer(ctx: Context) -> None:
    """Carry out the open requests between two experiments. A veto may propose an experiment: that is the next one."""
    for position, recorded in sorted(ctx.journal.requests.items()):
        if ctx.control.is_interrupted or any(row.status == "open" for row in ctx.journal.rows()):
            return
        event = recorded.event
        if isinstance(event, BranchFromRequested):
            _acknowledge(ctx.journal, BranchFromAcknowledged, position, _branch_from(ctx, recorded, event))
        elif isinstance(event, VetoRequested) and (answer := _veto(ctx, recorded, event)) is not None:
            _acknowledge(ctx.journal, VetoAcknowledged, position, answer)


def _acknowledge(
    journal: SessionJournal,
    kind: type[BranchFromAcknowledged | VetoAcknowledged],
    position: int,
    answer: Answer,
) -> None:
    event = kind(session=journal.tag, request=position, outcome=answer.outcome, done=answer.done)
    journal.append_to_session(event)


def _branch_from(ctx: Context, recorded: Recorded, request: BranchFromRequested) -> Answer:
    tag, number = request.session, request.experiment
    if objection := branch_refusal(ctx.state, tag, number):
        return Answer(objection, done=False)
    row = ctx.state.experiments.rows[tag, number]
    if row.commit != ctx.session.incumbent:
        before = ctx.session.tip
        event = _incumbent_moved(ctx, row, recorded, reason=f"{request.author} branched from it")
        ctx.journal.append_to_session(event)
        move_branch(ctx, event.branch_at, expected=before)
    return Answer(f"experiment {number} is the incumbent")


def _veto(ctx: Context, recorded: Recorded, request: VetoRequested) -> Answer | None:
    """The answer; None if an experiment without the change has to run first."""
    tag, number = request.session, request.experiment
    row = ctx.state.experiments.rows.get((tag, number))
    if row is not None and row.vetoed:  # by this request, before the loop was killed
        return _vetoed(number)
    if objection := veto_refusal(ctx.state, tag, number):
        return Answer(objection, done=False)
    assert row is not None
    chain = lineage(ctx.state, tag, ctx.session.incumbent)
    if row not in chain:
        return _record_veto(ctx.journal, row, request)
    return _veto_latest(ctx, row, recorded, request) if row is chain[0] else _veto_earlier(ctx, row, request)


def _vetoed(number: int) -> Answer:
    return Answer(f"experiment {number} is vetoed")


def _veto_latest(ctx: Context, row: Experiment, recorded: Recorded, request: VetoRequested) -> Answer:
    """Make the parent of the latest keep the incumbent."""
    ancestors = lineage(ctx.state, row.session, row.parent)
    if returning := vetoed_change(ancestors):
        return Answer(f"that would bring back the vetoed change of experiment {returning.number}", done=False)
    before = ctx.session.tip
    event = _incumbent_moved(ctx, ancestors[0], recorded, reason=f"{request.author} vetoed experiment {row.number}")
    answer = _record_veto(ctx.journal, row, request, event, branch_at=event.branch_at, how=ctx.config.rollback)
    move_branch(ctx, event.branch_at, expected=before)
    return answer


def _veto_earlier(ctx: Context, row: Experiment, request: VetoRequested) -> Answer | None:
    """Propose the incumbent without the change, which later keeps stand on; answer once it is kept or cannot be."""
    tries = [other for other in ctx.journal.rows() if other.takes_back == row.number and other.rule != "stopped"]
    last = tries[-1] if tries else None
    if last is not None and last.status == "keep":
        return _record_veto(ctx.journal, row, request)
    if last is not None and last.parent == ctx.session.incumbent:
        return Answer(f"the program without it cannot be kept (experiment {last.number}): {last.reason}", done=False)
    if ctx.control.requested is RequestedState.STOP:
        return Answer("the session ends, so the program without it cannot be measured", done=False)
    try:
        before, after = without_change(ctx, row)
    except WorkspaceError as error:
        return Answer(str(error), done=False)
    if before == after:  # a later change has removed it
        return _record_veto(ctx.journal, row, request)
    propose_own(
        ctx.journal,
        before,
        after,
        idea=f"take #{row.number} back: {row.idea}",
        hypothesis=f"{request.author} vetoed experiment {row.number}, and later changes stand on it.",
        kind=row.kind,
        takes_back=row.number,
    )
    return None


def _incumbent_moved(ctx: Context, row: Experiment, recorded: Recorded, *, reason: str) -> IncumbentMoved:
    """The event that an experiment becomes the incumbent; with `rollback: revert` the branch gets a commit of its tree."""
    commit = branch_at = str(row.commit)
    if ctx.config.rollback == "revert":
        when = datetime.fromisoformat(recorded.recorded_at)
        message = f"Branch from experiment {row.number}\n\n{reason}\n"
        branch_at = ctx.workspace.revert(ctx.session.tip, onto=commit, message=message, when=when)
    metric = statistics.mean(ctx.journal.metrics()[commit])
    return IncumbentMoved(
        session=row.session, experiment=row.number, commit=commit, metric=metric, branch_at=branch_at, reason=reason
    )


def _record_veto(
    journal: SessionJournal,
    row: Experiment,
    request: VetoRequested,
    *events: Event,
    branch_at: str = "",
    how: Rollback = "undone",
) -> Answer:
    """Record a veto and the tip of the branch, which stays unless `branch_at` is given, in one transaction."""
    verdict = ExperimentInvalidated(
        session=row.session,
        experiment=row.number,
        metric=row.metric,
        incumbent=row.incumbent,
        delta=row.delta,
        sigma=row.sigma,
        gain_sigma=row.gain_sigma,
        rule=VETO,
        reason=f"vetoed by {request.author}; it was kept: {row.reason}",
    )
    reverted = ChangeReverted(
        session=row.session,
        experiment=row.number,
        commit=str(row.commit),
        branch_at=branch_at or journal.session.tip,
        how=how,
    )
    journal.append(row.number, verdict, reverted, *events)
    return _vetoed(row.number)
