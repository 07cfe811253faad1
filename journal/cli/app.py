"""The command line's frame: the application, its options that every command takes, and the way in to the journal."""

from pathlib import Path
from typing import Annotated

import typer

from journal.console.locate import locate
from journal.errors import JournalError, JournalMissing
from journal.projections.state import State, fold
from journal.store import Journal, Reader

app = typer.Typer(
    name="ar-journal",
    help="The night's memory: every step of every experiment, in order, for ever.",
    epilog="Example: ar-journal log --last 20",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

JournalOption = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        help="The journal's file; else $AR_JOURNAL, else .ar/journal.db of the git repository.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SessionOption = Annotated[
    str | None, typer.Option("--session", help="Tag of the session; the latest by default.", show_default=False)
]
TargetArgument = Annotated[Path, typer.Argument(help="The file to write.", show_default=False)]
NumberArgument = Annotated[int, typer.Argument(help="Number of the experiment; 0 is the baseline.", show_default=False)]


def reader(journal: Path | None) -> Reader:
    """The journal, opened for reading."""
    return Reader(locate(journal))


def open_writer(path: Path) -> Journal:
    """The journal, opened for writing as the one that may; no loop may be running."""
    journal = Journal(path)
    try:
        journal.acquire()
    except JournalError:
        journal.close()
        raise
    return journal


def state_of(journal: Reader, *, until: int | None = None) -> State:
    """The fold of the journal up to a position."""
    return fold(journal.read(until=until))


def latest_tag(state: State, session: str | None) -> str:
    """The session asked for, or the latest one; empty in an empty journal. Raises JournalMissing for one that is not there."""
    latest = state.latest_session()
    tag = latest.tag if latest else ""
    if session is not None and session not in state.sessions.rows:
        raise JournalMissing(
            f"There is no session {session}: {f'the latest is {tag}' if tag else 'none has begun yet'}."
        )
    return session or tag
