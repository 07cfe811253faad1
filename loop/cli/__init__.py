"""`ar-loop`: one file per group of commands, and what they print."""

import sys

from journal.console.typer_app import run as run_app
from journal.errors import JournalError
from loop.cli import check, init, intents, run, status, steer
from loop.cli.app import app
from loop.errors import LoopError

__all__ = ["check", "init", "intents", "main", "run", "status", "steer"]


def main() -> None:
    """Entry point: exit 0 done, 1 not so, 2 bad input, 130 interrupted."""
    sys.exit(run_app(app, name="ar-loop", mendable=(LoopError, JournalError)))
