"""What people ask of a running loop: each command appends an intent and waits for the loop's answer."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from journal.console.locate import locate
from journal.events import Acknowledged, Intent, PauseRequested, ResumeRequested, SkipRequested, StopRequested
from journal.events.recorded import Recorded
from journal.store import Reader
from journal.store.intents import LONGEST, add_direction, author, post
from journal.store.lease import running
from journal.store.tail import Tail
from loop.cli import summary
from loop.cli.app import NOT_SO, STEER, JournalOption, JsonOption, app, folded, latest, say
from loop.errors import BadInput

CHANNEL = "cli"
PATIENCE = 5.0  # seconds that a command waits for the loop's answer


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop pause")
def pause(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Pause after the experiment in flight; `ar-loop resume` lets the loop go on."""
    path = _running(journal)
    intent = PauseRequested(session=latest(folded(path)).tag, author=author(), channel=CHANNEL)
    _ask(path, intent, as_json=as_json)


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop resume")
def resume(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Let a paused loop go on."""
    path = _running(journal)
    intent = ResumeRequested(session=latest(folded(path)).tag, author=author(), channel=CHANNEL)
    _ask(path, intent, as_json=as_json)


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop skip")
def skip(
    number: Annotated[
        int | None, typer.Argument(help="Which one, where several are in flight.", show_default=False)
    ] = None,
    *,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """End the experiment in flight without a verdict on its idea, and go on with the next."""
    path = _running(journal)
    state = folded(path)
    session = latest(state)
    flight = summary.in_flight(session, state)
    if not flight:
        say("No experiment is in flight: there is nothing to skip.")
        raise typer.Exit(NOT_SO)
    if number is None and len(flight) > 1:
        told = " and ".join(map(str, flight))
        raise BadInput(f"Experiments {told} are in flight: say which one, as in `ar-loop skip {flight[0]}`.")
    number = flight[0] if number is None else number
    intent = SkipRequested(session=session.tag, author=author(), channel=CHANNEL, experiment=number)
    _ask(path, intent, as_json=as_json)


@app.command(rich_help_panel=STEER, epilog="Example: ar-loop stop --now")
def stop(
    *,
    now: Annotated[bool, typer.Option("--now", help="Do not wait for the run in flight.")] = False,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """End the session, after the experiment in flight. (Ctrl-C only pauses it.)"""
    path = _running(journal)
    intent = StopRequested(session=latest(folded(path)).tag, author=author(), channel=CHANNEL, now=now)
    _ask(path, intent, as_json=as_json)


@app.command(rich_help_panel=STEER, epilog='Example: ar-loop direct "try a shorter warm-up before touching the width"')
def direct(
    text: Annotated[str, typer.Argument(help="What the next proposals should know or try.")],
    *,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Steer the next proposals with a sentence. Kept for the session's next call of the loop where none runs."""
    words = text.strip()
    if not words or len(words) > LONGEST:
        raise BadInput(f"A direction is a sentence or a few, of 1 to {LONGEST} characters; this one has {len(words)}.")
    path = locate(journal)
    posted = add_direction(path, session=latest(folded(path)).tag, text=words, author=author(), channel=CHANNEL)
    tell(path, posted, as_json=as_json, runs=running(path) is not False)


def _running(journal: Path | None) -> Path:
    """The journal, if a loop runs on it; else leaves with exit code 1."""
    path = locate(journal)
    Reader(path).close()
    if running(path) is False:
        say(f"No loop runs on {path}: start or continue it with `ar-loop run`.")
        raise typer.Exit(NOT_SO)
    return path


def _ask(path: Path, intent: Intent, *, as_json: bool) -> None:
    tell(path, post(path, intent), as_json=as_json, runs=True)


def tell(path: Path, posted: Recorded, *, as_json: bool, runs: bool, later: str | None = None) -> None:
    """Say what the loop answers, or why it answers later; exit code 1 if it does not do what was asked."""
    answer = _answer(path, posted.position) if runs and later is None else None
    if later is None and not runs:
        later = "kept for the next call of the loop"
    words = answer.words() if answer else later
    if as_json:
        done = answer.done if answer else None
        print(json.dumps({"request": posted.position, "outcome": words, "done": done}, ensure_ascii=False))
    say(words if words is not None else f"asked; the loop has not answered within {PATIENCE:.0f} s")
    if words is None or (answer is not None and not answer.done):
        raise typer.Exit(NOT_SO)


def _answer(path: Path, request: int) -> Acknowledged | None:
    """The loop's answer to a request, or None if it gives none in time."""
    until = time.monotonic() + PATIENCE
    reader = Reader(path)
    with Tail(path) as tail:
        while True:
            events = (recorded.event for recorded in reader.read(after=request))
            answers = (event for event in events if isinstance(event, Acknowledged) and event.request == request)
            answer = next(answers, None)
            if answer is not None or not tail.wait(max(0.0, until - time.monotonic())):
                reader.close()
                return answer
