"""Numbers in the tables that programs print: `name │ number` rows, and columns below a header. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from loop.brief.metric.line_pattern import escape
from loop.brief.metric.number import is_finite_word

MAX_ABOVE = 30  # rows between a row of numbers and its header
MIN_ROWS = 3  # of numbers without a name
UNNAMED = "number"  # what a number without a name is called, with its place in the row
BARS = "|│┃║"
_BAR = f"[{BARS}]"
_RULE = re.compile(r"[\s\-=+:|│┃║─━═┄┈┏┓┗┛┡┩╇┳┻┼├┤┬┴┌┐└┘╞╡╪╤╧╔╗╚╝╠╣╬╦╩]*")
_NAME = re.compile(r"[A-Za-z_#][\w ./@%()-]*")


@dataclass(frozen=True)
class _Row:
    """The cells of a row, and whether bars, wide gaps or single spaces part them."""

    cells: tuple[str, ...]
    parted_by: str

    @property
    def numbers(self) -> int:
        return sum(map(is_finite_word, self.cells))


def table_numbers(rows: Sequence[str], index: int) -> Iterator[tuple[str, float, str]]:
    """(name, value, pattern) of the numbers of one row, if it is a row of a table."""
    row = _row(rows[index])
    if not _may_be_of_table(row):
        return
    label = "" if is_finite_word(row.cells[0]) else row.cells[0]
    header = _header(rows, index, row=row, has_label=bool(label))
    if not header and row.parted_by == "bars" and len(row.cells) == 2 and label:
        header = (label, "")
    for place, (name, cell) in enumerate(zip(header, row.cells, strict=False)):
        if is_finite_word(cell) and (name or label) and _NAME.fullmatch(label.rstrip(":") or name):
            full_name = label if len(row.cells) == 2 else f"{label.rstrip(':')} {name}"
            yield full_name.strip() or name, float(cell), _pattern(row, place, label=label)


def column_numbers(rows: Sequence[str], index: int) -> Iterator[tuple[str, float, str]]:
    """(name, value, pattern) of the numbers of a row without a name, below rows of the same form, such as `step loss`."""
    same = [_row(text) for text in rows[max(0, index - MIN_ROWS + 1) : index + 1]]
    width = len(same[-1].cells)
    if len(same) == MIN_ROWS and all(1 < len(row.cells) == width == row.numbers for row in same):
        for place, cell in enumerate(same[-1].cells):
            if not _counts([float(row.cells[place]) for row in same]):
                yield f"{UNNAMED} {place + 1}", float(cell), _pattern(same[-1], place, label="")


def _counts(values: Sequence[float]) -> bool:
    """Whether whole numbers rise by equal steps, or stay: a number of steps, a constant."""
    steps = {after - before for before, after in pairwise(values)}
    return len(steps) == 1 and all(value.is_integer() for value in values) and min(steps) >= 0


def _may_be_of_table(row: _Row) -> bool:
    """Whether most cells are numbers, and no cell is the name of the next one."""
    is_pair = len(row.cells) == 2 and row.cells[0].endswith((":", "=")) and row.parted_by != "bars"
    texts = len(row.cells) - row.numbers
    return len(row.cells) > 1 and not is_pair and texts <= (1 if row.parted_by == "spaces" else row.numbers)


def _header(rows: Sequence[str], index: int, *, row: _Row, has_label: bool) -> tuple[str, ...]:
    """The names of the columns: the nearest row above that has no number and as many cells, or one less beside labels."""
    for text in reversed(rows[max(0, index - MAX_ABOVE) : index]):
        above = _row(text)
        if above.parted_by == row.parted_by and len(above.cells) > 1 and all(map(_NAME.fullmatch, above.cells)):
            if len(above.cells) == len(row.cells):
                return above.cells
            if has_label and len(above.cells) == len(row.cells) - 1 and row.parted_by == "gaps":
                return ("", *above.cells)
        if row.parted_by == "spaces" and len(above.cells) != len(row.cells):
            return ()
    return ()


def _pattern(row: _Row, place: int, *, label: str) -> str:
    """The pattern of one cell; a row with a label begins with it."""
    before, after = place - bool(label), len(row.cells) - place - 1
    if row.parted_by == "bars":
        lead = rf"{_BAR}\s*{escape(label)}\s*{_BAR}" if label else rf"^\s*{_BAR}"
        skipped = rf"(?:[^{BARS}]*{_BAR}){{{before}}}" if before else ""
        return rf"{lead}{skipped}\s*(number)" + ("" if label else rf"\s*{_BAR}")
    skipped = rf"(?:[-+.\w]+\s+){{{before}}}" if before else ""
    if label:
        return rf"^\s*{escape(label)}\s+{skipped}(number)"
    tail = rf"(?:\s+[-+.\w]+){{{after}}}" if after else ""
    return rf"^\s*{skipped}(number){tail}\s*$"


def _row(text: str) -> _Row:
    text = text.strip()
    if _RULE.fullmatch(text):
        return _Row((), "")
    if text[0] in BARS:
        return _Row(tuple(cell.strip() for cell in re.split(_BAR, text.strip(BARS))), "bars")
    wide = re.split(r"\s{2,}|\t", text)
    return _Row(tuple(wide), "gaps") if len(wide) > 1 else _Row(tuple(text.split()), "spaces")
