"""Moving the session's branch, which is never done under the feet of somebody who has it checked out."""

from journal.events import SessionPaused, SessionResumed
from loop.control import POLL_SECONDS, Wish
from loop.errors import Stopped
from loop.lab import Lab
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
