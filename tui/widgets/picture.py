"""Draws a frame as an SVG, so that a command can make the README's pictures of the terminal. Pure."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.color import Color
from rich.terminal_theme import TerminalTheme

from tui.terminal.frame import Frame
from tui.terminal.themes import style
from tui.widgets.plot import DOTS

CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 12  # pixels, for a font of 14
BASELINE = 13.5  # pixels below the top of a cell

# The sixteen colours of a common dark terminal, for the theme that uses the terminal's own.
NORMAL = ("#4b505c", "#ff7b72", "#7fd88f", "#e3b341", "#6cb6ff", "#d2a8ff", "#56d4dd", "#d7dae0")
BRIGHT = ("#8a919e", "#ffa096", "#a0f0af", "#fad26e", "#96cdff", "#e1c3ff", "#82ebf0", "#ffffff")

# Lines of a cell from its middle: left, right, up, down. Fonts leave gaps between them.
LINES = {
    "─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "┼": "lrud", "├": "rud", "━": "lr", "╍": "lr",
    "└": "ru", "┊": "ud",
}  # fmt: skip
DASHED, HEAVY = "╍┊", "━╍"
EIGHTHS = "▁▂▃▄▅▆▇█"
_WORDS = re.compile(r"\S+(?: \S+)*")


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


PALETTE = TerminalTheme(_rgb("#16181d"), _rgb("#d7dae0"), list(map(_rgb, NORMAL)), list(map(_rgb, BRIGHT)))


def svg(frame: Frame, *, theme: str = "terminal") -> str:
    """The picture of a frame."""
    width = frame.width * CELL_WIDTH + 2 * MARGIN
    height = frame.height * CELL_HEIGHT + 2 * MARGIN
    _, background = _colours(theme, "")
    font = 'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {font}>',
        f'<rect width="100%" height="100%" rx="8" fill="{background}"/>',
    ]
    for y in range(frame.height):
        x = 0
        for text, role in frame.segments(y):
            cells = _cells(frame, y, x, text)
            parts += _segment(text, role, x=x, y=y, cells=cells, theme=theme, background=background)
            x += cells
    return "\n".join([*parts, "</svg>", ""])


def _cells(frame: Frame, y: int, x: int, text: str) -> int:
    """The number of cells that the text of a segment takes, from its first cell on."""
    length, cells = 0, 0
    while length < len(text) or (x + cells < frame.width and frame.chars[y][x + cells] == ""):
        length += len(frame.chars[y][x + cells])
        cells += 1
    return cells


def _segment(text: str, role: str, *, x: int, y: int, cells: int, theme: str, background: str) -> Iterator[str]:
    """Background, words, dots and lines of a segment."""
    colour, behind = _colours(theme, role)
    left, top = MARGIN + x * CELL_WIDTH, MARGIN + y * CELL_HEIGHT
    if behind != background:
        width = cells * CELL_WIDTH
        yield f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{CELL_HEIGHT}" fill="{behind}"/>'
    weight = ' font-weight="bold"' if style(theme, role).bold else ""
    letters = "".join(" " * cell_len(char) if _is_drawn(char) else char for char in text)
    for match in _WORDS.finditer(
        letters
    ):  # spaces at the ends would be dropped, so each run of words has its own place
        start, width = cell_len(letters[: match.start()]), cell_len(match.group()) * CELL_WIDTH
        yield (
            f'<text x="{left + start * CELL_WIDTH:g}" y="{top + BASELINE:g}" textLength="{width:g}" '
            f'lengthAdjust="spacingAndGlyphs" fill="{colour}"{weight}>{escape(match.group())}</text>'
        )
    column = 0
    dots = []
    for char in text:
        if _is_drawn(char):
            place = (left + column * CELL_WIDTH, top)
            dots.append(_dots(char, *place)) if _is_braille(char) else (yield _shape(char, *place, colour=colour))
        column += cell_len(char)
    if drawn := "".join(dots):
        yield f'<path fill="{colour}" d="{drawn}"/>'


def _is_braille(char: str) -> bool:
    return "\u2800" <= char <= "\u28ff"


def _is_drawn(char: str) -> bool:
    return _is_braille(char) or char in LINES or char in EIGHTHS or char in "░▌●"


def _shape(char: str, left: float, top: float, *, colour: str) -> str:
    """A line, a block or a disc that fills its cell exactly."""
    middle, centre = left + CELL_WIDTH / 2, top + CELL_HEIGHT / 2
    if char in LINES:
        ends = {"l": f"H{left:g}", "r": f"H{left + CELL_WIDTH:g}", "u": f"V{top:g}", "d": f"V{top + CELL_HEIGHT:g}"}
        path = "".join(f"M{middle:g} {centre:g}{ends[side]}" for side in LINES[char])
        dashes = ' stroke-dasharray="2.1"' if char in DASHED else ""
        width = 2.4 if char in HEAVY else 1
        return f'<path stroke="{colour}" stroke-width="{width}"{dashes} d="{path}"/>'
    if char == "●":
        return f'<circle cx="{middle:g}" cy="{centre:g}" r="3.4" fill="{colour}"/>'
    height = CELL_HEIGHT * (EIGHTHS.index(char) + 1) / 8 if char in EIGHTHS else CELL_HEIGHT
    width = CELL_WIDTH / 2 if char == "▌" else CELL_WIDTH
    opacity = ' opacity="0.45"' if char == "░" else ""
    y = top + CELL_HEIGHT - height
    return f'<rect x="{left:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}"{opacity}/>'


def _dots(char: str, left: float, top: float) -> str:
    """The dots of a braille cell as squares, because in few fonts braille is as wide as letters."""
    bits = ord(char) - 0x2800
    return "".join(
        f"M{left + (column + 0.5) * CELL_WIDTH / 2 - 1.3:.1f} {top + (row + 0.5) * CELL_HEIGHT / 4 - 1.3:.1f}h2.6v2.6h-2.6z"
        for row in range(4)
        for column in range(2)
        if bits & DOTS[row][column]
    )


def _colours(theme: str, role: str) -> tuple[str, str]:
    """Text colour and background of a role."""
    drawn = style(theme, role)
    colour, background = _hex(drawn.color, is_text=True), _hex(drawn.bgcolor, is_text=False)
    return (background, colour) if drawn.reverse else (colour, background)


def _hex(colour: Color | None, *, is_text: bool) -> str:
    return (colour or Color.default()).get_truecolor(PALETTE, foreground=is_text).hex
