"""What the screen does in the world: puts text on a clipboard, posts an intent, asks a query. Each tells how it went."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from journal.errors import JournalError
from journal.query.sql import QueryResult, ask
from journal.store import intents
from tui.state import confirmations
from tui.state.ui import Confirm
from tui.terminal import clipboard
from tui.terminal.formatting import count


def copy(text: str, *, environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Write the text to the user's file; what to write to the terminal, if anything, and a note."""
    file = clipboard.copy_file(environ)
    try:
        clipboard.write_file(file, text)
        place = f"in {file}"
    except OSError as error:
        place = f"not in a file ({error.strerror})"
    sequence = clipboard.sequence(text, environ=environ)
    sent = "sent to the terminal and" if sequence else "too long for the terminal;"
    return sequence, f"{count(len(text))} characters {sent} {place}."


def post(path: Path, confirmed: Confirm, *, session: str) -> str:
    """Append the intent that was confirmed; why it could not be, or nothing: a posted one is shown until it is answered."""
    author = intents.author()
    intent = confirmations.intent(confirmed, session=session, author=author)
    try:
        if intent is not None:
            intents.post(path, intent)
        else:
            intents.add_direction(
                path, session=session, text=confirmed.text, author=author, channel=confirmations.CHANNEL
            )
    except (JournalError, OSError) as error:
        return f"Not posted: {error}"
    return ""


def query(path: Path, sql: str, *, stopped: Callable[[], bool]) -> tuple[QueryResult | None, str, float]:
    """The answer, or why there is none, and the seconds it took."""
    started = time.monotonic()
    try:
        return ask(path, sql, stopped=stopped), "", time.monotonic() - started
    except JournalError as refused:
        return None, str(refused), time.monotonic() - started
