"""What people ask of a loop: the one road by which a command or a screen appends an intent.

An intent is a short append to the session's control stream, by any process and without the loop's lease. That it was
posted says nothing about what the loop does with it: its answer is an Acknowledged event.
"""

import getpass
import os
import socket
from pathlib import Path

from journal.errors import JournalMissing, SessionOver, VersionConflict
from journal.events import DirectionAdded, Intent, SessionEnded, SessionResumed, control_stream, session_stream
from journal.events.recorded import Recorded
from journal.store import Journal

LONGEST = 2_000  # characters of a direction
ATTEMPTS = 5  # at numbering a direction while others number theirs


def author() -> str:
    """user@host, as intents are signed."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def post(path: Path, intent: Intent, *, key: str | None = None) -> Recorded:
    """Append an intent, durably. `key` makes a repeat harmless: the first one is returned.

    Raises JournalMissing, JournalUnusable (read-only, disk full), SessionOver.
    """
    journal = _open(path)
    try:
        _refuse_ended(journal, intent.session)
        return journal.append(control_stream(intent.session), [intent], key=key)[0]
    finally:
        journal.close()


def add_direction(path: Path, *, session: str, text: str, author: str, channel: str) -> Recorded:
    """Append a direction under the session's next number. Raises as `post` does."""
    journal = _open(path)
    stream = control_stream(session)
    try:
        _refuse_ended(journal, session)
        for attempt in range(1, ATTEMPTS + 1):
            past = journal.stream(stream)
            taken = [recorded.event.direction for recorded in past if isinstance(recorded.event, DirectionAdded)]
            event = DirectionAdded(
                session=session, author=author, channel=channel, direction=max(taken, default=0) + 1, text=text
            )
            try:
                return journal.append(stream, [event], expected_version=len(past))[0]
            except VersionConflict:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")
    finally:
        journal.close()


def _refuse_ended(journal: Journal, session: str) -> None:
    events = (recorded.event for recorded in reversed(journal.stream(session_stream(session))))
    last = next((event for event in events if isinstance(event, SessionEnded | SessionResumed)), None)
    if isinstance(last, SessionEnded):
        raise SessionOver(
            f"Session {session} has ended, and what is said to it reaches no other: write the direction into the brief, "
            "or start the next session with `ar-loop run` and say it then."
        )


def _open(path: Path) -> Journal:
    if not path.exists():
        raise JournalMissing(f"There is no journal at {path}: start one with `ar-loop run`, or name it with --journal.")
    return Journal(path)
