"""Selects and sorts the experiments of a list: the filter language, and a sort by several columns. Pure.

    status:keep,crash  delta<-0.001  idea~rope  knob:MATRIX_LR  -kind:baseline  "two words"

A row must match every term. `field:value` tests for equality (a comma means "or"), `~` tests for containment, `< <= > >= =`
compare numbers, a leading `-` or `!` negates a term, and a word without a field is searched in the idea.
"""

import operator
import re
import shlex
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import inf

from tui.model.view import View

RowTest = Callable[[View, int], bool]

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
    "metric": lambda view, row: view.measurement("metric", row),
    "delta": lambda view, row: view.measurement("delta", row),
    "gain": lambda view, row: view.measurement("gain", row),
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
    """A filter or sort with an error; the message names the part and a correct form."""


def parse_filter(text: str) -> list[RowTest]:
    """The tests that a row must pass. Raises FilterError."""
    try:
        terms = shlex.split(text)
    except ValueError:
        raise FilterError(f"{text}: a quotation mark is not closed.") from None
    return [_parse_term(term) for term in terms]


def while_typed(text: str) -> str:
    """The filter that a text means while its last word is being typed: a field without a value does not filter yet.

    An unfinished value is contained: `status:ke` finds keep.
    """
    head, space, last = text.rpartition(" ")
    word = last.lstrip("-!")
    match = _TERM.match(word)
    if not word or (match is None and not any(field.startswith(word) for field in FIELDS)):
        return text
    if match is None or not match.group(3):
        return head
    name, sign, value = match.groups()
    if name not in TEXTS or sign != ":":
        return text
    finished, comma, _ = value.rpartition(",")
    term = f"{name}:{finished}" if comma else f"{name}~{value}"
    return f"{head}{space}{last[: len(last) - len(word)]}{term}"


def _parse_term(term: str) -> RowTest:
    if term[:1] in "-!" and len(term) > 1:
        test = _parse_term(term[1:])
        return lambda view, row: not test(view, row)
    match = _TERM.match(term)
    if match is None:
        wanted = term.lower()
        return lambda view, row: wanted in view.proposal(row)[0].lower()
    name, sign, value = match.groups()
    if name in TEXTS:
        return _text_test(name, sign, value)
    if name in NUMBERS:
        return _number_test(name, sign, value)
    raise FilterError(f"{name} is not a field; the fields are {', '.join(FIELDS)}.")


def _text_test(name: str, sign: str, value: str) -> RowTest:
    get, wanted = TEXTS[name], value.lower()
    if sign == "~":
        return lambda view, row: wanted in get(view, row).lower()
    if sign not in ":=":
        raise FilterError(f"{name}{sign}{value}: {name} is text; write {name}:{value} or {name}~{value}.")
    values = frozenset(wanted.split(","))
    if name == "status":
        return lambda view, row: not values.isdisjoint((view.status(row), view.label(row)))
    if name == "knob":
        return lambda view, row: any(move.split(" ", 1)[0].lower() in values for move in get(view, row).split(", "))
    return lambda view, row: get(view, row).lower() in values


def _number_test(name: str, sign: str, value: str) -> RowTest:
    try:
        wanted = float(value.lstrip("#"))
    except ValueError:
        raise FilterError(f"{name}{sign}{value}: {value or 'nothing'} is not a number.") from None
    if sign == "~":
        raise FilterError(f"{name}~{value}: {name} is a number; write {name}<{value} or {name}={value}.")
    get, compare = NUMBERS[name], _COMPARE[sign]

    def test(view: View, row: int) -> bool:
        present = get(view, row)
        return present is not None and compare(present, wanted)

    return test


def parse_sort(text: str) -> list[tuple[str, str]]:
    """Columns and their orders, the most important first: - descends, + ascends, no sign has the best first.

    Raises FilterError.
    """
    keys = []
    for word in text.replace(",", " ").split():
        name = word.lstrip("-+")
        if name not in FIELDS:
            raise FilterError(f"{name} is not a column; the columns are {', '.join(FIELDS)}.")
        keys.append((name, word[: len(word) - len(name)][-1:]))
    return keys


def descends(view: View, name: str, order: str) -> bool:
    """Whether a column is sorted from the highest value down. The best gain is the highest; the best metric depends."""
    if order:
        return order == "-"
    session = view.session
    is_minimized = session is None or session.is_minimized
    return name == "gain" or (name in ("metric", "delta") and not is_minimized)


@lru_cache(maxsize=4)
def select(view: View, *, filter_text: str, sort_text: str) -> Sequence[int]:
    """The ledger rows that pass the filter, sorted; among equals the newest first. Raises FilterError."""
    tests, keys = parse_filter(filter_text), parse_sort(sort_text)
    newest_first: Sequence[int] = range(view.experiment_count - 1, -1, -1)
    if not tests and not keys:
        return newest_first
    rows = list(newest_first)
    for test in tests:
        rows = [row for row in rows if test(view, row)]
    for name, order in reversed(keys):
        _sort(rows, view, name, is_descending=descends(view, name, order))
    return rows


def _sort(rows: list[int], view: View, name: str, *, is_descending: bool) -> None:
    """Sort in place, stably; rows without a value come last either way."""
    if name in TEXTS:
        rows.sort(key=lambda row: TEXTS[name](view, row).lower(), reverse=is_descending)
        return
    get, sign = NUMBERS[name], -1 if is_descending else 1

    def key(row: int) -> float:
        value = get(view, row)
        return inf if value is None else sign * value

    rows.sort(key=key)
