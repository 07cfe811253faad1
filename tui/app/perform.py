"""Carries out effects: copies text, posts intents, runs queries. Each function returns a message for the user."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from journal.errors import JournalError
from journal.query.saved import resolve
from journal.query.sql import QueryResult, run_query
from journal.store import intents
from tui.state import confirmations
from tui.state.ui import Confirmation
from tui.terminal import clipboard
from tui.terminal.formatting import count


def copy(text: str, *, environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Write the text to the user's file. Returns what to write to the terminal, if anything, and a message."""
    file = clipboard.copy_file(environ)
    sequence = clipboard.osc52_sequence(text, environ=environ)
    terminal = "copied to the terminal's clipboard" if sequence else "too long for the terminal's clipboard"
    try:
        clipboard.write_file(file, text)
        outcome = f"written to {file}"
    except OSError as error:
        outcome = f"not written to {file} ({error.strerror})"
    return sequence, f"{count(len(text))} characters: {terminal}, {outcome}."


def post(path: Path, confirmation: Confirmation, *, session: str) -> str:
    """Append the confirmed intent. Returns an error message; empty on success, because the screen then shows the request."""
    author = intents.author()
    intent = confirmations.to_intent(confirmation, session=session, author=author)
    try:
        if intent is not None:
            intents.post(path, intent)
        else:
            intents.add_direction(
                path, session=session, text=confirmation.text, author=author, channel=confirmations.CHANNEL
            )
    except (JournalError, OSError) as error:
        return f"Not posted: {error}"
    return ""


def query(path: Path, sql: str, *, is_stopped: Callable[[], bool]) -> tuple[QueryResult | None, str, float]:
    """Run a query. Returns its result or an error message, and the seconds that it took."""
    started = time.monotonic()
    try:
        name, *values = sql.split() if sql.startswith("@") else [sql]
        return run_query(path, *resolve(name, values), is_stopped=is_stopped), "", time.monotonic() - started
    except JournalError as error:
        return None, str(error), time.monotonic() - started
