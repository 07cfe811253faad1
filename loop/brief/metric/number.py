"""A number in a text: which words are numbers, where a number ends, and what a longer word that begins like one is. Pure.

The first digits of `400,000`, `1.20M`, `0x1F` or `3/10` are not the value. A number counts only if it ends at a boundary, or
if the brief's pattern says what follows it.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal

from loop.brief.config import NUMBER

FLOAT = NUMBER[1:-1]  # without its group
NOT_FINITE = r"(?i:[-+]?(?:nan(?:\([^)]*\))?|inf(?:inity)?|1\.#\w+)|null|none|n/?a|undefined)"
THOUSANDS = r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"
_END = re.compile(r"""$|[\s;)\]}|"`*<>±│┃\\]|[,.:'](?!\d)|\+/-""")
_SHORT_INTEGER = re.compile(r"[-+]?[1-9]\d{0,2}")
_UNIT = "(number)SUFFIX"
_SPACES = " '\u00a0\u2009\u202f"  # between thousands


@dataclass(frozen=True)
class LongerWord:
    """A word that begins like a number; `piece` is what a pattern needs in the place of `(number)`, empty if none reads it."""

    name: str
    piece: str = ""


@dataclass(frozen=True)
class _Kind:
    """A kind of longer word. `after` matches what follows the digits.

    A `digits` kind is another number than its first digits, whatever a pattern says. A `suffix` is a unit, which may
    be meant; a suffix that stands `apart` may follow a space. In `piece`, SUFFIX is what follows.
    """

    name: str
    after: re.Pattern[str]
    form: Literal["digits", "suffix", "apart"] = "digits"
    before: re.Pattern[str] = re.compile(".*")
    piece: str = ""


_KINDS = (
    _Kind("a number with separators", re.compile(r",\d{3}(?:,\d{3})*(?![\d,])"), before=_SHORT_INTEGER, piece="(number,)"),
    _Kind("a number with separators", re.compile(rf"[{_SPACES}]\d{{3}}(?![\w.])"), before=_SHORT_INTEGER),
    _Kind("a number with a comma", re.compile(r",\d")),
    _Kind("a number of another base", re.compile(r"[xX][\da-fA-F]|[bo][01]"), before=re.compile(r"[-+]?0")),
    _Kind("a number with the exponent of Fortran", re.compile(r"[dD][-+]?\d")),
    _Kind("a number with an underscore", re.compile(r"_\d")),
    _Kind("a longer number", re.compile(r"\.\d"), before=re.compile(r"[-+]?\d+")),
    _Kind("a version, a date or a time", re.compile(r"[.:'-]\d")),
    _Kind("a percentage", re.compile(r"\s*%"), "apart", piece=_UNIT),
    _Kind("a fraction", re.compile(r"\s*/\s*\d[\d.]*"), "apart", piece=_UNIT),
    _Kind("one value and then another", re.compile(r"\s*(?:->|=>|→)"), "apart", piece=r"\S+?SUFFIX\s*(number)"),
    _Kind("a number with a unit", re.compile(r"""[^\s,;)\]}|"'`]+"""), "suffix", piece=_UNIT),
    _Kind(
        "a number with a unit",
        re.compile(r"\s+(?:[kKMGTP](?:i?[Bb](?:it)?s?)?|B|ns|us|µs|μs|ms|s|min|h)(?:/\w+)?(?![\w:=/]|\.\w)"),
        "apart",
        piece=_UNIT,
    ),
)  # fmt: skip


def parse(word: str, *, thousands: bool = False) -> float | None:
    """The value of a word that is a number and nothing else, infinite if it is too large; None for another word."""
    word = word.strip()
    if re.fullmatch(NOT_FINITE, word):
        return math.nan
    if thousands and re.fullmatch(THOUSANDS, word):
        word = word.replace(",", "")
    return float(word) if re.fullmatch(FLOAT, word) else None


def is_finite_word(word: str, *, thousands: bool = False) -> bool:
    """Whether a word is a number that is finite."""
    value = parse(word, thousands=thousands)
    return value is not None and math.isfinite(value)


def longer_word(digits: str, after: str, *, states_end: bool = False) -> LongerWord | None:
    """The longer word that begins with these digits, given the text after them; None if the number ends there.

    `states_end`: the pattern says what follows the number, so a unit there is meant.
    """
    ends_here = _END.match(after) is not None
    for kind in _KINDS:
        match = kind.after.match(after) if kind.before.fullmatch(digits) else None
        is_meant = kind.form != "digits" and states_end
        if match is not None and not is_meant and not (kind.form == "suffix" and ends_here):
            return LongerWord(kind.name, kind.piece.replace("SUFFIX", _escaped(match[0])))
    return None


def _escaped(suffix: str) -> str:
    """The regex of a text behind a number; a unit may stand apart or not."""
    text = re.sub(r"([.^$*+?{}\[\]|()\\])", r"\\\1", suffix.strip())
    return rf"\s*{text}" if suffix[0].isspace() or suffix[0].isalpha() else text
