"""A keep, a crash and the end are told once, when they happen."""

import pytest
import sessions
from msgspec.structs import replace

from journal.events import SessionEnded
from journal.events.recorded import Recorded
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot
from tui.model.view import View
from tui.state.alerts import alert

BASE = [sessions.started(), *sessions.baseline()]
GAIN, LOSS, CRASH = (sessions.experiment(1, sessions.IDEAS[number], best=1.539, parent=0) for number in (0, 1, 4))
END = [SessionEnded(session=sessions.TAG, reason="8 experiments")]


def snapshots(events, *, seen):
    """What was seen after so many events, and after all of them, in one ledger."""
    ledger, clock = Ledger(), sessions.Clock()
    for position, event in enumerate(events, start=1):
        ledger.apply(Recorded(position, clock().isoformat(), "stream", 1, event, ""))
    return [Snapshot(view=View(ledger, position), head=position) for position in (seen, len(events))]


@pytest.mark.parametrize(
    ("events", "text"),
    [
        (GAIN, "nov20 #1 kept: 1.5078 (+6.0σ)"),
        (CRASH, "nov20 #1 crashed"),
        (END, "nov20 has ended: 8 experiments"),
        (LOSS, ""),
    ],
)
def test_keeps_crashes_and_the_end_are_told(events, text):
    before, after = snapshots([*BASE, *events], seen=len(BASE))

    assert alert(before, after) == text
    assert alert(after, after) == ""


def test_what_is_there_when_a_journal_is_opened_is_no_news():
    _, after = snapshots([*BASE, *GAIN], seen=len(BASE))

    assert alert(Snapshot(), after) == ""


def test_a_journal_that_is_still_being_read_tells_nothing():
    before, after = snapshots([*BASE, *GAIN], seen=len(BASE))

    assert alert(replace(before, events_read=10), after) == ""
