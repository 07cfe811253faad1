"""Text made safe for a terminal. Pure.

Ideas, traces and reasons come from models and from training output, and may hold characters that move the cursor, set the
clipboard, reorder a line or hide words.
"""

import json
import re

# Controls (C0, C1), format characters (zero width, bidirectional, soft hyphen), line separators, halves of surrogate pairs,
# and the whole plane of tags and selectors (U+E0000…), in which text hides from people; newline and tab stay
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def strip_controls(text: str) -> str:
    """The text without characters that control a terminal."""
    return _UNSAFE.sub("", text)


def escape_controls(text: str) -> str:
    r"""The text with each character that controls a terminal as its code, such as `\x1b` or `\u202e`."""
    return _UNSAFE.sub(lambda match: _code(ord(match[0])), text)


def escape_controls_in_json(text: str) -> str:
    r"""The same JSON with each such character as an escape of JSON, such as `\u202e`, so that it stays valid."""
    return _UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], text)


def one_line(text: str, *, width: int = 100) -> str:
    """The text on one line of at most `width` characters, without characters that control a terminal."""
    line = " ".join(strip_controls(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _code(point: int) -> str:
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
