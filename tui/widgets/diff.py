"""Paints diffs: added and removed lines by sign and role, Python code by token. Pure."""

from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len

from tui.terminal.formatting import count, prefix, sanitize_lines
from tui.terminal.frame import Frame
from tui.widgets.styled import paint_styled

StyledText = tuple[tuple[str, str], ...]
MAX_LINES = 2_000


@lru_cache(maxsize=16)
def diff_lines(diff: str) -> tuple[StyledText, ...]:
    """The lines of a diff, each as parts of (text, role); the last one says how many were cut."""
    text = diff.rstrip("\n")
    lines = [_line(line) for line in sanitize_lines(text, limit=MAX_LINES)]
    if (cut := text.count("\n") + 1 - MAX_LINES) > 0:
        lines.append(((f"{count(cut)} more lines are not shown", "warn"),))
    return tuple(lines)


@lru_cache(maxsize=8)
def wrap_lines(lines: tuple[StyledText, ...], width: int) -> tuple[StyledText, ...]:
    """Lines broken at a width, so that nothing of them is cut."""
    return tuple(part for line in lines for part in _wrap_line(line, max(1, width)))


def _wrap_line(line: StyledText, width: int) -> Iterator[StyledText]:
    parts: list[tuple[str, str]] = []
    room = width
    for text, role in line:
        rest = text
        while cell_len(rest) > room:
            head = prefix(rest, room)
            if not head:
                if not parts:
                    break  # a character wider than the line
            else:
                parts.append((head, role))
                rest = rest[len(head) :]
            yield tuple(parts)
            parts, room = [], width
        parts.append((rest, role))
        room -= cell_len(rest)
    yield tuple(parts)


def _line(line: str) -> StyledText:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return ((line, "strong"),)
    if line.startswith("@@"):
        return ((line, "hunk"),)
    if line.startswith("+"):
        return (("+", "added"), *((text, f"added {role}".strip()) for text, role in _tokens(line[1:])))
    if line.startswith("-"):
        return (("-", "removed"), *((text, "removed") for text, _ in _tokens(line[1:])))
    return tuple(_tokens(line))


def _tokens(code: str) -> list[tuple[str, str]]:
    """Python tokens with their roles."""
    from pygments.lexers.python import PythonLexer  # noqa: PLC0415 - takes 30 ms, only if a diff is shown
    from pygments.token import Comment, Keyword, Number, String  # noqa: PLC0415

    roles = ((Keyword, "code_keyword"), (String, "code_string"), (Number, "code_number"), (Comment, "code_comment"))
    parts = []
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(code):
        role = next((name for family, name in roles if kind in family), "")
        parts.append((text.replace("\n", ""), role))
    return parts


def paint_lines(
    frame: Frame, y: int, lines: tuple[StyledText, ...], *, top: int, x: int, width: int, height: int
) -> None:
    """Paint lines from `top` on into a box; an ellipsis marks a cut at the right."""
    for row, parts in enumerate(lines[top : top + height]):
        paint_styled(frame, x, y + row, parts, width=width)
