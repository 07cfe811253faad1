"""Looking without touching: where the session stands, and whether this machine and repository are in order."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from journal.console.locate import locate
from journal.projections.state import State, fold
from journal.store import Reader
from journal.store.lease import running
from journal.store.tail import Tail
from loop.cli.app import INTERRUPTED, LOOK, NOT_SO, START, JournalOption, JsonOption, app, folded, latest, report, say

GLANCE = 2.0  # seconds between looks at the loop's process where nothing is committed


@app.command(rich_help_panel=LOOK, epilog="Example: ar-loop status --json")
def status(
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Print again whenever something happens, until Ctrl-C.")
    ] = False,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Where the latest session stands."""
    path = locate(journal)
    state = folded(path)
    runs = running(path)
    report(latest(state), state, as_json=as_json, runs=runs)
    if watch:
        try:
            _watch(path, state, runs, as_json=as_json)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _watch(path: Path, state: State, runs: bool | None, *, as_json: bool) -> None:
    with Tail(path) as tail, closing(Reader(path)) as reader:
        while True:
            before = state.position, runs
            fold(reader.read(after=state.position), state=state)
            runs = running(path)
            if (state.position, runs) != before:  # telemetry is committed too, and says nothing
                report(latest(state), state, as_json=as_json, runs=runs)
            tail.wait(GLANCE)


@app.command(rich_help_panel=START, epilog="Example: ar-loop doctor --json")
def doctor(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Look at everything that a night depends on, and say how to mend what is not in order."""
    from loop.setup.doctor import examine  # noqa: PLC0415  # `ar-loop --help` reads no repository

    findings = examine(Path.cwd(), journal=journal)
    for found in findings if not as_json else ():
        print(f"{_SIGNS[found.state]}  {found.what:<11} {found.words}")
    if as_json:
        data = [{"what": found.what, "state": found.state, "words": found.words} for found in findings]
        print(json.dumps(data, ensure_ascii=False))
    states = {found.state for found in findings}
    if "broken" in states:
        say(f"A night would not run here: mend what is marked {_SIGNS['broken']}.")
        raise typer.Exit(NOT_SO)
    if "note" in states:
        say(f"A night runs here; what is marked {_SIGNS['note']} is good to know, and keeps nothing from running.")


_SIGNS = {"well": "✓", "note": "!", "broken": "✗"}
