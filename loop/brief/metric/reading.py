"""What a place of a run's output says last of a number: its value, or why there is none. Pure."""

import math
from dataclasses import dataclass
from typing import Literal

from loop.brief.metric import number
from loop.brief.metric.number import LongerWord

MAX_QUOTE = 120  # characters of a line in a message
TOKENS = ("(number,)", "(number)")  # of a pattern: a number with commas, any number
PLAIN_ADVICE = "print it as a plain number, such as 1234.5"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The last word on a number. `value` is finite; without one, `reason` says why, as a clause."""

    value: float | None = None
    kind: Literal["no_metric", "nan"] = "no_metric"  # of the failure that a run without a value has
    reason: str = ""
    line: str = ""  # that the value is from


def of_word(word: str, *, line: str, thousands: bool = False, place: str = "") -> Reading:
    """The reading of a whole word, such as a cell of a table; `place` follows its mention: " in the column acc"."""
    value = number.parse(word, thousands=thousands)
    if value is None:
        what = f"`{quote(word)}`, which is no number: {PLAIN_ADVICE}" if word.strip() else "empty"
        return Reading(reason=f"the last value{place} is {what}", line=line)
    return of_value(value, text=word.strip(), line=line, place=place)


def of_value(value: float, *, text: str, line: str, place: str = "") -> Reading:
    """The reading of a number, which need not be finite."""
    if not math.isfinite(value):
        return Reading(kind="nan", reason=f"no metric: the last value{place} is {quote(text)}", line=line)
    return Reading(value=value, line=line)


def of_longer_word(word: LongerWord, *, line: str, pattern: str) -> Reading:
    """The reading of a word that only begins like a number; `pattern` is the brief's, or its default."""
    return Reading(reason=f"the line `{quote(line)}` has {word.name}: {_advice(word.piece, pattern)}", line=line)


def quote(text: str) -> str:
    """A text as a message shows it: on one line, and short."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_QUOTE else f"{text[:MAX_QUOTE]}…"


def _advice(piece: str, pattern: str) -> str:
    token = next((token for token in TOKENS if token in pattern), "")
    if token and piece:
        return f"write pattern: '{pattern.replace(token, piece)}'"
    if not token and piece.startswith("(number)") and pattern.endswith(")"):
        return f"write pattern: '{pattern}{piece.removeprefix('(number)')}'"
    return PLAIN_ADVICE if token else "write `(number)` in the place of the pattern's group"
