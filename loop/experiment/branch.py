"""Moving the session's branch, which is never done under the feet of somebody who has it checked out."""

from datetime import datetime

from journal.events import ChangeReverted, ExperimentKept, SessionPaused, SessionResumed, Verdict
from loop.errors import Stopped
from loop.runtime.context import BASELINE, Lab
from loop.runtime.control import POLL_SECONDS, Wish
from loop.workspace import in_use


def move(lab: Lab, commit: str, *, expected: str) -> None:
    """Move the branch; while it is checked out somewhere, the session is paused, and goes on by itself afterwards.

    The journal has the verdict already, so nothing is lost where the loop ends meanwhile. Raises Stopped where a person
    ends it, WorkspaceError where somebody moved the branch.
    """
    tag = lab.session.tag
    if place := lab.workspace.checked_out(tag):
        lab.recorder.of_session(SessionPaused(session=tag, reason=f"{in_use(tag, place)} It goes on by itself then."))
        _wait(lab)
        lab.recorder.of_session(SessionResumed(session=tag, reason="nobody stands on the branch any more"))
    lab.workspace.advance(tag, commit, expected=expected)


def _wait(lab: Lab) -> None:
    while lab.workspace.checked_out(lab.session.tag):
        with lab.turn.away():
            lab.control.wait(POLL_SECONDS)
        lab.control.answer()
        if lab.control.ends_now or lab.control.wish is Wish.STOP:
            raise Stopped


def settle(lab: Lab, number: int, commit: str, verdict: Verdict) -> None:
    """Bring the branch to where the verdict, already durable, says that it stands."""
    folded = lab.case(number)
    tag, before = lab.session.tag, folded.committed.parent if folded.committed else lab.session.start
    if isinstance(verdict, ExperimentKept):
        if number != BASELINE:
            move(lab, commit, expected=before)
        return
    if folded.reverted is not None:
        return
    after = lab.session.tip  # another experiment in flight may have moved it
    if lab.config.rollback == "revert":
        when = datetime.fromisoformat(folded.proposed_at)
        message = f"Revert experiment {number}\n\nThis reverts commit {commit}.\n{verdict.reason}\n"
        after = lab.workspace.revert(commit, onto=before, message=message, when=when)
        move(lab, after, expected=before)
    lab.recorder.experiment(
        number,
        ChangeReverted(session=tag, experiment=number, commit=commit, branch_at=after, how=lab.config.rollback),
    )
