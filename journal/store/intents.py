"""What people ask of a loop: how a command or a screen appends an intent.

Any process may append an intent to the session's control stream, without the loop's lease. What the loop does about the
intent is a later Acknowledged event.
"""

import getpass
import os
import socket
from contextlib import closing, suppress
from pathlib import Path

from msgspec.structs import replace

from journal.errors import SessionOver, VersionConflict
from journal.events import DirectionAdded, Intent, SessionEnded, SessionResumed, control_stream, session_stream
from journal.events.recorded import Recorded
from journal.store import Journal
from journal.store.connection import refuse_missing

DIRECTION_LIMIT = 2_000  # characters
RETRIES = 4  # of numbering a direction while other processes number theirs


def author() -> str:
    """user@host, which signs every intent."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def post(path: Path, intent: Intent, *, key: str | None = None) -> Recorded:
    """Append an intent durably. With a `key`, a repeated call appends nothing and returns the first intent.

    Raises JournalMissing, JournalUnusable (read-only, disk full), SessionOver.
    """
    refuse_missing(path)
    with closing(Journal(path)) as journal:
        _refuse_ended(journal, intent.session)
        return journal.append(control_stream(intent.session), [intent], key=key)[0]


def add_direction(path: Path, *, session: str, text: str, author: str, channel: str) -> Recorded:
    """Append a direction under the session's next number. Raises as `post` does."""
    unnumbered = DirectionAdded(session=session, author=author, channel=channel, direction=0, text=text)
    refuse_missing(path)
    with closing(Journal(path)) as journal:
        _refuse_ended(journal, session)
        for _ in range(RETRIES):
            with suppress(VersionConflict):
                return _append_numbered(journal, unnumbered)
        return _append_numbered(journal, unnumbered)


def _append_numbered(journal: Journal, direction: DirectionAdded) -> Recorded:
    stream = control_stream(direction.session)
    history = journal.stream(stream)
    numbers = [recorded.event.direction for recorded in history if isinstance(recorded.event, DirectionAdded)]
    numbered = replace(direction, direction=max(numbers, default=0) + 1)
    return journal.append(stream, [numbered], expected_version=len(history))[0]


def _refuse_ended(journal: Journal, session: str) -> None:
    events = (recorded.event for recorded in reversed(journal.stream(session_stream(session))))
    last = next((event for event in events if isinstance(event, SessionEnded | SessionResumed)), None)
    if isinstance(last, SessionEnded):
        raise SessionOver(
            f"Session {session} has ended and takes no requests: write the direction into the brief, "
            "or start the next session with `ar-loop run` and repeat the request."
        )
