"""Control actions: each shows a question that states exactly what it will do, and becomes an intent after `CONFIRM`. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from journal.events import (
    BranchFromRequested,
    DirectionWithdrawn,
    Intent,
    PauseRequested,
    RequestWithdrawn,
    ResumeRequested,
    SkipRequested,
    StopRequested,
    VetoRequested,
)
from journal.store.intents import DIRECTION_LIMIT
from tui.model.session_summary import SessionSummary
from tui.model.view import Row
from tui.state import cursor
from tui.state.labels import will_pause
from tui.state.ui import Confirmation, Scene, Ui
from tui.terminal.formatting import clip, sanitize

CHANNEL = "tui"
QUOTED = 40  # cells of an idea or a direction within a question

Question = Confirmation | str  # a question, or why the action is not possible


def ask(scene: Scene, action: str, *, time: float, text: str = "") -> Ui:
    """Show the question of a control action; nothing is posted yet."""
    session = scene.snapshot.view.session
    if session is None or unavailable(scene):
        return replace(scene.ui, message=unavailable(scene))
    question = QUESTIONS[action](scene, session, text)
    if isinstance(question, str):
        return replace(scene.ui, message=question)
    return replace(scene.ui, confirmation=replace(question, time=time))


def unavailable(scene: Scene) -> str:
    """Why the latest session takes no requests; empty if it does."""
    session = scene.snapshot.view.session
    if session is None:
        return "No session in this journal yet: start one with `ar-loop run`."
    if session.state.name == "ended":
        return f"Session {sanitize(session.tag)} has ended and takes no requests."
    return ""


def _pause(scene: Scene, session: SessionSummary, _text: str) -> Question:
    if session.state.name == "paused":
        return Confirmation(action="resume", question=f"Resume {session.tag}.")
    if will_pause(session):
        return Confirmation(action="resume", question=f"Do not pause {session.tag}: go on.")
    return Confirmation(action="pause", question=f"Pause {session.tag} after {_in_flight(scene, 'experiment')}.")


def _in_flight(scene: Scene, noun: str) -> str:
    view = scene.snapshot.view
    number = len(view.active_rows if noun == "experiment" else view.active_runs)
    return f"the {number} {noun}s in flight" if number > 1 else f"the {noun} in flight"


def _skip(scene: Scene, _session: SessionSummary, _text: str) -> Question:
    active = cursor.focused(scene)
    if active is None or not scene.snapshot.view.active_runs:
        return "No experiment is in flight: there is nothing to skip."
    number = active.experiment.number
    if not active.is_training:
        return f"#{number} has no run in flight: there is nothing to skip."
    question = f"End #{number} now and record it as invalid: {_quote(active.experiment.idea)}."
    return Confirmation(action="skip", question=question, experiment=number)


def _stop(scene: Scene, session: SessionSummary, _text: str) -> Question:
    return Confirmation(action="stop", question=f"Stop session {session.tag} after {_in_flight(scene, 'experiment')}.")


def _stop_now(scene: Scene, session: SessionSummary, _text: str) -> Question:
    return Confirmation(action="stop now", question=f"Stop session {session.tag} and {_in_flight(scene, 'run')} now.")


def _veto(scene: Scene, session: SessionSummary, _text: str) -> Question:
    row = _row(scene)
    if row is None or row.status != "keep":
        return "Only a kept experiment can be vetoed: move the cursor to one."
    if row.number == 0:
        return "Experiment 0 is the unchanged code: there is nothing to undo."
    if row.session != session.tag:
        return _other_session(row)
    question = f"Veto #{row.number} and undo its change: {_quote(row.idea)}."
    return Confirmation(action="veto", question=question, experiment=row.number)


def _branch_from(scene: Scene, session: SessionSummary, _text: str) -> Question:
    row = _row(scene)
    if row is None or row.metric is None or row.status in {"open", "invalid"}:
        return "Only a measured, valid experiment can become the incumbent: move the cursor to one."
    if row.session != session.tag:
        return _other_session(row)
    question = f"Make #{row.number} the incumbent: {_quote(row.idea)}."
    return Confirmation(action="branch from", question=question, experiment=row.number)


def _row(scene: Scene) -> Row | None:
    index = cursor.row_under_cursor(scene)
    return None if index is None else scene.snapshot.view.row(index)


def _other_session(row: Row) -> str:
    return f"#{row.number} belongs to session {sanitize(row.session)}, which is not the current one."


def _direct(_scene: Scene, _session: SessionSummary, text: str) -> Question:
    text = text.strip()
    if not text:
        return "The direction is empty: nothing was posted."
    if len(text) > DIRECTION_LIMIT:
        return f"The direction is longer than {DIRECTION_LIMIT:,} characters: nothing was posted."
    return Confirmation(action="direct", question=f"Add the direction {_quote(text)}.", text=text)


def _withdraw(_scene: Scene, session: SessionSummary, text: str) -> Question:
    text, directions = text.strip(), {str(direction.number): direction for direction in session.directions}
    if text not in directions:
        return f"There is no direction {sanitize(text) or '(empty)'}; directions in force: {', '.join(directions) or 'none'}."
    direction = directions[text]
    question = f"Withdraw direction {direction.number}: {_quote(direction.text)}."
    return Confirmation(action="withdraw", question=question, direction=direction.number)


def _withdraw_request(_scene: Scene, session: SessionSummary, text: str) -> Question:
    request = next((request for request in session.open_requests if str(request.position) == text), None)
    if request is None:
        return "The loop has answered that request by now."
    question = f"Withdraw the request “{clip(sanitize(request.text), QUOTED)}”."
    return Confirmation(action="withdraw request", question=question, request=request.position)


def _quote(text: str) -> str:
    return f"“{clip(sanitize(text), QUOTED)}”"


QUESTIONS: Mapping[str, Callable[[Scene, SessionSummary, str], Question]] = {
    "pause": _pause,
    "skip": _skip,
    "stop": _stop,
    "stop now": _stop_now,
    "veto": _veto,
    "branch from": _branch_from,
    "add direction": _direct,
    "withdraw direction": _withdraw,
    "withdraw open request": _withdraw_request,
}


def to_intent(confirmation: Confirmation, *, session: str, author: str) -> Intent | None:
    """The event to post; None for a direction, which gets its number when it is posted."""
    common: dict[str, Any] = {"session": session, "author": author, "channel": CHANNEL}
    number = confirmation.experiment
    intents: dict[str, Intent] = {
        "pause": PauseRequested(**common),
        "resume": ResumeRequested(**common),
        "skip": SkipRequested(**common, experiment=number),
        "stop": StopRequested(**common),
        "stop now": StopRequested(**common, now=True),
        "veto": VetoRequested(**common, experiment=number),
        "branch from": BranchFromRequested(**common, experiment=number),
        "withdraw": DirectionWithdrawn(**common, direction=confirmation.direction),
        "withdraw request": RequestWithdrawn(**common, request=confirmation.request),
    }
    return intents.get(confirmation.action)
