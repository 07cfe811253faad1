"""Posts an intent, waits for the loop's answer and prints it."""

import json
import time
from contextlib import closing
from pathlib import Path

import typer

from journal.console.entry import NEGATIVE
from journal.events import (
    Acknowledged,
    DirectionAdded,
    DirectionWithdrawn,
    Intent,
    RequestWithdrawn,
    control_stream,
    session_stream,
)
from journal.events.recorded import Recorded
from journal.projections.sessions import Session
from journal.store import Reader
from journal.store.intents import author, post
from journal.store.tail import Tail
from loop.cli.app import print_message

TIMEOUT = 5.0  # seconds that a command waits for the loop's answer
OTHER_INTENTS = (DirectionAdded, DirectionWithdrawn, RequestWithdrawn)  # no requests for an action
NEXT_LOOP = "kept for the next run of the loop"


def origin(session: Session) -> dict[str, str]:
    """The fields that every intent has."""
    return {"session": session.tag, "author": author(), "channel": "cli"}


def latest_open_request(path: Path, session: str) -> Recorded | None:
    """The latest request of a session, other than a direction, that has no answer and that nobody has withdrawn."""
    with closing(Reader(path)) as reader:
        requests = reader.stream(control_stream(session))
        answers = [recorded.event for recorded in reader.stream(session_stream(session))]
    closed = {event.request for event in answers if isinstance(event, Acknowledged)}
    closed |= {recorded.event.request for recorded in requests if isinstance(recorded.event, RequestWithdrawn)}
    still_open = (
        recorded
        for recorded in reversed(requests)
        if recorded.position not in closed and not isinstance(recorded.event, OTHER_INTENTS)
    )
    return next(still_open, None)


def send(path: Path, intent: Intent, *, as_json: bool, later: str | None = None) -> None:
    """Post an intent and print the answer."""
    print_answer(path, post(path, intent), as_json=as_json, later=later)


def print_answer(
    path: Path, intent: Recorded, *, as_json: bool, later: str | None = None, note: str | None = None
) -> None:
    """Print the loop's answer to an intent, or why the answer comes `later`, and a note about it.

    Exits with code 1 without a positive answer.
    """
    answer = _wait_for_answer(path, intent.position) if later is None else None
    message = answer.message() if answer else later
    if as_json:
        done = answer.done if answer else None
        data = {"request": intent.position, "outcome": message, "done": done, **({"note": note} if note else {})}
        print(json.dumps(data, ensure_ascii=False))
    print_message(message or f"requested, but the loop has not answered within {TIMEOUT:.0f} s")
    if note:
        print_message(f"note: {note}")
    if message is None or (answer is not None and not answer.done):
        raise typer.Exit(NEGATIVE)


def _wait_for_answer(path: Path, position: int) -> Acknowledged | None:
    """The loop's answer to the intent at a position; None if the loop does not answer in time."""
    until = time.monotonic() + TIMEOUT
    with closing(Reader(path)) as reader, Tail(path) as tail:
        while True:
            events = (recorded.event for recorded in reader.read(after=position))
            answers = (event for event in events if isinstance(event, Acknowledged) and event.request == position)
            answer = next(answers, None)
            if answer is not None or not tail.wait(max(0.0, until - time.monotonic())):
                return answer
