"""Moving the session's branch, which the loop never does while somebody has the branch checked out."""

from datetime import datetime

from journal.events import ChangeReverted, ExperimentKept, SessionPaused, SessionResumed, Verdict
from loop.contracts import BASELINE
from loop.errors import Stopped
from loop.runtime.context import Context
from loop.runtime.control import POLL_SECONDS, RequestedState
from loop.workspace import checked_out_message


def move_branch(ctx: Context, commit: str, *, expected: str) -> None:
    """Move the branch. While somebody has it checked out, the session is paused.

    The journal already holds the verdict, so nothing is lost if the loop ends meanwhile. Raises Stopped if a person ends the
    loop, WorkspaceError if somebody moved the branch.
    """
    tag = ctx.session.tag
    if place := ctx.workspace.branch_checkout(tag):
        reason = f"{checked_out_message(tag, place)} The session then resumes by itself."
        ctx.journal.append_to_session(SessionPaused(session=tag, reason=reason))
        _wait(ctx)
        ctx.journal.append_to_session(SessionResumed(session=tag, reason="the branch is no longer checked out"))
    ctx.workspace.move_branch(tag, commit, expected=expected)


def _wait(ctx: Context) -> None:
    while ctx.workspace.branch_checkout(ctx.session.tag):
        with ctx.lock.released():
            ctx.control.wait(POLL_SECONDS)
        ctx.control.answer()
        if ctx.control.ends_now or ctx.control.requested is RequestedState.STOP:
            raise Stopped


def apply_verdict(ctx: Context, number: int, commit: str, verdict: Verdict) -> None:
    """Move the branch to where a recorded verdict puts it, and record a revert."""
    log = ctx.journal.log(number)
    tag, before = ctx.session.tag, log.committed.parent if log.committed else ctx.session.start
    if isinstance(verdict, ExperimentKept):
        if number != BASELINE:
            move_branch(ctx, commit, expected=before)
        return
    if log.reverted is not None:
        return
    after = ctx.session.tip  # not `before`: another experiment in flight may have moved the branch
    if ctx.config.rollback == "revert":
        when = datetime.fromisoformat(log.proposed_at)
        message = f"Revert experiment {number}\n\nThis reverts commit {commit}.\n{verdict.reason}\n"
        after = ctx.workspace.revert(commit, onto=before, message=message, when=when)
        move_branch(ctx, after, expected=before)
    ctx.journal.append(
        number,
        ChangeReverted(session=tag, experiment=number, commit=commit, branch_at=after, how=ctx.config.rollback),
    )
