"""What `tab` completes in a line: tables and columns of SQL, names of saved queries, words of the filter. Pure."""

from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from journal.projections.tables import TABLES
from journal.query.saved import SAVED
from tui.model.view import View
from tui.state.filters import FIELDS, TEXTS
from tui.state.ui import InputLine, Scene

SQL_WORDS = (
    *("SELECT", "FROM", "WHERE", "ORDER BY", "GROUP BY", "LIMIT", "COUNT(*)", "DESC", "DISTINCT", "HAVING", "MATCH"),
    "events",
    "samples",
    "machine_samples",
    *dict.fromkeys(word for table in TABLES for word in (table.name, *(column.name for column in table.columns))),
)
STATUS_WORDS = ("keep", "discard", "crash", "invalid", "open", "vetoed", "moved")
BREAKS = {"sql": " ,().=<>", "filter": " :,=~<>-!", "sort": " ,+-"}  # characters before a word that is completed


def completions(scene: Scene, line: InputLine) -> Sequence[str]:
    """Words that begin with the one before the caret; in a filter also after a colon, where none has begun yet."""
    start = _word_start(line)
    prefix = line.text[start : line.caret].lower()
    words = _words(scene, line, start)
    if not prefix and not (line.kind == "filter" and line.text[:start].endswith((":", "~"))):
        return ()
    return [word for word in words if word.lower().startswith(prefix) and word.lower() != prefix]


def complete(scene: Scene, line: InputLine) -> InputLine:
    """Fill in the first completion."""
    words = completions(scene, line)
    if not words:
        return line
    start = _word_start(line)
    return replace(line, text=line.text[:start] + words[0] + line.text[line.caret :], caret=start + len(words[0]))


def _word_start(line: InputLine) -> int:
    start, breaks = line.caret, BREAKS.get(line.kind, " ")
    while start and line.text[start - 1] not in breaks:
        start -= 1
    return start


def _words(scene: Scene, line: InputLine, start: int) -> Sequence[str]:
    if line.kind == "sql":
        return [f"@{name}" for name in SAVED] if line.text.startswith("@") else SQL_WORDS
    if line.kind == "sort":
        return FIELDS
    if line.kind != "filter":
        return ()
    term = line.text[:start].rpartition(" ")[2].lstrip("-!")
    field = term.rstrip(":=~,").partition(":")[0].partition("~")[0]
    if field in TEXTS and term != field:
        return values(scene.snapshot.view, field)
    return [f"{name}:" if name in TEXTS else name for name in FIELDS] if not set(term) & set(":=~<>") else ()


@lru_cache(maxsize=8)
def values(view: View, field: str) -> Sequence[str]:
    """What a field of text holds, for fields with few values."""
    if field == "status":
        return STATUS_WORDS
    columns = {"kind": view.ledger.kind, "by": view.ledger.proposer, "session": view.ledger.session}
    if field in columns:
        return sorted(set(columns[field][: view.experiment_count]))
    if field == "knob":
        knobs = set(view.ledger.knobs[: view.experiment_count])
        return sorted({move.split(" ", 1)[0] for moves in knobs for move in moves.split(", ") if move})
    return ()
