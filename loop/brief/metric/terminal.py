"""What a terminal shows of a program's output: carriage returns, cursor movements, erasures and colours. Pure.

A progress bar redraws its row: of a thousand frames only the last one is a line. `Terminal` keeps the last rows, because a
program may move the cursor up and write over them, and hands on a row when it can no longer change. Its memory is bounded.

It differs from a terminal in three points. A row may be as long as MAX_ROW, with its middle left out beyond that. The rest of
an earlier frame to the right of a line that ended is no part of that line: `loss: 0.123`, carriage return, `loss: 0.4` is not
0.423. And a cleared screen is handed on, as by terminals that keep it in their history.
"""

import re
from collections.abc import Iterator

WINDOW = 64  # rows that a program can still move the cursor to
MAX_ROW = 1 << 20  # characters
MAX_WINDOW = 2 * MAX_ROW  # characters of all rows together
WIDE = 4096  # characters of a row that can be written over
MAX_ESCAPE = 4096  # characters of an escape sequence
GAP = " … "

_PLAIN = r"[^\x00-\x08\x0a-\x1f\x7f\x9b]+"
_CSI = r"(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])"  # ECMA-48, control sequences
_STRING = r"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, links
_ESCAPE = r"\x1b[ -/]*[0-Z\\`-~]"
_TOKEN = re.compile(rf"{_CSI}|{_STRING}|{_ESCAPE}|{_PLAIN}|.", re.DOTALL)
_UNFINISHED = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*\Z|\x1b[\]PX^_][^\x07\x1b]*\x1b?\Z|\x1b[ -/]*\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x9b]")


class Terminal:
    """Takes in text piece by piece; `feed` and `finish` hand on the rows that are final."""

    def __init__(self) -> None:
        self._rows: list[str] = []  # those above the cursor's row, and those below it after a movement up
        self._pieces: list[str] = []  # of the cursor's row, which `_row` joins
        self._length = 0  # of the cursor's row
        self._line = 0  # of the cursor: an index into rows, or their number
        self._top = 0  # of the screen, since a program cleared it
        self._column = 0
        self._has_returned = False  # to the beginning of the cursor's row, which is being written over
        self._rest = ""  # of an escape sequence

    def feed(self, text: str) -> Iterator[str]:
        text = self._rest + text
        unfinished = _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished and len(text) - unfinished.start() <= MAX_ESCAPE else len(text)
        text, self._rest = text[:cut], text[cut:]
        if _CONTROL.search(text) or self._line < len(self._rows) or self._column != self._length:
            for match in _TOKEN.finditer(text):
                self._take(match)
        else:
            self._write_lines(*text.split("\n"))
        yield from self._final()

    def finish(self) -> Iterator[str]:
        """The rows that are left; nothing is fed after it."""
        self._store()
        rows, self._rows, self._line = self._rows, [], 0
        yield from rows if rows[-1] else rows[:-1]

    def _take(self, match: re.Match[str]) -> None:
        piece, final = match[0], match[2]
        if final is not None:
            self._control(final, match[1])
        elif piece == "\n":
            self._new_line()
        elif piece == "\r":
            self._move(column=0)
        elif piece == "\b":
            self._move(column=max(0, self._column - 1))
        elif piece[0] >= " " or piece[0] == "\t":
            self._write(piece)

    def _control(self, final: str, parameters: str) -> None:
        """A control sequence; those that neither move nor erase have no effect."""
        first = re.match(r"\d+", parameters)
        number = min(int(first[0][:6]), 10 * WINDOW) if first else 0
        count = max(1, number)
        match final:
            case "A" | "B" | "E" | "F":
                line = self._line + (count if final in "BE" else -count)
                self._move(line=line, column=0 if final in "EF" else self._column)
            case "C" | "D":
                self._move(column=self._column + (count if final == "C" else -count))
            case "G":
                self._move(column=count - 1)
            case "H" | "f":
                self._move(line=self._top + count - 1, column=0)
            case "K":
                self._erase_row(number)
            case "J":
                self._erase_screen(number)

    def _write_lines(self, first: str, *lines: str) -> None:
        """Text without control characters, at the end of the last row."""
        self._write(first)
        if lines:
            self._rows += [self._row(), *lines[:-1]]
            self._line, self._column = len(self._rows), len(lines[-1])
            self._set(lines[-1])
            self._has_returned = False

    def _write(self, text: str) -> None:
        if self._column == self._length:
            self._pieces.append(text)
        else:
            row = self._row()
            kept = row[: self._column].ljust(self._column)
            self._pieces = [kept, text, row[self._column + len(text) :]]
        self._length = max(self._length, self._column + len(text))
        self._column += len(text)
        if self._length > MAX_ROW + len(GAP) + WIDE:
            row = self._row()
            self._set(row[: MAX_ROW // 2] + GAP + row[-MAX_ROW // 2 :])
            self._column = self._length

    def _new_line(self) -> None:
        if self._has_returned and self._column:
            self._set(self._row()[: self._column])
        self._go_to(self._line + 1)
        self._column = 0

    def _move(self, *, column: int, line: int | None = None) -> None:
        if self._length > WIDE:  # a terminal would have wrapped it
            self._new_line()
            return
        if line is not None:
            self._go_to(min(line, max(self._line, len(self._rows) - 1)))
        self._column = min(max(0, column), WIDE)
        self._has_returned = self._column == 0

    def _go_to(self, line: int) -> None:
        """Leave the cursor's row for another one, which may be new."""
        self._store()
        self._line = max(0, line)
        self._rows += [""] * (self._line - len(self._rows))
        self._set(self._rows[self._line] if self._line < len(self._rows) else "")
        self._has_returned = False

    def _erase_row(self, part: int) -> None:
        row = self._row()
        end = "" if part in (0, 2) else row[self._column :]
        self._set((" " * min(self._column, len(row)) if part else row[: self._column]) + end)

    def _erase_screen(self, part: int) -> None:
        if part >= 2:
            self._go_to(max(self._line + 1, len(self._rows)))
            self._top = self._line
            return
        self._erase_row(part)
        if part == 0:
            self._store()
            del self._rows[self._line + 1 :]

    def _row(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def _set(self, row: str) -> None:
        self._pieces, self._length = [row], len(row)

    def _store(self) -> None:
        """Put the cursor's row among the others."""
        self._rows[self._line : self._line + 1] = [self._row()]

    def _final(self) -> Iterator[str]:
        """Hand on the oldest rows beyond the window; the cursor's row is never among them."""
        size = sum(map(len, self._rows)) if len(self._rows) > 1 else 0
        count = 0
        while count < self._line and (len(self._rows) - count > WINDOW or size > MAX_WINDOW):
            size -= len(self._rows[count])
            yield self._rows[count]
            count += 1
        del self._rows[:count]
        self._line -= count
        self._top = max(0, self._top - count)


def shown(text: str) -> str:
    """What a terminal shows of a whole text."""
    terminal = Terminal()
    return "\n".join([*terminal.feed(text), *terminal.finish()])
