"""What a start of the loop does first: compare the journal's last word with git and the process table, and mend.

The journal is the truth. A branch that stands where the journal can explain is moved to where the journal says; one that
somebody moved elsewhere is refused in a sentence. A run that was in flight is ended and recorded as interrupted.
"""

from dataclasses import dataclass

from journal.events import RunFailed, RunStarted, SessionRecovered
from journal.projections.sessions import Session
from loop.errors import BadInput
from loop.experiment.branch import settle
from loop.runs.process import process_table
from loop.runs.run import RunExecutor
from loop.runtime.context import Context
from loop.runtime.session_journal import SessionJournal
from loop.workspace import Workspace, branch_name


@dataclass(frozen=True)
class Mended:
    """One thing that recovery found and what it did."""

    found: str
    did: str


def recover(ctx: Context) -> list[Mended]:
    """Finish or undo exactly the open step. Raises BadInput where only a person can decide."""
    mended = [
        *_runs(ctx.journal, ctx.runs),
        *_locks(ctx.workspace, ctx.session.tag),
        *_refs(ctx.journal, ctx.workspace),
        *_unsettled(ctx),
        *_branch(ctx.session, ctx.workspace),
    ]
    if mended:
        event = SessionRecovered(
            session=ctx.session.tag,
            found="; ".join(item.found for item in mended),
            did="; ".join(item.did for item in mended),
        )
        ctx.journal.append_to_session(event)
    return mended


def _locks(workspace: Workspace, tag: str) -> list[Mended]:
    """No lock of a git that was killed stands in the way of this session's refs."""
    return [Mended(f"a git that was killed had left {name}", "removed it") for name in workspace.unlock(tag)]


def _refs(journal: SessionJournal, workspace: Workspace) -> list[Mended]:
    """Every commit that the journal names is held by a ref."""
    tag = journal.tag
    held = workspace.tried(tag)
    rows = [row for row in journal.rows() if row.commit is not None]
    missing = [row for row in rows if held.get(row.number) != row.commit]
    lost = [row.number for row in missing if not workspace.exists(str(row.commit))]
    if lost:
        raise BadInput(
            f"The commit of experiment {lost[0]} is not in this repository: is this journal from another clone? "
            f"Fetch refs/autoresearch/{tag}/* from there, or start a new session with --tag."
        )
    for row in missing:
        workspace.hold(tag, row.number, str(row.commit))
    return [Mended(f"no ref held the commit of experiment {row.number}", "held it again") for row in missing]


def _unsettled(ctx: Context) -> list[Mended]:
    """Every verdict that let a change go is followed by its revert."""
    rows = ctx.journal.rows()
    return [item for row in rows if row.status in ("discard", "crash", "invalid") for item in _settle(ctx, row.number)]


def _settle(ctx: Context, number: int) -> list[Mended]:
    log = ctx.journal.log(number)
    if log.reverted is not None or log.committed is None or log.verdict is None:
        return []
    settle(ctx, number, log.committed.commit, log.verdict)
    return [Mended(f"experiment {number} was judged and not yet reverted", "reverted it")]


def _branch(session: Session, workspace: Workspace) -> list[Mended]:
    """The branch stands where the journal left it; a loop may have ended between that event and the branch's move."""
    tag, tip = session.tag, session.tip
    stands = workspace.branch(tag)
    if stands == tip:
        return []
    if stands not in (None, session.stood):
        raise BadInput(
            f"Branch {branch_name(tag)} stands at {str(stands)[:10]}, and this session left it at {tip[:10]}. "
            f"Put it back with `git update-ref refs/heads/{branch_name(tag)} {tip}`, or start a new session with --tag."
        )
    workspace.advance(tag, tip, expected=stands)
    return [
        Mended(
            f"branch {branch_name(tag)} stood at {str(stands)[:10]}", f"moved it to {tip[:10]}, the last kept commit"
        )
    ]


def _runs(journal: SessionJournal, runs: RunExecutor) -> list[Mended]:
    """No run of an earlier loop is in flight, in the process table or in the journal."""
    rows = journal.state.runs.of_session(journal.tag)
    numbers = [row.experiment for row in rows if row.status == "running"]
    return [_end(journal, runs, run) for number in numbers for run in journal.log(number).open_runs()]


def _end(journal: SessionJournal, runs: RunExecutor, run: RunStarted) -> Mended:
    found = f"run {run.run} of experiment {run.experiment} was in flight"
    ended = process_table.sweep(runs.folder(run.session, run.experiment, run.run) / "home")
    event = RunFailed(
        session=run.session,
        experiment=run.experiment,
        run=run.run,
        kind="interrupted",
        reason="the loop ended while this ran",
        signature="interrupted",
    )
    journal.append(run.experiment, event)
    return Mended(found, "ended its processes and recorded it" if ended else "recorded it as interrupted")
