"""What a key does now, in a word: `p` resumes a session that is paused or about to pause. Pure."""

from journal.events import PauseRequested
from tui.model.session_summary import SessionSummary
from tui.state.keys import Key
from tui.state.ui import Scene


def label(key: Key, scene: Scene) -> str:
    """The label of a key in the footer."""
    session = scene.snapshot.view.session
    if key.action == "pause" and session is not None and will_pause(session):
        return "resume"
    return key.label


def will_pause(session: SessionSummary) -> bool:
    """Whether the session is paused, or a request to pause it stands."""
    return session.state.name == "paused" or any(
        isinstance(request.event, PauseRequested) and not request.is_withdrawn for request in session.requests
    )
