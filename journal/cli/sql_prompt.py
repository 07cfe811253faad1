"""An interactive prompt for SQL, with history and completion of tables, columns, keywords and saved queries."""

import readline
from pathlib import Path

from journal.cli.output import OutputFormat, print_result
from journal.console.terminal import print_note
from journal.errors import QueryRefused
from journal.projections.tables import TABLES
from journal.query.saved import SAVED, run_line

KEYWORDS = (
    "SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN LEFT ON USING HAVING DISTINCT WITH AS AND OR NOT NULL LIKE MATCH DESC"
)
HISTORY = 1_000  # lines


def run_prompt(path: Path, *, output_format: OutputFormat) -> None:
    """Read and run queries until the end of input. The history is a file next to the journal."""
    history = path.with_suffix(".history")
    _prepare(history)
    names = " ".join(f"@{name}" for name in SAVED)
    print_note(f"Type one SELECT per line, or @NAME. Tab completes, Ctrl-D exits. Saved queries: {names}")
    try:
        while (line := _line()) is not None:
            _run(path, line, output_format=output_format)
    finally:
        _save(history)


def candidates(start: str) -> list[str]:
    """The completions of a word, in order."""
    tables = [table.name for table in TABLES] + ["events", "samples"]
    columns = [column.name for table in TABLES for column in table.columns]
    words = [*KEYWORDS.split(), *tables, *columns, *(f"@{name}" for name in SAVED)]
    return sorted({word for word in words if word.lower().startswith(start.lower())})


def _line() -> str | None:
    try:
        return input("sql> ").strip()
    except EOFError:
        return None


def _run(path: Path, line: str, *, output_format: OutputFormat) -> None:
    if not line:
        return
    try:
        print_result(run_line(path, line), output_format=output_format)
    except QueryRefused as error:
        print_note(str(error))


def _prepare(history: Path) -> None:
    if history.exists():
        readline.read_history_file(history)
    readline.set_history_length(HISTORY)
    readline.set_completer_delims(" \t\n,().=<>")
    readline.set_completer(lambda start, index: dict(enumerate(candidates(start))).get(index))
    readline.parse_and_bind("tab: complete")


def _save(history: Path) -> None:
    try:
        readline.write_history_file(history)
    except OSError:
        print_note(f"The history could not be written to {history}.")
