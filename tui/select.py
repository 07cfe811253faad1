"""Which experiments a list shows, and in which order: the filter language and multi-key sort. Pure.

    status:keep,crash  delta<-0.001  idea~rope  knob:MATRIX_LR  -kind:baseline  "two words"

Terms are joined by "and"; `field:value` is equality (a comma is "or"), `~` contains, `< <= > >= =` compare numbers, a leading
`-` or `!` turns a term round, and a bare word is looked for in the idea.
"""

import operator
import re
import shlex
from collections.abc import Callable, Sequence
from functools import lru_cache

from tui.view import Row, View

Test = Callable[[Row], bool]

TEXTS: dict[str, Callable[[Row], str]] = {
    "status": lambda row: row.status,
    "idea": lambda row: row.idea,
    "kind": lambda row: row.kind,
    "by": lambda row: row.proposer,
    "session": lambda row: row.session,
    "knob": lambda row: row.knobs,
}
NUMBERS: dict[str, Callable[[Row], float | None]] = {
    "number": lambda row: row.number,
    "metric": lambda row: row.metric,
    "delta": lambda row: row.delta,
    "gain": lambda row: row.gain,
    "seconds": lambda row: row.seconds,
    "when": lambda row: row.decided_time,
}
FIELDS = (*TEXTS, *NUMBERS)

_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    ":": operator.eq,
}
_TERM = re.compile(r"^([a-z]+)(<=|>=|<|>|=|:|~)(.*)$", re.DOTALL)


class FilterError(ValueError):
    """A filter or sort that cannot be read; the message says which part, and what would do."""


def parse_filter(text: str) -> list[Test]:
    """The tests that a row must pass. Raises FilterError."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise FilterError(f"{text}: a quotation mark is missing its partner.") from None
    return [_term(word) for word in words]


def _term(word: str) -> Test:
    if word[:1] in "-!" and len(word) > 1:
        test = _term(word[1:])
        return lambda row: not test(row)
    match = _TERM.match(word)
    if match is None:
        wanted = word.lower()
        return lambda row: wanted in row.idea.lower()
    name, sign, value = match.groups()
    if name in TEXTS:
        return _text_test(name, sign, value)
    if name in NUMBERS:
        return _number_test(name, sign, value)
    raise FilterError(f"{name}: no such field; there are {', '.join(FIELDS)}.")


def _text_test(name: str, sign: str, value: str) -> Test:
    get, wanted = TEXTS[name], value.lower()
    if sign == "~":
        return lambda row: wanted in get(row).lower()
    if sign not in ":=":
        raise FilterError(f"{name}{sign}{value}: {name} is text, so ask {name}:{value} or {name}~{value}.")
    among = frozenset(wanted.split(","))
    if name == "knob":
        return lambda row: any(move.split(" ", 1)[0].lower() in among for move in row.knobs.split(", "))
    return lambda row: get(row).lower() in among


def _number_test(name: str, sign: str, value: str) -> Test:
    try:
        wanted = float(value.lstrip("#"))
    except ValueError:
        raise FilterError(f"{name}{sign}{value}: {value or 'nothing'} is no number.") from None
    if sign == "~":
        raise FilterError(f"{name}~{value}: {name} is a number, so ask {name}<{value} or {name}={value}.")
    get, compare = NUMBERS[name], _COMPARE[sign]

    def test(row: Row) -> bool:
        present = get(row)
        return present is not None and compare(present, wanted)

    return test


def parse_sort(text: str) -> list[tuple[str, bool]]:
    """Columns and whether each descends, the most important first. Raises FilterError."""
    keys = []
    for word in text.replace(",", " ").split():
        name = word.lstrip("-+")
        if name not in FIELDS:
            raise FilterError(f"{name}: no such column; there are {', '.join(FIELDS)}.")
        keys.append((name, word.startswith("-")))
    return keys


@lru_cache(maxsize=4)
def select(view: View, *, filter_text: str, sort_text: str) -> Sequence[int]:
    """Rows of the ledger that pass the filter, sorted; the newest first where nothing else decides.

    The last few answers are remembered. Raises FilterError.
    """
    tests, keys = parse_filter(filter_text), parse_sort(sort_text)
    newest_first: Sequence[int] = range(view.count - 1, -1, -1)
    if not tests and not keys:
        return newest_first
    rows = [row for row in map(view.row, newest_first) if all(test(row) for test in tests)]
    for name, down in reversed(keys):
        _sort(rows, name, down=down)
    return [row.index for row in rows]


def _sort(rows: list[Row], name: str, *, down: bool) -> None:
    """Stable; rows without a value come last either way."""
    if name in TEXTS:
        rows.sort(key=lambda row: TEXTS[name](row).lower(), reverse=down)
        return
    get = NUMBERS[name]
    rows.sort(key=lambda row: ((value := get(row)) is None, 0.0 if value is None else (-value if down else value)))
