"""A frame: a grid of cells, each with a character and a role. Screens paint frames, and tests read them. Pure.

A role is one or more words of `tui.terminal.themes`: the meaning of a cell, from which the theme makes its colour.
"""

from collections.abc import Iterator

from rich.cells import cell_len, get_character_cell_size

from tui.terminal.formatting import to_ascii

WIDE = ""  # the second cell of a character that is two cells wide
Action = tuple[str, str | int]  # what a click does: (kind, argument), which `tui.state.mouse` carries out
Target = tuple[int, int, int, Action]  # x, y, width, action

MAX_GAP = 8  # equal cells within a changed span


class Frame:
    """Cells of one screen, `width` × `height`; if `is_ascii`, text is written in ASCII characters."""

    def __init__(self, width: int, height: int, *, is_ascii: bool = False) -> None:
        self.width, self.height, self.is_ascii = width, height, is_ascii
        self.chars = [[" "] * width for _ in range(height)]
        self.roles = [[""] * width for _ in range(height)]
        self.targets: list[Target] = []  # what a click does; of overlapping targets the last one counts

    def put(self, x: int, y: int, text: str, role: str = "") -> int:
        """Write sanitized text at (x, y), cut at the right edge. Returns the column after it."""
        if not 0 <= y < self.height:
            return x
        chars, roles = self.chars[y], self.roles[y]
        for char in self.plain(text):
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
        """Write text that ends before `x_end`. Returns the column of its start."""
        text = self.plain(text)
        start = x_end - cell_len(text)
        self.put(start, y, text, role)
        return start

    def plain(self, text: str) -> str:
        """The text as it is written, which in ASCII may take more cells."""
        return to_ascii(text) if self.is_ascii else text

    def put_parts(self, x: int, y: int, *parts: tuple[str, str]) -> int:
        """Write parts of (text, role) one after the other. Returns the column after them."""
        for text, role in parts:
            x = self.put(x, y, text, role)
        return x

    def rule(self, y: int, title: str = "", *, x: int = 0, width: int | None = None) -> None:
        """A horizontal line with a title in it."""
        width = self.width - x if width is None else width
        self.put(x, y, "─" * width, "rule")
        if title:
            self.put(x + 1, y, f" {title} ", "title")

    def add_role(self, y: int, role: str, *, x: int = 0, width: int | None = None) -> None:
        """Add a role to a part of a line, e.g. `cursor` to a row."""
        if 0 <= y < self.height:
            stop = self.width if width is None else min(self.width, x + width)
            for column in range(x, stop):
                self.roles[y][column] = f"{self.roles[y][column]} {role}".strip()

    def add_target(self, x: int, y: int, width: int, action: Action) -> None:
        """Let a click on a part of a line do something."""
        self.targets.append((x, y, width, action))

    def target_at(self, x: int, y: int) -> Action | None:
        """What a click on a cell does."""
        found = (
            action for left, line, width, action in reversed(self.targets) if line == y and left <= x < left + width
        )
        return next(found, None)

    def paste(self, other: "Frame", *, y: int) -> None:
        """Copy the lines of a frame of the same width to the lines from y on."""
        self.chars[y : y + other.height] = other.chars
        self.roles[y : y + other.height] = other.roles
        self.targets += [(x, line + y, width, action) for x, line, width, action in other.targets]

    def clear(self, y: int, *, height: int = 1) -> None:
        """Blank lines, before an overlay is painted there."""
        for row in range(y, min(self.height, y + height)):
            self.chars[row], self.roles[row] = [" "] * self.width, [""] * self.width

    def segments(self, y: int, *, start: int = 0, stop: int | None = None) -> Iterator[tuple[str, str]]:
        """A line, or the columns from `start` to before `stop`, as segments (text, role) of equal role."""
        chars, roles = self.chars[y], self.roles[y]
        stop = self.width if stop is None else stop
        for x in range(start + 1, stop + 1):
            if x == stop or roles[x] != roles[start]:
                yield "".join(chars[start:x]), roles[start]
                start = x

    def text(self) -> str:
        """The frame as plain lines."""
        return "\n".join("".join(row).rstrip() for row in self.chars)


def changed_spans(before: Frame, after: Frame) -> Iterator[tuple[int, int, int]]:
    """The spans of cells in which two frames of the same size differ: (y, first column, column after the last).

    A span also covers gaps of up to MAX_GAP equal cells: moving the cursor costs about eight bytes.
    """
    for y in range(after.height):
        if before.chars[y] == after.chars[y] and before.roles[y] == after.roles[y]:
            continue
        yield from _changed_spans(before, after, y)


def _changed_spans(before: Frame, after: Frame, y: int) -> Iterator[tuple[int, int, int]]:
    new, new_roles = after.chars[y], after.roles[y]
    old, old_roles = before.chars[y], before.roles[y]
    start = end = -1
    for x in range(after.width):
        if old[x] == new[x] and old_roles[x] == new_roles[x]:
            continue
        if start >= 0 and x - end > MAX_GAP:
            yield y, start, end
            start = -1
        if start < 0:
            start = x - 1 if new[x] == WIDE and x else x  # a wide character is redrawn with both its cells
        end = x + 1
    yield y, start, end
