"""Steering: which commit the next proposals stand on, and what a person does not want in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from journal.console.locate import locate
from journal.events import BranchFromRequested, Intent, VetoRequested
from journal.projections.lineage import lineage, unfit, unvetoable
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.store.intents import author, post
from journal.store.lease import running
from loop.cli import summary
from loop.cli.app import NOT_SO, STEER, JournalOption, JsonOption, app, folded, latest, say
from loop.cli.intents import CHANNEL, tell

NumberArgument = Annotated[int, typer.Argument(help="Number of the experiment.", show_default=False)]


@app.command("branch-from", rich_help_panel=STEER, epilog="Example: ar-loop branch-from 12")
def branch_from(number: NumberArgument, *, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Go on from an experiment, kept or not: the next proposals stand on it and are compared with it.

    The keep rule takes the mean of the experiment's own runs. What was kept since stays in the journal and in git.
    """
    _steer(BranchFromRequested, unfit, number, journal=journal, as_json=as_json)


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop veto 12")
def veto(number: NumberArgument, *, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Take a kept experiment back: the branch goes on without its change, and nobody proposes it again.

    Where later changes stand on it, the program without it is measured first, as an experiment of its own.
    """
    _steer(VetoRequested, unvetoable, number, journal=journal, as_json=as_json)


def _steer(
    intent: type[BranchFromRequested | VetoRequested],
    objection: Callable[[State, str, int], str | None],
    number: int,
    *,
    journal: Path | None,
    as_json: bool,
) -> None:
    path = locate(journal)
    state = folded(path)
    session = latest(state)
    why = objection(state, session.tag, number)
    if session.state == "ended":
        why = f"session {session.tag} has ended ({session.reason})"
    if why:
        say(f"not done: {why}")
        raise typer.Exit(NOT_SO)
    asked = intent(session=session.tag, author=author(), channel=CHANNEL, experiment=number)
    runs = running(path) is not False
    tell(path, post(path, asked), as_json=as_json, runs=runs, later=_later(session, state, asked) if runs else None)


def _listed(numbers: list[int]) -> str:
    return " and ".join(map(str, numbers))


def _later(session: Session, state: State, asked: Intent) -> str | None:
    """Why a running loop needs longer for it than a person waits; None where it does not."""
    flight = summary.in_flight(session, state)
    if flight:
        told = f"experiment {flight[0]}, which is" if len(flight) == 1 else f"experiments {_listed(flight)}, which are"
        return f"asked: it is done after {told} in flight"
    chain = lineage(state, session.tag, session.incumbent)[1:]
    if isinstance(asked, VetoRequested) and asked.experiment in {row.number for row in chain}:
        return "asked: others stand on it, so the program without it is measured first"
    return None
