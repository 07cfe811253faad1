"""Values to text for people, and untrusted text to something a terminal can be shown. Pure.

`sanitize` is the one gate: ideas, traces, diffs, logs and SQL values pass it before they reach a frame or a line.
"""

import unicodedata
from collections.abc import Iterable

from rich.cells import cell_len, get_character_cell_size

STATUS_SIGN = {"keep": "✓", "discard": "·", "crash": "✗", "invalid": "!", "open": "▸"}
STATUS_ROLE = {"keep": "good", "discard": "dim", "crash": "bad", "invalid": "warn", "open": "accent"}

MARKS_PER_CELL = 2  # combining marks beyond this are an attack on the eye, not writing
ABSENT = "–"
MANY_SIGMAS = 999.5

# What a terminal without Unicode sees. Anything else that is not ASCII becomes "?".
_ASCII = {
    "✓": "+", "·": ".", "✗": "x", "▸": ">", "–": "-", "—": "-", "…": "~", "σ": "s", "Δ": "d", "→": ">", "←": "<",
    "↑": "^", "↓": "v", "─": "-", "│": "|", "┼": "+", "├": "+", "┤": "+", "└": "+", "┴": "+", "┬": "+", "█": "#",
    "░": ".", "▌": ">", "●": "o", "×": "x", "≤": "<", "≥": ">", "■": "#", "▏": "|", "▼": "v", "▲": "^", "┊": ":",
}  # fmt: skip


def sanitize(text: str) -> str:
    """Untrusted text as one line of visible characters.

    Control characters become their pictures (␛), invisible and reordering ones (bidi, zero width, tags, surrogates) their
    code points, line ends and tabs a space; combining marks are kept while they could be writing. Markup is not touched:
    nothing downstream parses any.
    """
    if text.isascii() and text.isprintable():
        return text
    return _cap_marks(map(_visible, unicodedata.normalize("NFC", text)))


def sanitize_lines(text: str, *, limit: int | None = None) -> list[str]:
    """Untrusted text as lines, each sanitized; tabs become four spaces. `limit` keeps the first lines only."""
    lines = text.replace("\r\n", "\n").split("\n")
    return [sanitize(line.replace("\t", "    ")) for line in lines[:limit]]


def _visible(char: str) -> str:
    code = ord(char)
    if char.isprintable():
        return char
    if char in "\n\r\t\v\f":
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return " " if unicodedata.category(char) == "Zs" else f"<U+{code:04X}>"


def _cap_marks(parts: Iterable[str]) -> str:
    kept, marks = [], MARKS_PER_CELL  # a mark with nothing before it has nothing to stand on
    for part in parts:
        marks = marks + 1 if get_character_cell_size(part[0]) == 0 else 0
        if marks <= MARKS_PER_CELL:
            kept.append(part)
    return "".join(kept)


def to_ascii(char: str) -> str:
    """One cell's text for a terminal without Unicode."""
    return char if char.isascii() else _ASCII.get(char, "?")


def clip(text: str, width: int) -> str:
    """At most `width` cells; what was cut is shown by an ellipsis."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    cut, used = [], 0
    for char in text:
        used += get_character_cell_size(char)
        if used > width - 1:
            break
        cut.append(char)
    return "".join(cut) + "…"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` cells, clipped or filled; numbers stand on the `right`."""
    text = clip(text, width)
    fill = " " * (width - cell_len(text))
    return fill + text if right else text + fill


def wrap(text: str, width: int, *, limit: int | None = None) -> list[str]:
    """Lines of at most `width` cells, broken at spaces where there are any; past `limit` the last line is clipped."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        while cell_len(joined) > width:
            head, joined = (line, word) if line else (_prefix(joined, width), joined[len(_prefix(joined, width)) :])
            lines.append(head)
            line = ""
        line = joined
    lines.append(line)
    if limit is not None and len(lines) > limit:
        return [*lines[: limit - 1], clip(" ".join(lines[limit - 1 :]), width)]
    return lines


def _prefix(text: str, width: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += get_character_cell_size(char)
        if used > width:
            return text[: max(index, 1)]
    return text


def number(value: float | None, *, digits: int = 4) -> str:
    """A metric or loss."""
    if value is None:
        return ABSENT
    if 0 < abs(value) < 0.5 * 10**-digits:
        return f"{value:.1e}"
    return f"{value:.{digits}f}" if abs(value) < 10_000 else f"{value:.4g}"


def signed(value: float | None, *, digits: int = 4) -> str:
    """A difference, always with its sign."""
    return ABSENT if value is None else f"{value:+.{digits}f}"


def sigmas(value: float | None) -> str:
    """A gain in units of the noise; where the noise is next to none, only that it is huge."""
    if value is None:
        return ABSENT
    return f"{value:+.1f}σ" if abs(value) < MANY_SIGMAS else f"{'+' if value > 0 else '-'}>999σ"


def count(value: int) -> str:
    return f"{value:,}"


def rate(value: float | None) -> str:
    """Tokens per second."""
    if value is None:
        return ABSENT
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.1f}{unit}"
    return f"{value:.0f}"


def memory(value: float | None) -> str:
    """Bytes."""
    if value is None:
        return ABSENT
    for limit, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if value >= limit:
            return f"{value / limit:.{1 if value < 10 * limit else 0}f} {unit}"
    return f"{value:.0f} B"


def dollars(value: float | None) -> str:
    return "$?" if value is None else f"${value:.2f}"


def duration(seconds: float | None) -> str:
    """Two units at most: 41 s, 4m 05s, 2h 07m, 3d 04h."""
    if seconds is None:
        return ABSENT
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    for unit, small, size, part in (("m", "s", 60, 1), ("h", "m", 3_600, 60), ("d", "h", 86_400, 3_600)):
        if unit == "d" or whole < size * (60 if unit == "m" else 24):
            return f"{whole // size}{unit} {whole % size // part:02d}{small}"
    return ABSENT


def percent(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.0%}"


def clock(iso: str | None) -> str:
    """The time of day of an ISO time, as recorded (UTC)."""
    return iso[11:19] if iso and len(iso) >= 19 else ABSENT
