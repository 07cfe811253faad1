"""Foreign text as data: words of models, logs and people, made harmless for a prompt and for Markdown. Pure."""

import unicodedata

_ESCAPES = str.maketrans({"<": "‹", ">": "›", "`": "'", '"': "'", "|": "¦", "[": "(", "]": ")", "#": "♯", "\\": "/"})
_TIDY = frozenset("_.-+*:/()[], '")


def quote(text: str, most: int) -> str:
    """One line in quotation marks, at most so many characters: no markup, no control or invisible characters in it.

    It cannot end the quotation, close an HTML comment, open a code fence, or begin a line of its own.
    """
    visible = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text[: 8 * most])
    flat = " ".join(visible.translate(_ESCAPES).split())
    return f'"{flat if len(flat) <= most else flat[: most - 1] + "…"}"'


def plain(source: str, most: int = 48) -> str:
    """A name or a literal without quotation marks: letters, digits and the signs of a literal alone."""
    kept = "".join(sign for sign in source[: 4 * most] if (sign.isascii() and sign.isalnum()) or sign in _TIDY)
    return " ".join(kept.split())[:most]
