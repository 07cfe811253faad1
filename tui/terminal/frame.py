"""A frame: a grid of cells, each a text of one cell and a role. What every screen paints and every test reads. Pure.

A role is a word, or words, of `tui.terminal.themes`: what a cell means, never which colour it has.
"""

from collections.abc import Iterator

from rich.cells import get_character_cell_size

from tui.terminal.formatting import to_ascii

WIDE = ""  # the cell behind a character two cells wide


class Frame:
    """Cells of one screen, `width` × `height`."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.chars = [[" "] * width for _ in range(height)]
        self.roles = [[""] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, role: str = "") -> int:
        """Write sanitized text from (x, y), cut at the right edge; the column after it."""
        if not 0 <= y < self.height:
            return x
        chars, roles = self.chars[y], self.roles[y]
        for char in text:
            size = get_character_cell_size(char)
            if size == 0:
                if 0 < x <= self.width and chars[x - 1]:
                    chars[x - 1] += char
                continue
            if x + size > self.width:
                break
            chars[x], roles[x] = char, role
            if size == 2:
                chars[x + 1], roles[x + 1] = WIDE, role
            x += size
        return x

    def put_right(self, x_end: int, y: int, text: str, role: str = "") -> int:
        """Write text that ends before `x_end`; the column where it starts."""
        start = x_end - sum(map(get_character_cell_size, text))
        self.put(start, y, text, role)
        return start

    def spans(self, x: int, y: int, *parts: tuple[str, str]) -> int:
        """Write parts of (text, role) one behind the other."""
        for text, role in parts:
            x = self.put(x, y, text, role)
        return x

    def rule(self, y: int, title: str = "", *, x: int = 0, width: int | None = None, role: str = "rule") -> None:
        """A horizontal line with a title in it."""
        width = self.width - x if width is None else width
        self.put(x, y, "─" * width, role)
        if title:
            self.put(x + 1, y, f" {title} ", "title")

    def mark(self, y: int, role: str, *, x: int = 0, width: int | None = None) -> None:
        """Add a role to a stretch of a line, e.g. the cursor to a row."""
        if 0 <= y < self.height:
            stop = self.width if width is None else min(self.width, x + width)
            for column in range(x, stop):
                self.roles[y][column] = f"{self.roles[y][column]} {role}".strip()

    def clear(self, y: int, *, x: int = 0, width: int | None = None, height: int = 1) -> None:
        """Blank a box, for what is laid over it."""
        stop = self.width if width is None else min(self.width, x + width)
        for row in range(y, min(self.height, y + height)):
            self.chars[row][x:stop] = [" "] * (stop - x)
            self.roles[row][x:stop] = [""] * (stop - x)

    def make_ascii(self) -> None:
        """Replace what a terminal without Unicode cannot show."""
        for row in self.chars:
            for x, char in enumerate(row):
                if char and not char.isascii():
                    row[x] = to_ascii(char)
                elif not char:
                    row[x] = "?"

    def runs(self, y: int, *, cuts: tuple[int, ...] = ()) -> Iterator[tuple[str, str]]:
        """A line as (text, role), one per stretch of equal role, also divided at the columns `cuts`."""
        chars, roles = self.chars[y], self.roles[y]
        start = 0
        for x in range(1, self.width + 1):
            if x == self.width or roles[x] != roles[start] or x in cuts:
                yield "".join(chars[start:x]), roles[start]
                start = x

    def text(self) -> str:
        """The frame as plain lines, for tests and for terminals too small for a screen."""
        return "\n".join("".join(row).rstrip() for row in self.chars)


def changed(before: Frame, after: Frame) -> Iterator[tuple[int, int, int]]:
    """Where two frames of one size differ: (y, first column, column after the last), one stretch per gap of equal cells.

    Gaps shorter than a cursor move (about eight bytes) are bridged.
    """
    for y in range(after.height):
        if before.chars[y] == after.chars[y] and before.roles[y] == after.roles[y]:
            continue
        yield from _stretches(before, after, y)


BRIDGE = 8  # cells


def _stretches(before: Frame, after: Frame, y: int) -> Iterator[tuple[int, int, int]]:
    new, new_roles = after.chars[y], after.roles[y]
    old, old_roles = before.chars[y], before.roles[y]
    start = end = -1
    for x in range(after.width):
        if old[x] == new[x] and old_roles[x] == new_roles[x]:
            continue
        if start >= 0 and x - end > BRIDGE:
            yield y, start, end
            start = -1
        if start < 0:
            start = x - 1 if new[x] == WIDE and x else x  # a wide character is drawn whole
        end = x + 1
    yield y, start, end
