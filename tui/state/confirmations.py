"""Control: each action asks in one line that says exactly what will happen, and what key makes it so. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from journal.events import (
    BranchFromRequested,
    DirectionWithdrawn,
    Intent,
    PauseRequested,
    ResumeRequested,
    SkipRequested,
    StopRequested,
    VetoRequested,
)
from journal.store.intents import LONGEST
from tui.model.session_summary import Summary
from tui.model.view import Row
from tui.state import cursor
from tui.state.ui import Confirm, Scene, Ui
from tui.terminal.formatting import sanitize

CHANNEL = "tui"


def ask(scene: Scene, action: str, *, at: float, text: str = "") -> Ui:
    """Put the question of a control action; nothing is posted yet."""
    session = scene.snapshot.view.session
    if session is None or closed(scene):
        return replace(scene.ui, note=closed(scene))
    question = ASK[action](scene, session, text)
    if isinstance(question, str):
        return replace(scene.ui, note=question)
    return replace(scene.ui, confirm=replace(question, asked=at))


def closed(scene: Scene) -> str:
    """Why nothing can be asked of the latest session; empty where it can."""
    session = scene.snapshot.view.session
    if session is None:
        return "There is no session in this journal yet: `ar-loop run` starts one."
    if session.state.name == "ended":
        return f"Session {sanitize(session.tag)} has ended: nothing more can be asked of it."
    return ""


Question = Confirm | str  # a question, or why it cannot be asked


def _confirm(action: str, words: str, **more: int | str | None) -> Confirm:
    return Confirm(action=action, words=words, asked=0.0, **more)  # type: ignore[arg-type]


def _pause(scene: Scene, session: Summary, _text: str) -> Question:
    if session.state.name == "paused":
        return _confirm("resume", f"Let {session.tag} go on.")
    return _confirm("pause", f"Pause {session.tag} after {_in_flight(scene, 'experiment')}.")


def _in_flight(scene: Scene, what: str) -> str:
    """What a request waits for or ends, counted where it is not one."""
    view = scene.snapshot.view
    several = len(view.in_flight if what == "experiment" else view.training)
    return f"the {several} {what}s in flight" if several > 1 else f"the {what} in flight"


def _skip(scene: Scene, _session: Summary, _text: str) -> Question:
    chosen = cursor.in_full(scene)
    if chosen is None or not scene.snapshot.view.training:
        return "No experiment is in flight: there is nothing to skip."
    number = chosen.experiment.number
    if not chosen.trains:
        return f"#{number} has no run in flight: there is nothing to skip."
    words = f"End #{number} now, recorded as invalid: “{sanitize(chosen.experiment.idea)[:40]}”."
    return _confirm("skip", words, experiment=number)


def _stop(scene: Scene, session: Summary, _text: str) -> Question:
    return _confirm("stop", f"End session {session.tag} after {_in_flight(scene, 'experiment')}.")


def _stop_now(scene: Scene, session: Summary, _text: str) -> Question:
    return _confirm("stop now", f"End session {session.tag} and {_in_flight(scene, 'run')} at once.")


def _veto(scene: Scene, session: Summary, _text: str) -> Question:
    row = cursor.under_cursor(scene)
    if row is None or scene.snapshot.view.status(row) != "keep":
        return "Only a kept experiment can be vetoed: put the cursor on one."
    one = scene.snapshot.view.row(row)
    if one.number == 0:
        return "Experiment 0 is the code as it came: there is nothing to take back."
    if one.session != session.tag:
        return _elsewhere(one)
    return _confirm("veto", f"Take #{one.number} back: “{sanitize(one.idea)[:40]}”.", experiment=one.number)


def _go_on_from(scene: Scene, session: Summary, _text: str) -> Question:
    row = cursor.under_cursor(scene)
    one = None if row is None else scene.snapshot.view.row(row)
    if one is None or one.metric is None or one.status in {"open", "invalid"}:
        return "Only an experiment that was measured and counts can be gone on from: put the cursor on one."
    if one.session != session.tag:
        return _elsewhere(one)
    words = f"Let the next proposals stand on #{one.number}: “{sanitize(one.idea)[:40]}”."
    return _confirm("go on from", words, experiment=one.number)


def _elsewhere(one: Row) -> str:
    return f"#{one.number} belongs to session {sanitize(one.session)}, which is not the open one."


def _direct(_scene: Scene, _session: Summary, text: str) -> Question:
    if not text.strip():
        return "An empty direction says nothing: nothing was asked of the loop."
    if len(text.strip()) > LONGEST:
        return f"A direction is a sentence or a few, of {LONGEST:,} characters at most: nothing was asked of the loop."
    return _confirm("direct", f"Tell the next proposals: “{text.strip()[:48]}”.", text=text.strip())


def _withdraw(_scene: Scene, session: Summary, text: str) -> Question:
    known = {str(one.number): one for one in session.directions}
    if text.strip() not in known:
        there = ", ".join(known) or "none"
        return f"There is no direction {sanitize(text.strip()) or '(empty)'}; those that stand: {there}."
    one = known[text.strip()]
    return _confirm("withdraw", f"Take direction {one.number} back: “{sanitize(one.text)[:40]}”.", direction=one.number)


ASK: Mapping[str, Callable[[Scene, Summary, str], Question]] = {
    "pause": _pause,
    "skip": _skip,
    "stop": _stop,
    "stop now": _stop_now,
    "veto": _veto,
    "go on from": _go_on_from,
    "direction written": _direct,
    "withdrawal written": _withdraw,
}


def intent(confirmed: Confirm, *, session: str, author: str) -> Intent | None:
    """The event to post; None for a direction, which is numbered as it is posted."""
    who: dict[str, Any] = {"session": session, "author": author, "channel": CHANNEL}
    number = confirmed.experiment or 0
    posted: dict[str, Callable[[], Intent]] = {
        "pause": lambda: PauseRequested(**who),
        "resume": lambda: ResumeRequested(**who),
        "skip": lambda: SkipRequested(**who, experiment=number),
        "stop": lambda: StopRequested(**who),
        "stop now": lambda: StopRequested(**who, now=True),
        "veto": lambda: VetoRequested(**who, experiment=number),
        "go on from": lambda: BranchFromRequested(**who, experiment=number),
        "withdraw": lambda: DirectionWithdrawn(**who, direction=confirmed.direction or 0),
    }
    return posted[confirmed.action]() if confirmed.action in posted else None
