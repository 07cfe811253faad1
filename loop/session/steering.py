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

from journal.changes.signature import signature
from journal.events import (
    VETO,
    BranchFromAcknowledged,
    BranchFromRequested,
    ChangeReverted,
    Event,
    ExperimentInvalidated,
    IdeaProposed,
    IncumbentMoved,
    VetoAcknowledged,
    VetoRequested,
)
from journal.events.recorded import Recorded
from journal.projections.experiments import Experiment
from journal.projections.lineage import carried, lineage, unfit, unvetoable
from loop.errors import WorkspaceError
from loop.experiment import branch
from loop.experiment.ablation import without
from loop.gate import patch
from loop.runtime.context import Lab
from loop.runtime.control import Wish

How = Literal["reset", "revert", "undone"]
NOT_DONE = "not done: "  # an answer that begins so is a refusal


def steer(lab: Lab) -> None:
    """Do what is asked for, at a boundary between experiments. A veto may open an experiment: it is the next one."""
    for position, recorded in sorted(lab.recorder.requests.items()):
        if lab.control.interrupted or _open(lab):
            return
        event = recorded.event
        if isinstance(event, BranchFromRequested):
            done = BranchFromAcknowledged(session=event.session, request=position, outcome=_go_on(lab, recorded, event))
            lab.recorder.of_session(done)
        elif isinstance(event, VetoRequested) and (outcome := _veto(lab, recorded, event)) is not None:
            lab.recorder.of_session(VetoAcknowledged(session=event.session, request=position, outcome=outcome))


def _open(lab: Lab) -> bool:
    rows = lab.state.experiments.rows.values()
    return any(row.status == "open" for row in rows if row.session == lab.session.tag)


def _go_on(lab: Lab, recorded: Recorded, asked: BranchFromRequested) -> str:
    tag, number = asked.session, asked.experiment
    if why := unfit(lab.state, tag, number):
        return f"{NOT_DONE}{why}"
    row = lab.state.experiments.rows[tag, number]
    if row.commit != lab.session.incumbent:
        before, moved = lab.session.tip, _moved(lab, row, recorded, reason=f"{asked.author} goes on from it")
        lab.recorder.of_session(moved)
        branch.move(lab, moved.branch_at, expected=before)
    return f"experiment {number} is the incumbent"


def _veto(lab: Lab, recorded: Recorded, asked: VetoRequested) -> str | None:
    """The answer; None while the experiment that takes the change back has to be made."""
    tag, number = asked.session, asked.experiment
    row = lab.state.experiments.rows.get((tag, number))
    if row is not None and row.vetoed:  # by this very request, before the loop was killed
        return _taken_back(number)
    if why := unvetoable(lab.state, tag, number):
        return f"{NOT_DONE}{why}"
    assert row is not None
    chain = lineage(lab.state, tag, lab.session.incumbent)
    if row not in chain:
        _mark(lab, row, asked, branch_at=lab.session.tip, how="undone")
        return _taken_back(number)
    return _step_back(lab, row, recorded, asked) if row is chain[0] else _take_out(lab, row, asked)


def _taken_back(number: int) -> str:
    return f"experiment {number} is taken back"


def _step_back(lab: Lab, row: Experiment, recorded: Recorded, asked: VetoRequested) -> str:
    """Nothing stands on the change: the incumbent is what it stood on."""
    below = lineage(lab.state, row.session, row.parent)
    if held := carried(below):
        return f"{NOT_DONE}without it the change of experiment {held.number}, which was vetoed, would return"
    before = lab.session.tip
    moved = _moved(lab, below[0], recorded, reason=f"{asked.author} took experiment {row.number} back")
    _mark(lab, row, asked, moved, branch_at=moved.branch_at, how=lab.config.rollback)
    branch.move(lab, moved.branch_at, expected=before)
    return _taken_back(row.number)


def _take_out(lab: Lab, row: Experiment, asked: VetoRequested) -> str | None:
    """Others stand on the change: without it the program is another one, and is measured before it is the incumbent."""
    tries = [other for other in lab.state.experiments.rows.values() if other.takes_back == row.number]
    last = next((other for other in reversed(tries) if other.session == row.session and other.rule != "stopped"), None)
    if last is not None and last.status == "keep":
        _mark(lab, row, asked, branch_at=lab.session.tip, how="undone")
        return _taken_back(row.number)
    if last is not None and last.parent == lab.session.incumbent:
        return f"{NOT_DONE}what is left without it cannot be kept (experiment {last.number}): {last.reason}"
    if lab.control.wish is Wish.STOP:
        return f"{NOT_DONE}the session ends, and others stand on it: what is left would have to be measured"
    try:
        before, after = without(lab, row)
    except WorkspaceError as error:
        return f"{NOT_DONE}{error}"
    if before == after:  # a later change took it out already
        _mark(lab, row, asked, branch_at=lab.session.tip, how="undone")
        return _taken_back(row.number)
    _propose(lab, row, asked, before, after)
    return None


def _propose(lab: Lab, row: Experiment, asked: VetoRequested, before: dict[str, str], after: dict[str, str]) -> None:
    number = 1 + max(other.number for other in lab.state.experiments.rows.values() if other.session == row.session)
    idea = IdeaProposed(
        session=row.session,
        experiment=number,
        idea=f"take #{row.number} back: {row.idea}",
        hypothesis=f"{asked.author} vetoed experiment {row.number}, and later changes stand on it.",
        kind=row.kind,
        parent=lab.session.incumbent,
        diff=patch.unified(before, {path: text for path, text in after.items() if text != before.get(path)}),
        change=signature(before, after),
        proposer="loop",
        takes_back=row.number,
    )
    lab.recorder.experiment(number, idea)


def _moved(lab: Lab, row: Experiment, recorded: Recorded, *, reason: str) -> IncumbentMoved:
    """The incumbent as another experiment's commit; with `rollback: revert` the branch gets a commit of the same tree."""
    commit, tip = str(row.commit), lab.session.tip
    branch_at = commit
    if lab.config.rollback == "revert":
        when = datetime.fromisoformat(recorded.recorded_at)
        message = f"Go on from experiment {row.number}\n\n{reason}\n"
        branch_at = lab.workspace.revert(tip, onto=commit, message=message, when=when)
    metric = statistics.mean(lab.metrics()[commit])
    return IncumbentMoved(
        session=row.session, experiment=row.number, commit=commit, metric=metric, branch_at=branch_at, reason=reason
    )


def _mark(lab: Lab, row: Experiment, asked: VetoRequested, *more: Event, branch_at: str, how: How) -> None:
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
        reason=f"vetoed by {asked.author}; it was kept: {row.reason}",
    )
    reverted = ChangeReverted(
        session=row.session, experiment=row.number, commit=str(row.commit), branch_at=branch_at, how=how
    )
    lab.recorder.experiment(row.number, verdict, reverted, *more)
