"""Diffs and source, coloured by what they are: added and removed by sign and role, Python by token. Pure."""

from functools import lru_cache

from tui.terminal.formatting import sanitize_lines
from tui.terminal.frame import Frame

StyledText = tuple[tuple[str, str], ...]
LINES = 2_000  # of a diff that are shown


@lru_cache(maxsize=16)
def diff_lines(diff: str) -> tuple[StyledText, ...]:
    """Each line of a diff as parts of (text, role)."""
    return tuple(_line(line) for line in sanitize_lines(diff.rstrip("\n"), limit=LINES))


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
    """Python's tokens with their roles."""
    from pygments.lexers.python import PythonLexer  # noqa: PLC0415 - 30 ms, and only where a diff is shown
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
    """Lines from `top` on into a box; what is cut off at the right is marked."""
    for row, parts in enumerate(lines[top : top + height]):
        stop, column = x + width, x
        for text, role in parts:
            column = frame.put(column, y + row, text[: max(0, stop - column)], role)
        if sum(len(text) for text, _ in parts) > width:
            frame.put(stop - 1, y + row, "…", "dim")
