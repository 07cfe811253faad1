"""`ar-loop`: one file per group of commands, and what they print."""

import sys

from journal.console.typer_app import run_app
from journal.errors import JournalError
from loop.cli import check, init, run, status, steer, wait
from loop.cli.app import app
from loop.errors import LoopError

__all__ = ["check", "init", "main", "run", "status", "steer", "wait"]


def main() -> None:
    """Exit codes: 0 done, 1 not done, 2 bad input, 130 interrupted."""
    sys.exit(run_app(app, name="ar-loop", errors=(LoopError, JournalError)))
