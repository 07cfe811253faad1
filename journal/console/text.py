"""Text made safe for a terminal. Pure.

Ideas, traces and reasons come from models and from training output: `plain` strips what could command a terminal.
"""

import re

# C0 and C1 controls, zero-width and bidirectional marks; newline and tab stay
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def plain(text: str) -> str:
    """The text without anything that a terminal would obey."""
    return _UNSAFE.sub("", text)


def one_line(text: str, *, width: int = 100) -> str:
    """The text on one line of at most `width` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"
