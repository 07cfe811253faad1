"""Moving the session's branch, which is never done under the feet of somebody who has it checked out."""

from datetime import datetime

from journal.events import ChangeReverted, ExperimentKept, SessionPaused, SessionResumed, Verdict
from loop.contracts import BASELINE
from loop.errors import Stopped
from loop.runtime.context import Context
from loop.runtime.control import POLL_SECONDS, RequestedState
from loop.workspace import in_use


def move(ctx: Context, commit: str, *, expected: str) -> None:
    """Move the branch; while it is checked out somewhere, the session is paused, and goes on by itself afterwards.

    The journal has the verdict already, so nothing is lost where the loop ends meanwhile. Raises Stopped where a person
    ends it, WorkspaceError where somebody moved the branch.
    """
    tag = ctx.session.tag
    if place := ctx.workspace.checked_out(tag):
        ctx.journal.append_to_session(
            SessionPaused(session=tag, reason=f"{in_use(tag, place)} It goes on by itself then.")
        )
        _wait(ctx)
        ctx.journal.append_to_session(SessionResumed(session=tag, reason="nobody stands on the branch any more"))
    ctx.workspace.advance(tag, commit, expected=expected)


def _wait(ctx: Context) -> None:
    while ctx.workspace.checked_out(ctx.session.tag):
        with ctx.lock.released():
            ctx.control.wait(POLL_SECONDS)
        ctx.control.answer()
        if ctx.control.ends_now or ctx.control.requested is RequestedState.STOP:
            raise Stopped


def settle(ctx: Context, number: int, commit: str, verdict: Verdict) -> None:
    """Bring the branch to where the verdict, already durable, says that it stands."""
    log = ctx.journal.log(number)
    tag, before = ctx.session.tag, log.committed.parent if log.committed else ctx.session.start
    if isinstance(verdict, ExperimentKept):
        if number != BASELINE:
            move(ctx, commit, expected=before)
        return
    if log.reverted is not None:
        return
    after = ctx.session.tip  # another experiment in flight may have moved it
    if ctx.config.rollback == "revert":
        when = datetime.fromisoformat(log.proposed_at)
        message = f"Revert experiment {number}\n\nThis reverts commit {commit}.\n{verdict.reason}\n"
        after = ctx.workspace.revert(commit, onto=before, message=message, when=when)
        move(ctx, after, expected=before)
    ctx.journal.append(
        number,
        ChangeReverted(session=tag, experiment=number, commit=commit, branch_at=after, how=ctx.config.rollback),
    )
