"""A table of results of another loop, read: its rows, its metric and its direction. Pure, except that it reads the file."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from journal import untrusted
from journal.errors import JournalError
from journal.exchange.result_columns import NO_VALUE, Columns, find_columns
from journal.metric_names import usual_direction
from journal.untrusted import UntrustedInput

MAX_BYTES = 64 << 20
LISTED = 5  # notes about rows; the others are counted
# beginnings of the words for a status; one that says no more than that it ran is in _MEASURED
_CRASHED = re.compile(r"crash|fail|error|oom|timeout|nan\b|invalid")
_KEPT = re.compile(r"(keep|kept|accept|baseline|best|adopt|merge)|(true|yes|1)$")
_DISCARDED = re.compile(
    r"(.*(discard|revert|reject)|skip|kill|duplicate|worse|tentative|neutral|partial|repair|drop)|(false|no|0)$"
)
_MEASURED = re.compile(r"(ok|pass|passed|success|done|complete|completed)?$")


_NUMBER = re.compile(r"[0-9]{1,9}")  # of an iteration


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a table of results; `metric` is None for a crash."""

    number: int
    idea: str
    status: str
    metric: float | None
    memory: int | None
    commit: str


class ResultTable(msgspec.Struct, frozen=True, kw_only=True):
    """The readable rows. `notes` say what was assumed or skipped."""

    metric: str
    direction: str
    results: list[Result]
    notes: list[str]


def read(path: Path) -> str:
    """The text of a table of results. Raises JournalError."""
    try:
        with path.open("rb") as file:
            return untrusted.text(file.read(MAX_BYTES + 1), max_bytes=MAX_BYTES)
    except (OSError, UntrustedInput) as error:
        raise JournalError(f"{path} cannot be read: {error}.") from error


def parse(text: str, *, metric: str | None = None, direction: str | None = None) -> ResultTable:
    """The results in a table with tabs or commas. Rows that cannot be read are skipped with a note.

    `metric` names the column of the metric, `direction` is minimize or maximize; both follow from the table by default.
    Raises JournalError if no row can be read.
    """
    header, rows = _cells(text)
    columns = find_columns(header, [row for _, row in rows], metric=metric)
    notes: list[str] = []
    kept = [value for _, row in rows if _is_kept(row, columns) and (value := _value(row, columns.metric)) is not None]
    chosen = direction or _direction(columns.name, kept)
    results = list(_results(rows, columns, direction=chosen, notes=notes))
    if rows and not results:
        raise JournalError(f"No line of the results can be read: {notes[0]}")
    if duplicates := [number for number, count in Counter(result.number for result in results).items() if count > 1]:
        raise JournalError(
            f"Iteration {duplicates[0]} is on more than one line of the results: give each its own number."
        )
    if (metric is None or direction is None) and columns.name != "val_bpb":
        notes.insert(0, f"The metric is {columns.name}, {chosen}: --metric and --direction choose otherwise.")
    return ResultTable(metric=columns.name, direction=chosen, results=results, notes=_shortened(notes))


def _cells(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and the rows with the numbers of their lines."""
    first = text.lstrip("\n").partition("\n")[0]
    is_csv = "\t" not in first and "," in first
    kind = {"delimiter": ","} if is_csv else {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
    try:
        reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), **kind)
        numbered = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise JournalError(f"The results cannot be read: {error}.") from error
    return (numbered[0][1] if numbered else []), numbered[1:]


def _results(
    rows: Sequence[tuple[int, list[str]]], columns: Columns, *, direction: str, notes: list[str]
) -> Iterator[Result]:
    best: float | None = None
    for place, (line, row) in enumerate(rows):
        try:
            result = _result(row, columns, number=place, best=best, direction=direction)
        except ValueError as error:
            notes.append(f"Line {line} of the results is skipped: {error}.")
            continue
        if result.status == "keep":
            best = result.metric
        yield result


def _result(row: Sequence[str], columns: Columns, *, number: int, best: float | None, direction: str) -> Result:
    """The result in a row. Raises ValueError with what cannot be read."""
    cell = _cell(row, columns.metric)
    value = _value(row, columns.metric)
    if value is None and cell.lower() not in NO_VALUE:
        raise ValueError(f"{columns.name} is {cell!r:.60}, which is no number")
    status = _status(_cell(row, columns.status), value=value, best=best, direction=direction)
    written = _cell(row, columns.number)
    return Result(
        number=int(written) if _NUMBER.fullmatch(written) else number,
        idea=_idea(row, columns),
        status=status,
        metric=None if status == "crash" else value,
        memory=_memory(row, columns),
        commit=_cell(row, columns.commit),
    )


def _status(word: str, *, value: float | None, best: float | None, direction: str) -> str:
    """keep, discard or crash. A status that says no more than that it ran keeps what is better than all before."""
    lowered = word.lower()
    if _CRASHED.match(lowered) or (value is None and not _KEPT.match(lowered)):
        return "crash"
    if value is None:
        raise ValueError(f"it has status {word!r:.40} and no metric")
    if _MEASURED.match(lowered):
        is_better = best is None or (value > best if direction == "maximize" else value < best)
        return "keep" if is_better else "discard"
    if _DISCARDED.match(lowered):
        return "discard"
    if _KEPT.match(lowered):
        return "keep"
    raise ValueError(f"status {word!r:.40} is none of keep, discard, crash, or a word for them")


def _is_kept(row: Sequence[str], columns: Columns) -> bool:
    return columns.status is not None and _KEPT.match(_cell(row, columns.status).lower()) is not None


def _direction(name: str, kept: Sequence[float]) -> str:
    """What the metric's name implies; else what most steps from one kept value to the next do."""
    steps = [after - before for before, after in pairwise(kept)]
    rises = sum(step > 0 for step in steps) - sum(step < 0 for step in steps)
    return usual_direction(name) or ("maximize" if rises > 0 else "minimize")


def _value(row: Sequence[str], place: int) -> float | None:
    return untrusted.number(_cell(row, place))


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _idea(row: Sequence[str], columns: Columns) -> str:
    """The idea; if its column is the last, also what stands behind further tabs."""
    if columns.idea is None:
        return ""
    end = None if columns.idea == columns.width - 1 else columns.idea + 1
    cells = row[columns.idea : end]
    return " ".join(cell.strip() for cell in cells).strip()


def _memory(row: Sequence[str], columns: Columns) -> int | None:
    value = untrusted.number(_cell(row, columns.memory))
    return int(value * columns.memory_unit) if value and 0 < value < 2**40 else None


def _shortened(notes: list[str]) -> list[str]:
    more = len(notes) - LISTED
    return notes if more <= 1 else [*notes[:LISTED], f"{more} more lines of the results are skipped."]
