"""People's requests that the loop has not answered or not done yet, as chips for the header. Pure."""

from collections.abc import Sequence

from journal.events import (
    BranchFromRequested,
    DirectionAdded,
    Intent,
    PauseRequested,
    RequestWithdrawn,
    SkipRequested,
    StopRequested,
    VetoRequested,
)
from tui.model.columns import NEVER
from tui.model.intents import PostedIntent, describe
from tui.model.view import View
from tui.state.ui import Scene
from tui.terminal.formatting import clip, sanitize
from tui.widgets.loop_state import NOT_RUNNING

MAX_CHIP = 44  # cells


def request_chips(scene: Scene) -> Sequence[str]:
    """A chip per request, the latest first; more than two become a number."""
    session = scene.snapshot.view.session
    if session is None:
        return ()
    requests = [request for request in session.requests if not isinstance(request.event, RequestWithdrawn)]
    chips = [clip(sanitize(_chip(scene, request)), MAX_CHIP) for request in reversed(requests)]
    return chips if len(chips) <= 2 else (chips[0], f"and {len(chips) - 1} more")


def _chip(scene: Scene, request: PostedIntent) -> str:
    event, view = request.event, scene.snapshot.view
    if request.answered_at != NEVER:
        return _pending(event, view)
    if request.withdrawn_at != NEVER:
        return f"withdrawing: {_name(event)}"
    if scene.snapshot.is_loop_running is False and scene.ui.replay is None:
        return f"{_name(event)}: {NOT_RUNNING}"
    if isinstance(event, VetoRequested | BranchFromRequested) and view.active_rows:
        return f"{_name(event)} {after_in_flight(view)}"
    return f"{_name(event)} asked"


def _name(event: Intent) -> str:
    if isinstance(event, DirectionAdded):
        return f"direction {event.direction}"
    return "stop" if isinstance(event, StopRequested) and not event.now else describe(event)


def _pending(event: Intent, view: View) -> str:
    match event:
        case PauseRequested():
            return f"pausing {after_in_flight(view)}".rstrip()
        case StopRequested():
            return "stopping now" if event.now else f"stopping {after_in_flight(view)}".rstrip()
        case SkipRequested():
            return f"skipping #{event.experiment}"
        case DirectionAdded():
            return f"direction {event.direction} → next proposal"
        case _:
            return describe(event)


def after_in_flight(view: View) -> str:
    """After what is in flight: one experiment by its number, several by how many they are; empty if there is none."""
    rows = view.active_rows
    if not rows:
        return ""
    return f"after #{view.ledger.number[rows[0]]}" if len(rows) == 1 else f"after {len(rows)} in flight"
