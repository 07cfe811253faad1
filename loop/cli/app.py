"""The command line's frame: the application, the options of every command, and its voice."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from journal.projections.sessions import Session
from journal.projections.state import State, fold
from journal.store import Reader
from loop.cli import summary

NOT_SO, BAD, INTERRUPTED = 1, 2, 130  # exit codes; 0 is done

START, LOOK, STEER = "Start", "Look", "Steer"  # the groups of `ar-loop --help`
ORDER = (
    *("init", "doctor", "run"),
    *("status", "check"),
    *("pause", "resume", "skip", "stop", "direct", "branch-from", "veto"),
)


class InOrder(TyperGroup):
    """The commands in the order in which a person meets them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)


app = typer.Typer(
    cls=InOrder,
    help="Experiments that do not stop: propose, commit, train, measure, keep or revert.",
    epilog="Example: ar-loop run --experiments 8",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

JournalOption = Annotated[
    Path | None,
    typer.Option("--journal", help="The journal; else $AR_JOURNAL, else .ar/journal.db of this repository."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]


def say(text: str) -> None:
    """A word to the person; stdout is data."""
    print(text, file=sys.stderr, flush=True)


def folded(path: Path) -> State:
    """The fold of the journal at a path."""
    reader = Reader(path)
    try:
        return fold(reader.read())
    finally:
        reader.close()


def latest(state: State) -> Session:
    """The latest session; leaves with exit code 1 where there is none."""
    session = state.latest_session()
    if session is None:
        say("The journal holds no session yet: start one with `ar-loop run`.")
        raise typer.Exit(NOT_SO)
    return session


def report(session: Session, state: State, *, as_json: bool, runs: bool | None) -> None:
    """Print where a session stands; `runs` says whether a loop works on the journal, None where that cannot be told."""
    if as_json:
        data = {**summary.as_data(session, state), "running": runs}
        print(json.dumps(data, ensure_ascii=False), flush=True)
    else:
        print("\n".join(summary.as_lines(session, state, runs=runs)), flush=True)
