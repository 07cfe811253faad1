"""What a person may change in the course of a session: go on from another commit, take a kept experiment back.

A request stays open in the journal until it is done or refused, and each step looks first at what the journal already
has: a loop that was killed in between finds it again, and goes on. What is decided is durable before the branch moves.

    go on from N         the incumbent is N's commit, kept or not; the keep rule compares with the mean of its runs
    veto N, the latest   the incumbent is the commit that N stands on
    veto N, others on it a commit with N's change undone is measured as an experiment of its own, and is the incumbent then
    veto N, left behind  nothing moves: N is marked, so that nobody proposes it again
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
from journal.projections.lineage import carried, lineage, unfit, unvetoable
from loop.errors import WorkspaceError
from loop.experiment import branch
from loop.experiment.ablation import without_change
from loop.runtime.context import Context
from loop.runtime.control import Answer, RequestedState
from loop.runtime.proposal_events import own_idea
from loop.runtime.session_journal import SessionJournal

How = Literal["reset", "revert", "undone"]


def steer(ctx: Context) -> None:
    """Do what is asked for, at a boundary between experiments. A veto may open an experiment: it is the next one."""
    for position, recorded in sorted(ctx.journal.requests.items()):
        if ctx.control.interrupted or _open(ctx.journal):
            return
        event = recorded.event
        if isinstance(event, BranchFromRequested):
            _acknowledge(ctx.journal, BranchFromAcknowledged, position, _go_on(ctx, recorded, event))
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


def _open(journal: SessionJournal) -> bool:
    return any(row.status == "open" for row in journal.rows())


def _go_on(ctx: Context, recorded: Recorded, request: BranchFromRequested) -> Answer:
    tag, number = request.session, request.experiment
    if why := unfit(ctx.state, tag, number):
        return Answer(why, done=False)
    row = ctx.state.experiments.rows[tag, number]
    if row.commit != ctx.session.incumbent:
        before, moved = ctx.session.tip, _moved(ctx, row, recorded, reason=f"{request.author} goes on from it")
        ctx.journal.append_to_session(moved)
        branch.move(ctx, moved.branch_at, expected=before)
    return Answer(f"experiment {number} is the incumbent")


def _veto(ctx: Context, recorded: Recorded, request: VetoRequested) -> Answer | None:
    """The answer; None while the experiment that takes the change back has to be made."""
    tag, number = request.session, request.experiment
    row = ctx.state.experiments.rows.get((tag, number))
    if row is not None and row.vetoed:  # by this very request, before the loop was killed
        return _taken_back(number)
    if why := unvetoable(ctx.state, tag, number):
        return Answer(why, done=False)
    assert row is not None
    chain = lineage(ctx.state, tag, ctx.session.incumbent)
    if row not in chain:
        _mark(ctx.journal, row, request, branch_at=ctx.session.tip, how="undone")
        return _taken_back(number)
    return _step_back(ctx, row, recorded, request) if row is chain[0] else _take_out(ctx, row, request)


def _taken_back(number: int) -> Answer:
    return Answer(f"experiment {number} is taken back")


def _step_back(ctx: Context, row: Experiment, recorded: Recorded, request: VetoRequested) -> Answer:
    """Nothing stands on the change: the incumbent is what it stood on."""
    below = lineage(ctx.state, row.session, row.parent)
    if held := carried(below):
        return Answer(f"without it the change of experiment {held.number}, which was vetoed, would return", done=False)
    before = ctx.session.tip
    moved = _moved(ctx, below[0], recorded, reason=f"{request.author} took experiment {row.number} back")
    _mark(ctx.journal, row, request, moved, branch_at=moved.branch_at, how=ctx.config.rollback)
    branch.move(ctx, moved.branch_at, expected=before)
    return _taken_back(row.number)


def _take_out(ctx: Context, row: Experiment, request: VetoRequested) -> Answer | None:
    """Others stand on the change: without it the program is another one, and is measured before it is the incumbent."""
    tries = [other for other in ctx.journal.rows() if other.takes_back == row.number and other.rule != "stopped"]
    last = tries[-1] if tries else None
    if last is not None and last.status == "keep":
        _mark(ctx.journal, row, request, branch_at=ctx.session.tip, how="undone")
        return _taken_back(row.number)
    if last is not None and last.parent == ctx.session.incumbent:
        return Answer(f"what is left without it cannot be kept (experiment {last.number}): {last.reason}", done=False)
    if ctx.control.requested is RequestedState.STOP:
        return Answer("the session ends, and others stand on it: what is left would have to be measured", done=False)
    try:
        before, after = without_change(ctx, row)
    except WorkspaceError as error:
        return Answer(str(error), done=False)
    if before == after:  # a later change took it out already
        _mark(ctx.journal, row, request, branch_at=ctx.session.tip, how="undone")
        return _taken_back(row.number)
    _propose(ctx.journal, row, request, before, after)
    return None


def _propose(
    journal: SessionJournal, row: Experiment, request: VetoRequested, before: dict[str, str], after: dict[str, str]
) -> None:
    number = journal.next_number()
    idea = own_idea(
        session=row.session,
        experiment=number,
        idea=f"take #{row.number} back: {row.idea}",
        hypothesis=f"{request.author} vetoed experiment {row.number}, and later changes stand on it.",
        kind=row.kind,
        parent=journal.session.incumbent,
        before=before,
        after=after,
        takes_back=row.number,
    )
    journal.append(number, idea)


def _moved(ctx: Context, row: Experiment, recorded: Recorded, *, reason: str) -> IncumbentMoved:
    """The incumbent as another experiment's commit; with `rollback: revert` the branch gets a commit of the same tree."""
    commit, tip = str(row.commit), ctx.session.tip
    branch_at = commit
    if ctx.config.rollback == "revert":
        when = datetime.fromisoformat(recorded.recorded_at)
        message = f"Go on from experiment {row.number}\n\n{reason}\n"
        branch_at = ctx.workspace.revert(tip, onto=commit, message=message, when=when)
    metric = statistics.mean(ctx.journal.metrics()[commit])
    return IncumbentMoved(
        session=row.session, experiment=row.number, commit=commit, metric=metric, branch_at=branch_at, reason=reason
    )


def _mark(
    journal: SessionJournal, row: Experiment, request: VetoRequested, *more: Event, branch_at: str, how: How
) -> None:
    """Record that a kept experiment is taken back, and where the branch stands, in one transaction."""
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
        session=row.session, experiment=row.number, commit=str(row.commit), branch_at=branch_at, how=how
    )
    journal.append(row.number, verdict, reverted, *more)
