"""The application, the options that commands share, and what commands print."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from journal.console.entry import NEGATIVE
from journal.console.terminal import print_note, print_text
from journal.projections.sessions import Session
from journal.projections.state import State, fold
from journal.store import Reader
from loop.cli import summary

START, LOOK, STEER = "Start", "Look", "Steer"  # the groups of `ar-loop --help`
ORDER = (
    *("init", "doctor", "run"),
    *("status", "wait", "check"),
    *("pause", "resume", "skip", "stop", "direct", "withdraw", "branch-from", "veto"),
)


class OrderedCommands(TyperGroup):
    """Lists the commands in the order in which a person needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)


app = typer.Typer(
    cls=OrderedCommands,
    help="Run experiments unattended: propose, commit, train, measure, keep or revert.",
    epilog="Example: ar-loop run --experiments 8",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

JournalOption = Annotated[
    Path | None,
    typer.Option(
        "--journal", help="Path of the journal (default: $AR_JOURNAL, else .ar/journal.db of this repository)."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_message(text: str) -> None:
    """Print to stderr; stdout is for data."""
    print_note(text)


def read_state(path: Path) -> State:
    """The fold of the journal at a path."""
    with closing(Reader(path)) as reader:
        return fold(reader.read())


def latest_session(state: State) -> Session:
    """The latest session; exits with code 1 if there is none."""
    session = state.latest_session()
    if session is None:
        print_message("The journal holds no session yet: start one with `ar-loop run`.")
        raise typer.Exit(NEGATIVE)
    return session


def print_status(session: Session, state: State, *, as_json: bool, is_running: bool | None) -> None:
    """Print the state of a session; `is_running` says whether a loop runs on the journal, None if this machine cannot know."""
    if as_json:
        data = {**summary.as_data(session, state), "running": is_running}
        print_text(json.dumps(data, ensure_ascii=False), flush=True)
    else:
        print_text("\n".join(summary.as_lines(session, state, is_running=is_running)), flush=True)
