"""`ar-journal mcp`: the journal and the loop as tools of the Model Context Protocol, on stdin and stdout."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from journal.cli.app import JournalOption, app
from journal.console.locate import locate
from journal.errors import JournalError

SteerOption = Annotated[
    bool,
    typer.Option(
        "--steer", help="Also offer direct, pause, resume, veto, branch_from, run and wait (default: only reading)."
    ),
]


@app.command(epilog="Example: claude mcp add ar-loop -- ar-journal mcp --steer")
def mcp(*, steer: SteerOption = False, journal: JournalOption = None) -> None:
    """Serve the commands as tools to an agent (Model Context Protocol, stdio), until its client ends."""
    if find_spec("mcp") is None:
        raise JournalError(
            "`ar-journal mcp` needs the package mcp, which is not installed: `pip install 'ar-loop[mcp]'`."
        )
    from journal.mcp.server import serve  # noqa: PLC0415 - only this command needs the SDK

    serve(locate(journal).absolute(), folder=Path.cwd(), steer=steer)
