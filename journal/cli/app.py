"""The command line's application, the options that commands share, and how they open the journal."""

from pathlib import Path
from typing import Annotated

import typer

from journal.console.locate import locate
from journal.errors import JournalError, JournalMissing
from journal.projections.state import State, fold
from journal.store import Journal, Reader

app = typer.Typer(
    name="ar-journal",
    help="Read, query, verify and export the journal, which records every step of every experiment.",
    epilog="Example: ar-journal log --last 20",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

JournalOption = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        help="Path of the journal (default: $AR_JOURNAL, else .ar/journal.db in the git repository).",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SessionOption = Annotated[
    str | None, typer.Option("--session", help="Tag of the session (default: the latest).", show_default=False)
]
StudyOption = Annotated[
    bool, typer.Option("--study", help="All sessions of the session's study: those that measure the same thing.")
]
NumberArgument = Annotated[int, typer.Argument(help="Number of the experiment; 0 is the baseline.", show_default=False)]


def open_reader(journal: Path | None) -> Reader:
    """Open the journal for reading."""
    return Reader(locate(journal))


def open_writer(path: Path) -> Journal:
    """Open the journal for writing and take the lease. Raises JournalBusy if a loop runs."""
    journal = Journal(path)
    try:
        journal.acquire()
    except JournalError:
        journal.close()
        raise
    return journal


def read_state(reader: Reader, *, until: int | None = None) -> State:
    """The fold of the journal up to a position."""
    return fold(reader.read(until=until))


def session_tag(state: State, session: str | None) -> str:
    """The given session, or the latest; empty if there is none. Raises JournalMissing for an unknown session."""
    latest = state.latest_session()
    tag = latest.tag if latest else ""
    if session is not None and session not in state.sessions.rows:
        raise JournalMissing(
            f"There is no session {session}: {f'the latest is {tag}' if tag else 'the journal has no session yet'}."
        )
    return session or tag
