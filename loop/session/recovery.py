"""The first step of the loop: compare the journal with git and the process table, and repair what an ended loop left open.

The journal is the truth. Recovery moves the branch to where the journal says, unless a person moved it: that is BadInput. It
ends each run in flight and records it as interrupted.
"""

from dataclasses import dataclass
from pathlib import Path

from journal.events import RunFailed, RunStarted, SessionRecovered
from journal.projections.sessions import Session
from loop.errors import BadInput
from loop.experiment.branch import apply_verdict
from loop.runs.process import process_table
from loop.runs.run import RunExecutor
from loop.runtime.context import Context
from loop.runtime.session_journal import SessionJournal
from loop.session.lost_calls import lost_calls
from loop.workspace import Workspace, branch_name


@dataclass(frozen=True)
class Repair:
    """One problem that recovery found, and what it did."""

    problem: str
    action: str


def recover(ctx: Context) -> None:
    """Finish or undo the open step. Raises BadInput if only a person can decide."""
    repairs = [
        *_end_runs(ctx.journal, ctx.runs),
        *_count_lost_calls(ctx.journal, ctx.folder),
        *_remove_locks(ctx.workspace, ctx.session.tag),
        *_restore_refs(ctx.journal, ctx.workspace),
        *_apply_verdicts(ctx),
        *_move_branch(ctx.session, ctx.workspace),
    ]
    if repairs:
        event = SessionRecovered(
            session=ctx.session.tag,
            found="; ".join(repair.problem for repair in repairs),
            did="; ".join(repair.action for repair in repairs),
        )
        ctx.journal.append_to_session(event)


def _count_lost_calls(journal: SessionJournal, folder: Path) -> list[Repair]:
    """Record the cost of each call of the proposer that an earlier loop has not recorded, once."""
    repairs = []
    for event in list(lost_calls(journal, folder)):
        journal.append_to_session(event, key=f"lost call {event.session} {event.prompt_key}")
        repairs.append(Repair(f"a call for experiment {event.experiment} was not recorded", "counted its cost"))
    return repairs


def _remove_locks(workspace: Workspace, tag: str) -> list[Repair]:
    """Remove the locks that a killed git left on this session's refs."""
    return [Repair(f"a killed git had left {name}", "removed it") for name in workspace.remove_stale_locks(tag)]


def _restore_refs(journal: SessionJournal, workspace: Workspace) -> list[Repair]:
    """Hold each commit that the journal names by its ref."""
    tag = journal.tag
    held = workspace.tried_commits(tag)
    rows = [row for row in journal.rows() if row.commit is not None]
    missing = [row for row in rows if held.get(row.number) != row.commit]
    lost = [row.number for row in missing if not workspace.exists(str(row.commit))]
    if lost:
        raise BadInput(
            f"The commit of experiment {lost[0]} is not in this repository: fetch refs/autoresearch/{tag}/* from the clone "
            "that the journal is from, or start a new session with --tag NAME."
        )
    for row in missing:
        workspace.pin(tag, row.number, str(row.commit))
    return [Repair(f"no ref held the commit of experiment {row.number}", "restored the ref") for row in missing]


def _apply_verdicts(ctx: Context) -> list[Repair]:
    """Revert each change whose verdict is recorded and whose revert is not."""
    repairs = []
    for row in [row for row in ctx.journal.rows() if row.status in ("discard", "crash", "invalid")]:
        log = ctx.journal.log(row.number)
        if log.reverted is None and log.committed is not None and log.verdict is not None:
            apply_verdict(ctx, row.number, log.committed.commit, log.verdict)
            repairs.append(Repair(f"experiment {row.number} had a verdict and was not reverted", "reverted it"))
    return repairs


def _move_branch(session: Session, workspace: Workspace) -> list[Repair]:
    """Move the branch to where the journal says: a loop may have ended between that event and the move."""
    tag, tip = session.tag, session.tip
    head = workspace.branch(tag)
    if head == tip:
        return []
    if head not in (None, session.previous_tip):
        raise BadInput(
            f"Branch {branch_name(tag)} is at {str(head)[:10]}, but this session left it at {tip[:10]}: put it back with "
            f"`git update-ref refs/heads/{branch_name(tag)} {tip}`, or start a new session with --tag NAME."
        )
    workspace.move_branch(tag, tip, expected=head)
    return [
        Repair(f"branch {branch_name(tag)} was at {str(head)[:10]}", f"moved it to {tip[:10]}, the last kept commit")
    ]


def _end_runs(journal: SessionJournal, runs: RunExecutor) -> list[Repair]:
    """End and record each run of an earlier loop that the journal has as running."""
    rows = journal.state.runs.of_session(journal.tag)
    numbers = [row.experiment for row in rows if row.status == "running"]
    return [_end_run(journal, runs, run) for number in numbers for run in journal.log(number).open_runs()]


def _end_run(journal: SessionJournal, runs: RunExecutor, run: RunStarted) -> Repair:
    problem = f"run {run.run} of experiment {run.experiment} was in flight"
    had_processes = process_table.kill_run(runs.folder(run.session, run.experiment, run.run) / "home")
    event = RunFailed(
        session=run.session,
        experiment=run.experiment,
        run=run.run,
        kind="interrupted",
        reason="the loop ended during this run",
        signature="interrupted",
    )
    journal.append(run.experiment, event)
    return Repair(problem, "ended its processes and recorded it" if had_processes else "recorded it as interrupted")
