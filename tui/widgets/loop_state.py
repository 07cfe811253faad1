"""What the loop does, in words. Pure.

Nothing is claimed that is not known: whether a loop on another machine runs, or what an unreadable journal holds.
"""

from collections.abc import Sequence
from datetime import datetime

from tui.model.session_summary import SessionSummary
from tui.model.snapshot import ActiveExperiment, Snapshot
from tui.terminal.formatting import clock, sanitize

NOT_RUNNING = "loop not running"


def loop_state(
    snapshot: Snapshot, session: SessionSummary, *, now: datetime, is_replay: bool = False
) -> tuple[str, str]:
    """The state and its role; `is_replay` if the snapshot shows an earlier position, when the loop ran."""
    if snapshot.read_error:
        return "journal unreadable", "bad"
    is_gone = snapshot.is_loop_running is False and not is_replay
    state = session.state
    if state.name == "ended":
        return f"ended: {sanitize(state.reason)}", "dim"
    if state.name == "paused":
        return f"paused{f', {NOT_RUNNING}' if is_gone else ''}: {sanitize(state.reason)}", "warn"
    if is_gone:
        return f"✗ {NOT_RUNNING}", "bad"
    if snapshot.events_read is not None:  # a preview does not know everything in flight
        return ("loop running", "accent") if snapshot.is_loop_running else ("", "")
    text, role = _activity(snapshot, session, now=now)
    is_known = is_replay or snapshot.is_loop_running is not None
    return (text, role) if is_known else (f"{text}, as recorded", "dim")


def _activity(snapshot: Snapshot, session: SessionSummary, *, now: datetime) -> tuple[str, str]:
    backoff = session.backoff
    if snapshot.active:
        return f"▸ {_in_flight(snapshot.active)}", "accent"
    if backoff is not None and datetime.fromisoformat(backoff.until) > now:
        return f"waiting for {sanitize(backoff.proposer)} until {clock(backoff.until)} UTC", "warn"
    return "▸ proposing", "accent"


def _in_flight(active: Sequence[ActiveExperiment]) -> str:
    training = [experiment for experiment in active if experiment.is_training]
    if len(training) > 1:
        return f"{len(training)} training"
    first = (training or active)[0]
    return f"{'training' if training else 'judging' if first.run else 'preparing'} #{first.experiment.number}"
