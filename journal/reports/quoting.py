"""Text of models, logs and people as data in a prompt or in Markdown. Pure."""

import unicodedata

_ESCAPES = str.maketrans({"<": "‹", ">": "›", "`": "'", '"': "'", "|": "¦", "[": "(", "]": ")", "#": "♯", "\\": "/"})
_WITH_BRACKETS = {code: other for code, other in _ESCAPES.items() if chr(code) not in "[]"}


def quote(text: str, limit: int, *, marks: bool = True, keeps_brackets: bool = False) -> str:
    """The text as one line of at most `limit` characters, in quotation marks unless `marks` is False.

    It cannot end the quotation, close an HTML comment, open a code fence, or begin a line. Prompts and Markdown need this
    escaping, a terminal needs `journal.console.text.strip_controls`, and the screen needs `tui.terminal.formatting.sanitize`.
    """
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text[: 8 * limit])
    line = " ".join(visible.translate(_WITH_BRACKETS if keeps_brackets else _ESCAPES).split())
    clipped = line if len(line) <= limit else line[: limit - 1] + "…"
    return f'"{clipped}"' if marks else clipped
