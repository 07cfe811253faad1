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
from math import inf

from tui.model.view import View

Test = Callable[[View, int], bool]

TEXTS: dict[str, Callable[[View, int], str]] = {
    "status": lambda view, row: view.status(row),
    "idea": lambda view, row: view.proposal(row)[0],
    "kind": lambda view, row: view.proposal(row)[1],
    "by": lambda view, row: view.proposal(row)[2],
    "session": lambda view, row: view.ledger.session[row],
    "knob": lambda view, row: view.proposal(row)[3],
}
NUMBERS: dict[str, Callable[[View, int], float | None]] = {
    "number": lambda view, row: view.ledger.number[row],
    "metric": lambda view, row: view.figure("metric", row),
    "delta": lambda view, row: view.figure("delta", row),
    "gain": lambda view, row: view.figure("gain", row),
    "seconds": lambda view, row: view.row(row).seconds,
    "when": lambda view, row: view.row(row).decided_time,
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
        return lambda view, row: not test(view, row)
    match = _TERM.match(word)
    if match is None:
        wanted = word.lower()
        return lambda view, row: wanted in view.proposal(row)[0].lower()
    name, sign, value = match.groups()
    if name in TEXTS:
        return _text_test(name, sign, value)
    if name in NUMBERS:
        return _number_test(name, sign, value)
    raise FilterError(f"{name}: no such field; there are {', '.join(FIELDS)}.")


def _text_test(name: str, sign: str, value: str) -> Test:
    get, wanted = TEXTS[name], value.lower()
    if sign == "~":
        return lambda view, row: wanted in get(view, row).lower()
    if sign not in ":=":
        raise FilterError(f"{name}{sign}{value}: {name} is text, so ask {name}:{value} or {name}~{value}.")
    among = frozenset(wanted.split(","))
    if name == "status":
        return lambda view, row: not among.isdisjoint((view.status(row), view.word(row)))
    if name == "knob":
        return lambda view, row: any(move.split(" ", 1)[0].lower() in among for move in get(view, row).split(", "))
    return lambda view, row: get(view, row).lower() in among


def _number_test(name: str, sign: str, value: str) -> Test:
    try:
        wanted = float(value.lstrip("#"))
    except ValueError:
        raise FilterError(f"{name}{sign}{value}: {value or 'nothing'} is no number.") from None
    if sign == "~":
        raise FilterError(f"{name}~{value}: {name} is a number, so ask {name}<{value} or {name}={value}.")
    get, compare = NUMBERS[name], _COMPARE[sign]

    def test(view: View, row: int) -> bool:
        present = get(view, row)
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
    rows = list(newest_first)
    for test in tests:
        rows = [row for row in rows if test(view, row)]
    for name, down in reversed(keys):
        _sort(rows, view, name, down=down)
    return rows


def _sort(rows: list[int], view: View, name: str, *, down: bool) -> None:
    """Stable; rows without a value come last either way."""
    if name in TEXTS:
        rows.sort(key=lambda row: TEXTS[name](view, row).lower(), reverse=down)
        return
    get, sign = NUMBERS[name], -1 if down else 1

    def key(row: int) -> float:
        value = get(view, row)
        return inf if value is None else sign * value

    rows.sort(key=key)
