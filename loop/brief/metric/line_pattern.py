"""The pattern of a line: a regular expression in which `(number)` is any number, `(number,)` one with commas. Pure."""

import re
from dataclasses import dataclass, replace

import regex

from loop.brief.metric.number import FLOAT, NOT_FINITE, THOUSANDS
from loop.brief.metric.reading import TOKENS

_BAR = r"(?:.*\d%\|.*\]\s*)?"  # a progress bar whose row the print continues
_BARE_UNIT = re.compile(r"(?:\\s[*+]?| )*(?:[%/\w°µμ]|\\[./])+\$?")
_WILDCARD = (".", "[^", r"\S", r"\W", r"\D", r"\w", r"\b")
_LABEL_END = re.compile(r"[:=](?:\\s[*+]?| )*")


@dataclass(frozen=True, kw_only=True)
class LinePattern:
    """`pattern` as a brief has it; `expression` has one group, around the value, which may also be nan or nothing."""

    pattern: str
    expression: str
    has_thousands: bool = False
    states_end: bool = False  # whether the pattern says what follows the number

    @property
    def rows(self) -> int:
        """How many rows a match may take."""
        return 1 + self.pattern.count(r"\n")

    def compiled(self) -> regex.Pattern[str]:
        """Raises regex.error."""
        return regex.compile(self.expression, flags=regex.MULTILINE)


def line_pattern(pattern: str) -> LinePattern:
    """The pattern of a brief. Its own group, without `(number)`, is taken as it is."""
    token = next((token for token in TOKENS if token in pattern), "")
    if not token:
        return LinePattern(pattern=pattern, expression=pattern)
    before, _, rest = pattern.partition(token)
    has_thousands = token == TOKENS[0]
    digits = f"{THOUSANDS}|{FLOAT}" if has_thousands else FLOAT
    nothing = r"|(?=\s*$)" if not rest and re.search(rf"{_LABEL_END.pattern}\Z", before) else ""
    if _BARE_UNIT.fullmatch(rest):  # a run that diverged may print nan without the unit
        expression = rf"{before}((?:{digits})(?={rest})|{NOT_FINITE}(?!\w))"
    else:
        expression = rf"{before}({digits}|{NOT_FINITE}(?!\w){nothing}){rest}"
    return LinePattern(
        pattern=pattern,
        expression=expression,
        has_thousands=has_thousands,
        states_end=bool(rest) and not rest.startswith(_WILDCARD),
    )


def default_pattern(metric: str) -> LinePattern:
    """A line `METRIC: number`, which may continue the row of a progress bar."""
    rest = rf"{escape(metric)}:\s*(number)"
    return replace(line_pattern(f"^{_BAR}{rest}"), pattern=f"^{rest}")


def escape(text: str) -> str:
    """A text as a regular expression that a person can read."""
    return re.escape(text).replace(r"\ ", " ").replace(r"\-", "-").replace(r"\/", "/")
