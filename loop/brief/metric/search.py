"""Searches for the numbers of a run, row by row as its output passes; the last word on a number counts. Pure.

Memory and time are bounded, whatever a run prints: a search keeps the last match, a few rows, or the JSON documents that are
still open, and a regular expression has a limited time for each row.
"""

import json
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from loop.brief.metric import json_path, number, reading
from loop.brief.metric.line_pattern import LinePattern
from loop.brief.metric.reading import Reading

ROW_SECONDS = 0.25  # of a regular expression in one row
SLOW_ROWS = 20  # after which a search gives up
MAX_DOCUMENT = 32 << 20  # characters of a JSON document over several rows
MAX_OPEN = 8  # JSON documents that are open at once
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class Search(Protocol):
    """Takes in the rows of an output."""

    def feed(self, row: str) -> None: ...

    def reading(self) -> Reading | None:
        """The last word so far; None if no row is about the number."""


class LineSearch:
    """The last match of a pattern, in one row or in as many as the pattern has line ends."""

    def __init__(self, pattern: LinePattern) -> None:
        self._pattern = pattern
        self._compiled = pattern.compiled()
        self._rows: deque[str] = deque(maxlen=pattern.rows)
        self._last: tuple[str, int, int, int] | None = None  # text; the group; the end of the match
        self._slow_rows = 0
        self._is_slow = False  # whether the last word may be in a row that took too long

    def feed(self, row: str) -> None:
        self._rows.append(row)
        if self._slow_rows >= SLOW_ROWS:
            return
        text = "\n".join(self._rows) if self._pattern.rows > 1 else row
        try:
            for match in self._compiled.finditer(text, timeout=ROW_SECONDS):
                if match.end() >= len(text) - len(row) and match.start(1) >= 0:
                    self._last, self._is_slow = (text, *match.span(1), match.end()), False
        except TimeoutError:
            self._slow_rows += 1
            self._is_slow = True

    def reading(self) -> Reading | None:
        if self._is_slow or self._slow_rows >= SLOW_ROWS:
            return Reading(
                reason=f"the pattern '{self._pattern.pattern}' takes too long on a line: write a simpler one"
            )
        if self._last is None:
            return None
        text, start, end, match_end = self._last
        line = text[text.rfind("\n", 0, start) + 1 :].split("\n", 1)[0]
        states_end = self._pattern.states_end or match_end > end
        after = text[end:].split("\n", 1)[0]
        if number.is_finite_word(text[start:end], thousands=self._pattern.has_thousands):
            longer = number.longer_word(text[start:end], after, states_end=states_end)
            if longer is not None:
                return reading.of_longer_word(longer, line=line, pattern=self._pattern.pattern)
        return reading.of_word(text[start:end], line=line, thousands=self._pattern.has_thousands)


@dataclass
class _Document:
    """A JSON document that has begun: its rows and its open brackets."""

    rows: list[str] = field(default_factory=list)
    depth: int = 0
    size: int = 0

    def take(self, row: str) -> None:
        bare = _STRING.sub("", row)
        self.rows.append(row)
        self.size += len(row)
        self.depth += bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")


@dataclass(frozen=True)
class JsonDocument:
    """A JSON document and how many rows it takes."""

    value: object
    rows: int = 1


class JsonDocuments:
    """The JSON documents of an output, in the order of their ends: on one row, or over several from the start of a row."""

    def __init__(self) -> None:
        self._open: list[_Document] = []

    def feed(self, row: str) -> list[JsonDocument]:
        """The documents that end with this row."""
        begins = row.startswith(("{", "["))
        found = []
        if row.lstrip().startswith(("{", "[")) and (begins or not self._open):
            found += _parse(row)
        for document in self._open:
            document.take(row)
        if begins and not found:
            document = _Document()
            document.take(row)
            self._open = [*self._open, document][-MAX_OPEN:]
        for document in reversed(self._open):
            found += _parse(*document.rows) if document.depth <= 0 and len(document.rows) > 1 else []
        self._open = [document for document in self._open if document.depth > 0 and document.size < MAX_DOCUMENT]
        return found


class JsonSearch:
    """The value of a key in the last JSON document that has it."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._documents = JsonDocuments()
        self._last: object = json_path.MISSING

    def feed(self, row: str) -> None:
        for document in self._documents.feed(row):
            value = json_path.lookup(document.value, self._key)
            self._last = self._last if value is json_path.MISSING else value

    def reading(self) -> Reading | None:
        return None if self._last is json_path.MISSING else json_reading(self._last, key=self._key)


def _parse(*rows: str) -> list[JsonDocument]:
    """The JSON document in these rows, if there is one; an object may be followed by other text on its row."""
    text = "\n".join(rows).strip()
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return []
    is_whole = isinstance(value, dict) or text[end:] in ("", ",")
    return [JsonDocument(value, len(rows))] if is_whole else []


def json_reading(value: object, *, key: str) -> Reading:
    """The reading of a JSON value. `null` and the strings "NaN" and "Infinity" are how others write what JSON cannot."""
    place, line = f" under `{key}`", f"{key}: {json.dumps(value)}"
    match value:
        case bool() | list() | dict():
            kind = "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else "true or false"
            return Reading(reason=f"the last value{place} is {kind}, not a number", line=line)
        case int() | float():
            return reading.of_value(_float(value), text=_short(value), line=line, place=place)
        case None:
            return reading.of_word("null", line=line, place=place)
    if number.is_finite_word(str(value)):
        return Reading(reason=f'the last value{place} is the text "{value}": print it without quotes', line=line)
    return reading.of_word(str(value), line=line, place=place)


def csv_reading(rows: Iterable[list[str]], *, column: str, file: str) -> Reading | None:
    """The reading of the last row of a table, in its last column or the one named in the first row."""
    header: list[str] | None = None
    last: list[str] = []
    count = 0
    for row in rows:
        if any(cell.strip() for cell in row):
            header, last, count = header or [cell.strip() for cell in row], row, count + 1
    if header is None or (column and column not in header) or (count == 1 and number.parse(last[-1]) is None):
        return None
    index = header.index(column) if column else -1
    place = f" in {f'the column {column}' if column else 'the last column'} of {file}"
    word = last[index] if index < len(last) else ""
    return reading.of_word(word, line=",".join(last), place=place)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond any float
        return float("inf")


def _short(value: float) -> str:
    return str(value) if isinstance(value, float) else "an integer beyond any float"
