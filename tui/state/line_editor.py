"""Edits the line in which filters, searches, directions and queries are written. Pure."""

from msgspec.structs import replace

from tui.state.ui import InputLine
from tui.terminal.formatting import sanitize

MAX_LENGTH = 4_000  # characters; longer pasted text is cut

TITLES = {
    "filter": "filter",
    "sort": "sort by",
    "search": "search",
    "direct": "direction",
    "withdraw": "withdraw direction",
    "withdraw request": "withdraw request",
    "seek": "go to (02:14, #14, 1204, 50%)",
    "sql": "SQL",
    "save": "save query as",
    "saved": "saved queries",
    "palette": ":",
}


def insert(line: InputLine, text: str) -> InputLine:
    """Insert typed or pasted text at the caret, as visible characters of one line."""
    text = sanitize(text)[: MAX_LENGTH - len(line.text)]
    whole = line.text[: line.caret] + text + line.text[line.caret :]
    return replace(line, text=whole, caret=line.caret + len(text), selected=0)


def edit(line: InputLine, key: str) -> InputLine:
    """The line after an editing key; unchanged after any other key."""
    text, caret = line.text, line.caret
    match key:
        case "backspace":
            return replace(line, text=text[: max(0, caret - 1)] + text[caret:], caret=max(0, caret - 1), selected=0)
        case "delete":
            return replace(line, text=text[:caret] + text[caret + 1 :], selected=0)
        case "ctrl+u":
            return replace(line, text=text[caret:], caret=0, selected=0)
        case "ctrl+w":
            return _delete_word(line)
        case "left" | "right" | "home" | "end":
            carets = {"left": max(0, caret - 1), "right": min(len(text), caret + 1), "home": 0, "end": len(text)}
            return replace(line, caret=carets[key])
        case _:
            return line


def _delete_word(line: InputLine) -> InputLine:
    head = line.text[: line.caret].rstrip()
    kept = head[: head.rfind(" ") + 1]
    return replace(line, text=kept + line.text[line.caret :], caret=len(kept), selected=0)


def recall(line: InputLine, history: tuple[str, ...], *, is_older: bool) -> InputLine:
    """Replace the line by an earlier one of the history, or by a later one."""
    recalled = max(0, min(len(history), line.recalled + (1 if is_older else -1)))
    text = history[-recalled] if recalled else ""
    return replace(line, text=text, caret=len(text), recalled=recalled)
