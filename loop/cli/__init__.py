"""`ar-loop`: one file per group of commands, and what they print."""

import sys

from journal.console.typer_app import run
from journal.errors import JournalError
from loop.cli import asking, gating, init, looking, running, steering
from loop.cli.app import app
from loop.errors import LoopError

__all__ = ["asking", "gating", "init", "looking", "main", "running", "steering"]


def main() -> None:
    """Entry point: exit 0 done, 1 not so, 2 bad input, 130 interrupted."""
    sys.exit(run(app, name="ar-loop", mendable=(LoopError, JournalError)))
