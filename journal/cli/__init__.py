"""`ar-journal`: one file per group of commands."""

import sys
from collections.abc import Sequence

from journal.cli import curve, exchange, maintain, mcp, query, read, report
from journal.cli.app import app
from journal.console.typer_app import run_app
from journal.errors import JournalError

__all__ = ["curve", "exchange", "main", "maintain", "mcp", "query", "read", "report"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 negative, 2 bad input, 130 interrupted."""
    sys.exit(run_app(app, arguments, name="ar-journal", errors=(JournalError,)))
