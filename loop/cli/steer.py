"""The commands that ask something of a running loop: pause, resume, skip, stop, direct, branch-from, veto."""

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from journal.console.entry import NEGATIVE
from journal.console.locate import locate
from journal.events import (
    BranchFromRequested,
    BriefChanged,
    PauseRequested,
    RequestWithdrawn,
    ResumeRequested,
    SessionStarted,
    SkipRequested,
    StopRequested,
    VetoRequested,
    session_stream,
)
from journal.projections.lineage import branch_refusal, lineage, veto_refusal
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.store import Reader
from journal.store.intents import DIRECTION_LIMIT, add_direction
from journal.store.lease import is_loop_running
from loop.cli import direction_readers, summary
from loop.cli.app import STEER, JournalOption, JsonOption, app, latest_session, print_message, read_state
from loop.cli.intents import NEXT_LOOP, latest_open_request, origin, print_answer, send
from loop.errors import BadInput

NumberArgument = Annotated[int, typer.Argument(help="Number of the experiment.", show_default=False)]


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop pause")
def pause(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Pause the loop after the experiment in flight; `ar-loop resume` continues it."""
    path, state = _running_loop(journal)
    send(path, PauseRequested(**origin(latest_session(state))), as_json=as_json)


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop resume")
def resume(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Resume a paused loop."""
    path, state = _running_loop(journal)
    send(path, ResumeRequested(**origin(latest_session(state))), as_json=as_json)


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop skip")
def skip(
    number: Annotated[
        int | None, typer.Argument(help="Number of the experiment, if several are in flight.", show_default=False)
    ] = None,
    *,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """End the experiment in flight without a verdict on its idea, and start the next one."""
    path, state = _running_loop(journal)
    session = latest_session(state)
    in_flight = summary.in_flight(session, state)
    if not in_flight:
        print_message("No experiment is in flight: there is nothing to skip.")
        raise typer.Exit(NEGATIVE)
    if number is None and len(in_flight) > 1:
        raise BadInput(
            f"Experiments {_listed(in_flight)} are in flight: name one, as in `ar-loop skip {in_flight[0]}`."
        )
    request = SkipRequested(**origin(session), experiment=in_flight[0] if number is None else number)
    send(path, request, as_json=as_json)


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop stop --now")
def stop(
    *,
    now: Annotated[bool, typer.Option("--now", help="End the run in flight at once.")] = False,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """End the session after the experiment in flight (Ctrl-C only pauses it)."""
    path, state = _running_loop(journal)
    send(path, StopRequested(**origin(latest_session(state)), now=now), as_json=as_json)


@app.command(rich_help_panel=STEER, epilog='Example: ar-loop direct "try a shorter warm-up before touching the width"')
def direct(
    text: Annotated[str, typer.Argument(help="What the next proposals should know or try.")],
    *,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the next proposals what to know or to try. If no loop runs, the next one reads it; the sampler reads nothing."""
    text = text.strip()
    if not text or len(text) > DIRECTION_LIMIT:
        raise BadInput(f"A direction has 1 to {DIRECTION_LIMIT} characters, but this one has {len(text)}.")
    path = locate(journal)
    state = read_state(path)
    session = latest_session(state)
    direction = add_direction(path, **origin(session), text=text)
    later = NEXT_LOOP if is_loop_running(path) is False else None
    note = direction_readers.missing_reader(session, state, config=_latest_config(path, session.tag))
    print_answer(path, direction, as_json=as_json, later=later, note=note)


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop withdraw")
def withdraw(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Withdraw the latest request that the loop has not answered, e.g. a veto during an experiment."""
    path = locate(journal)
    session = latest_session(read_state(path))
    request = latest_open_request(path, session.tag)
    if request is None:
        print_message("The loop has answered every request: there is none to withdraw.")
        raise typer.Exit(NEGATIVE)
    later = NEXT_LOOP if is_loop_running(path) is False else None
    send(path, RequestWithdrawn(**origin(session), request=request.position), as_json=as_json, later=later)


@app.command("branch-from", rich_help_panel=STEER, epilog="Example: ar-loop branch-from 12")
def branch_from(number: NumberArgument, *, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Make an experiment's commit the incumbent, kept or not: the next proposals change that commit.

    The keep rule then compares with the mean of that experiment's own runs. Later keeps stay in the journal and in git.
    """
    _move_branch(BranchFromRequested, branch_refusal, number, journal=journal, as_json=as_json)


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop veto 12")
def veto(number: NumberArgument, *, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Remove a kept change from the branch; the gate refuses that change from then on.

    If later changes stand on it, the loop first measures the program without it, as an experiment.
    """
    _move_branch(VetoRequested, veto_refusal, number, journal=journal, as_json=as_json)


def _move_branch(
    kind: type[BranchFromRequested | VetoRequested],
    objection: Callable[[State, str, int], str | None],
    number: int,
    *,
    journal: Path | None,
    as_json: bool,
) -> None:
    path = locate(journal)
    state = read_state(path)
    session = latest_session(state)
    problem = objection(state, session.tag, number)
    if session.state == "ended":
        problem = f"session {session.tag} has ended ({session.reason})"
    if problem:
        print_message(f"not done: {problem}")
        raise typer.Exit(NEGATIVE)
    request = kind(**origin(session), experiment=number)
    later = NEXT_LOOP if is_loop_running(path) is False else _delay(session, state, request)
    send(path, request, as_json=as_json, later=later)


def _delay(session: Session, state: State, request: BranchFromRequested | VetoRequested) -> str | None:
    """Why the loop will not answer within the timeout; None if it will."""
    in_flight = summary.in_flight(session, state)
    if in_flight:
        verb = "ends" if len(in_flight) == 1 else "end"
        return f"requested: done when experiment{'s' * (len(in_flight) > 1)} {_listed(in_flight)} {verb}"
    ancestors = lineage(state, session.tag, session.incumbent)[1:]
    if isinstance(request, VetoRequested) and request.experiment in {row.number for row in ancestors}:
        return "requested: later changes stand on it, so the loop first measures the program without it"
    return None


def _latest_config(path: Path, session: str) -> Mapping[str, object]:
    """The keys of the brief that the session last accepted."""
    with closing(Reader(path)) as reader:
        events = [recorded.event for recorded in reader.stream(session_stream(session))]
    configs = [
        event.config
        for event in events
        if isinstance(event, SessionStarted) or (isinstance(event, BriefChanged) and event.accepted)
    ]
    return configs[-1] if configs else {}


def _running_loop(journal: Path | None) -> tuple[Path, State]:
    """The path and state of a journal that a loop runs on; exits with code 1 if none runs."""
    path = locate(journal)
    Reader(path).close()  # raises JournalError if there is no journal
    if is_loop_running(path) is False:
        print_message(f"No loop runs on {path}: start or continue it with `ar-loop run`.")
        raise typer.Exit(NEGATIVE)
    return path, read_state(path)


def _listed(numbers: list[int]) -> str:
    return " and ".join(map(str, numbers))
