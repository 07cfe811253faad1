"""An interactive prompt for SQL, with history and completion of tables, columns, keywords and saved queries."""

import readline
from pathlib import Path

from journal.cli.output import Form, narrate, print_answer
from journal.errors import QueryRefused
from journal.projections.tables import TABLES
from journal.query.saved import SAVED, answer_line

KEYWORDS = (
    "SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN LEFT ON USING HAVING DISTINCT WITH AS AND OR NOT NULL LIKE MATCH DESC"
)
HISTORY = 1_000  # lines kept


def converse(path: Path, *, form: Form) -> None:
    """Ask and answer until end of input. The history lies beside the journal."""
    history = path.with_suffix(".history")
    _prepare(history)
    narrate(
        "One SELECT a line, or @name; Tab completes, Ctrl-D leaves. Saved: " + " ".join(f"@{name}" for name in SAVED)
    )
    try:
        while (line := _line()) is not None:
            _answer(path, line, form=form)
    finally:
        _keep(history)


def candidates(start: str) -> list[str]:
    """What a word may become, in order."""
    tables = [table.name for table in TABLES] + ["events", "samples"]
    columns = [column.name for table in TABLES for column in table.columns]
    words = [*KEYWORDS.split(), *tables, *columns, *(f"@{name}" for name in SAVED)]
    return sorted({word for word in words if word.lower().startswith(start.lower())})


def _line() -> str | None:
    try:
        return input("sql> ").strip()
    except EOFError:
        return None


def _answer(path: Path, line: str, *, form: Form) -> None:
    if not line:
        return
    try:
        print_answer(answer_line(path, line), form=form)
    except QueryRefused as error:
        narrate(str(error))


def _prepare(history: Path) -> None:
    if history.exists():
        readline.read_history_file(history)
    readline.set_history_length(HISTORY)
    readline.set_completer_delims(" \t\n,().=<>")
    readline.set_completer(lambda start, index: dict(enumerate(candidates(start))).get(index))
    readline.parse_and_bind("tab: complete")


def _keep(history: Path) -> None:
    try:
        readline.write_history_file(history)
    except OSError:
        narrate(f"The history could not be written to {history}.")
