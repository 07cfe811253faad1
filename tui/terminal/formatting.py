"""Formats values as text, and makes untrusted text safe for a terminal. Pure.

Ideas, traces, diffs, logs and SQL values all go through `sanitize` before they reach a frame or a line.
"""

import unicodedata
from collections.abc import Iterable

from rich.cells import cell_len, get_character_cell_size

STATUS_SIGN = {"keep": "✓", "discard": "·", "crash": "✗", "invalid": "!", "open": "▸"}
STATUS_ROLE = {"keep": "good", "discard": "dim", "crash": "bad", "invalid": "warn", "open": "accent"}

MARKS_PER_CELL = 2  # combining marks; no writing system stacks more
ABSENT = "–"
MANY_SIGMAS = 999.5

# Substitutes for terminals without Unicode. Any other character becomes a "?" per cell. "s" for σ would read as seconds.
_ASCII = {
    "▁": "_", "▂": "_", "▃": "-", "▄": "-", "▅": "=", "▆": "=", "▇": "#", "°": "",
    "✓": "+", "·": ".", "✗": "x", "▸": ">", "–": "-", "—": "-", "…": "~", "σ": "sd", "Δ": "d", "→": ">", "←": "<",
    "↑": "^", "↓": "v", "─": "-", "│": "|", "┼": "+", "├": "+", "┤": "+", "└": "+", "┴": "+", "┬": "+", "█": "#",
    "░": ".", "▌": ">", "●": "o", "×": "x", "≤": "<", "≥": ">", "■": "#", "▏": "|", "▼": "v", "▲": "^", "┊": ":",
    "“": '"', "”": '"', "«": "<", "»": ">", "∅": "0", "±": "+-", "√": "sqrt ",
}  # fmt: skip


def sanitize(text: str) -> str:
    """Untrusted text as one line of visible characters.

    Control characters become their pictures (␛); invisible and reordering characters (bidi, zero width, tags, surrogates)
    become their code points; line ends and tabs become spaces; at most MARKS_PER_CELL combining marks are kept. Markup stays
    as it is, because no later step parses markup.
    """
    if text.isascii() and text.isprintable():
        return text
    return _limit_marks(map(_visible, unicodedata.normalize("NFC", text)))


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


def _limit_marks(parts: Iterable[str]) -> str:
    kept, marks = [], MARKS_PER_CELL  # a mark at the start has no character to combine with
    for part in parts:
        marks = marks + 1 if get_character_cell_size(part[0]) == 0 else 0
        if marks <= MARKS_PER_CELL:
            kept.append(part)
    return "".join(kept)


def to_ascii(text: str) -> str:
    """A text for a terminal without Unicode; σ and a few other signs take more cells than before."""
    if text.isascii():
        return text
    return "".join(char if char.isascii() else _ASCII.get(char, "?" * get_character_cell_size(char)) for char in text)


def clip(text: str, width: int) -> str:
    """At most `width` cells; an ellipsis marks a cut."""
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


def pad(text: str, width: int, *, align_right: bool = False) -> str:
    """Exactly `width` cells, clipped or filled; `align_right` for numbers."""
    text = clip(text, width)
    fill = " " * (width - cell_len(text))
    return fill + text if align_right else text + fill


def wrap(text: str, width: int, *, limit: int | None = None) -> list[str]:
    """Lines of at most `width` cells, broken at spaces if possible; `limit` clips the rest into the last line."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        while cell_len(joined) > width:
            head = line or prefix(joined, width) or joined[:1]
            joined = word if line else joined[len(head) :]
            lines.append(head)
            line = ""
        line = joined
    lines.append(line)
    if limit is not None and len(lines) > limit:
        return [*lines[: limit - 1], clip(" ".join(lines[limit - 1 :]), width)]
    return lines


def prefix(text: str, width: int) -> str:
    """The longest beginning of at most `width` cells."""
    used = 0
    for index, char in enumerate(text):
        used += get_character_cell_size(char)
        if used > width:
            return text[:index]
    return text


def number(value: float | None, *, digits: int = 4) -> str:
    """A metric or loss."""
    if value is None:
        return ABSENT
    if 0 < abs(value) < 0.5 * 10**-digits:
        return f"{value:.1e}"
    return f"{value:.{digits}f}" if abs(value) < 10_000 else f"{value:.4g}"


def percent_change(value: float, reference: float) -> str:
    """How much a value differs from a reference that is not 0."""
    return f"{(value - reference) / abs(reference):+.1%}"


def signed(value: float | None, *, digits: int = 4) -> str:
    """A difference, always with its sign."""
    return ABSENT if value is None else f"{value:+.{digits}f}"


def sigmas(value: float | None) -> str:
    """A gain in units of the noise; beyond 999σ, where the noise is next to none, without digits."""
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
    """Two units at most, rounded: 4.2 s, 41 s, 4m 05s, 2h 07m, 3d 04h."""
    if seconds is None:
        return ABSENT
    seconds = max(0.0, seconds)
    if round(seconds, 1) < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    if round(seconds) < 60:
        return f"{round(seconds)} s"
    for unit, small, size, part in (("m", "s", 60, 1), ("h", "m", 3_600, 60)):
        whole = round(seconds / part)
        if whole * part < size * (60 if unit == "m" else 24):
            return f"{whole * part // size}{unit} {whole * part % size // part:02d}{small}"
    hours = round(seconds / 3_600)
    return f"{hours // 24}d {hours % 24:02d}h"


def percent(value: float | None) -> str:
    """A share; 100 % only if nothing is missing, and 0 % only if there is nothing."""
    if value is None:
        return ABSENT
    return f"{min(max(value, 0.01), 0.99) if 0 < value < 1 else value:.0%}"


def clock(iso: str | None) -> str:
    """The time of day of an ISO time, as recorded (UTC)."""
    return iso[11:19] if iso and len(iso) >= 19 else ABSENT
