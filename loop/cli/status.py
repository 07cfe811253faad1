"""The commands that only read: status and doctor."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from journal.console.entry import INTERRUPTED, NEGATIVE
from journal.console.locate import locate
from journal.console.terminal import print_text
from journal.projections.state import State, fold
from journal.store import Reader
from journal.store.lease import is_loop_running
from journal.store.tail import Tail
from loop.cli.app import (
    LOOK,
    START,
    JournalOption,
    JsonOption,
    app,
    latest_session,
    print_message,
    print_status,
    read_state,
)

POLL_SECONDS = 2.0  # between two looks at the loop's process while nothing is appended
_SIGNS = {"well": "✓", "note": "!", "broken": "✗"}


@app.command(rich_help_panel=LOOK, epilog="Example: ar-loop status --json")
def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Print again after each event, until Ctrl-C.")] = False,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the state of the latest session."""
    path = locate(journal)
    state, is_running = read_state(path), is_loop_running(path)
    print_status(latest_session(state), state, as_json=as_json, is_running=is_running)
    if watch:
        try:
            _watch(path, state, is_running, as_json=as_json)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _watch(path: Path, state: State, is_running: bool | None, *, as_json: bool) -> None:
    with Tail(path) as tail, closing(Reader(path)) as reader:
        while True:
            before = state.position, is_running
            fold(reader.read(after=state.position), state=state)
            is_running = is_loop_running(path)
            if (state.position, is_running) != before:  # the tail also wakes for telemetry
                print_status(latest_session(state), state, as_json=as_json, is_running=is_running)
            tail.wait(POLL_SECONDS)


@app.command(rich_help_panel=START, epilog="Example: ar-loop doctor --json")
def doctor(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Check everything that a session needs, and say how to repair what is missing."""
    from loop.setup.doctor import examine  # noqa: PLC0415  # `ar-loop --help` reads no repository

    checks = examine(Path.cwd(), journal=journal)
    if as_json:
        data = [{"what": check.name, "state": check.state, "words": check.message} for check in checks]
        print_text(json.dumps(data, ensure_ascii=False))
    else:
        print_text("\n".join(f"{_SIGNS[check.state]}  {check.name:<11} {check.message}" for check in checks))
    states = {check.state for check in checks}
    if "broken" in states:
        print_message(f"No session can run here: repair what is marked {_SIGNS['broken']}.")
        raise typer.Exit(NEGATIVE)
    if "note" in states:
        print_message(f"A session can run here; what is marked {_SIGNS['note']} is only for your information.")
