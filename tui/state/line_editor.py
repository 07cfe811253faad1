"""The line in which filters, searches, directions and queries are written. Pure."""

from msgspec.structs import replace

from journal.projections.tables import TABLES
from tui.state.ui import InputLine
from tui.terminal.formatting import sanitize

LONGEST = 4_000  # characters; what is pasted beyond is cut

TITLES = {
    "filter": "filter",
    "sort": "sort by",
    "search": "search",
    "direct": "direction",
    "withdraw": "withdraw direction number",
    "seek": "go to (02:14, #14, 1204, 50%)",
    "sql": "SQL",
    "save": "save query as",
    "saved": "saved queries",
    "palette": ":",
}

WORDS = (
    *("SELECT", "FROM", "WHERE", "ORDER BY", "GROUP BY", "LIMIT", "COUNT(*)", "DESC", "DISTINCT", "HAVING", "MATCH"),
    "events",
    "samples",
    *dict.fromkeys(word for table in TABLES for word in (table.name, *(column.name for column in table.columns))),
)


def insert(prompt: InputLine, text: str) -> InputLine:
    """Typed or pasted text, at the caret, as one visible line."""
    text = sanitize(text)[: LONGEST - len(prompt.text)]
    whole = prompt.text[: prompt.caret] + text + prompt.text[prompt.caret :]
    return replace(prompt, text=whole, caret=prompt.caret + len(text), chosen=0)


def edit(prompt: InputLine, key: str) -> InputLine:
    """The prompt after an editing key; unchanged for any other."""
    text, caret = prompt.text, prompt.caret
    match key:
        case "backspace":
            return replace(prompt, text=text[: max(0, caret - 1)] + text[caret:], caret=max(0, caret - 1), chosen=0)
        case "delete":
            return replace(prompt, text=text[:caret] + text[caret + 1 :], chosen=0)
        case "ctrl+u":
            return replace(prompt, text=text[caret:], caret=0, chosen=0)
        case "ctrl+w":
            return _cut_word(prompt)
        case "left" | "right" | "home" | "end":
            return replace(prompt, caret=_moved(key, caret, len(text)))
        case _:
            return prompt


def _moved(key: str, caret: int, length: int) -> int:
    places = {"left": max(0, caret - 1), "right": min(length, caret + 1), "home": 0, "end": length}
    return places[key]


def _cut_word(prompt: InputLine) -> InputLine:
    head = prompt.text[: prompt.caret].rstrip()
    kept = head[: head.rfind(" ") + 1]
    return replace(prompt, text=kept + prompt.text[prompt.caret :], caret=len(kept), chosen=0)


def completions(prompt: InputLine) -> list[str]:
    """Tables, columns and words of SQL that begin with what stands before the caret."""
    start = _word_start(prompt)
    begun = prompt.text[start : prompt.caret].lower()
    return [word for word in WORDS if word.lower().startswith(begun) and word.lower() != begun] if begun else []


def complete(prompt: InputLine) -> InputLine:
    """Fill in the first completion."""
    found = completions(prompt)
    if not found:
        return prompt
    start = _word_start(prompt)
    text = prompt.text[:start] + found[0] + prompt.text[prompt.caret :]
    return replace(prompt, text=text, caret=start + len(found[0]))


def _word_start(prompt: InputLine) -> int:
    start = prompt.caret
    while start and (prompt.text[start - 1].isalnum() or prompt.text[start - 1] in "_*()"):
        start -= 1
    return start


def recall(prompt: InputLine, history: tuple[str, ...], *, older: bool) -> InputLine:
    """An earlier line in place of this one; the newest is first back."""
    recalled = max(0, min(len(history), prompt.recalled + (1 if older else -1)))
    text = history[-recalled] if recalled else ""
    return replace(prompt, text=text, caret=len(text), recalled=recalled)
