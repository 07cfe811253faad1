"""A frame as an SVG, so that the README's pictures are made by a command and show what the terminal shows. Pure."""

from xml.sax.saxutils import escape

from rich.color import Color
from rich.terminal_theme import TerminalTheme

from tui.terminal.frame import Frame
from tui.terminal.themes import style
from tui.widgets.plot import DOTS

CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 12  # pixels, for a font of 14

# What a common dark terminal makes of its sixteen colours; the other themes say their own.
NORMAL = ("#4b505c", "#ff7b72", "#7fd88f", "#e3b341", "#6cb6ff", "#d2a8ff", "#56d4dd", "#d7dae0")
BRIGHT = ("#8a919e", "#ffa096", "#a0f0af", "#fad26e", "#96cdff", "#e1c3ff", "#82ebf0", "#ffffff")


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


PALETTE = TerminalTheme(_rgb("#16181d"), _rgb("#d7dae0"), list(map(_rgb, NORMAL)), list(map(_rgb, BRIGHT)))


def svg(frame: Frame, *, theme: str = "terminal") -> str:
    """The picture of a frame."""
    width = frame.width * CELL_WIDTH + 2 * MARGIN
    height = frame.height * CELL_HEIGHT + 2 * MARGIN
    _, ground = _colours(theme, "")
    font = 'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" xml:space="preserve"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {font}>',
        f'<rect width="100%" height="100%" rx="8" fill="{ground}"/>',
    ]
    for y in range(frame.height):
        x = 0
        for text, role in frame.runs(y):
            cells = _cells(frame, y, x, text)
            parts += _run(text, role, x=x, y=y, cells=cells, theme=theme, ground=ground)
            x += cells
    return "\n".join([*parts, "</svg>", ""])


def _cells(frame: Frame, y: int, x: int, text: str) -> int:
    """How many cells of a line a run of text takes, given where it begins."""
    taken, cells = 0, 0
    while taken < len(text) or (x + cells < frame.width and frame.chars[y][x + cells] == ""):
        taken += len(frame.chars[y][x + cells])
        cells += 1
    return cells


def _run(text: str, role: str, *, x: int, y: int, cells: int, theme: str, ground: str) -> list[str]:
    ink, back = _colours(theme, role)
    left, top, wide = MARGIN + x * CELL_WIDTH, MARGIN + y * CELL_HEIGHT, cells * CELL_WIDTH
    parts = []
    if back != ground:
        parts.append(f'<rect x="{left:g}" y="{top:g}" width="{wide:g}" height="{CELL_HEIGHT}" fill="{back}"/>')
    letters = "".join(" " if _is_braille(char) else char for char in text)
    if letters.strip():
        weight = ' font-weight="bold"' if style(theme, role).bold else ""
        parts.append(
            f'<text x="{left:g}" y="{top + 14:g}" textLength="{wide:g}" lengthAdjust="spacingAndGlyphs" '
            f'fill="{ink}"{weight}>{escape(letters)}</text>'
        )
    if dots := "".join(_dots(char, left + place * CELL_WIDTH, top) for place, char in enumerate(text)):
        parts.append(f'<path fill="{ink}" d="{dots}"/>')
    return parts


def _is_braille(char: str) -> bool:
    return "\u2800" <= char <= "\u28ff"


def _dots(char: str, left: float, top: float) -> str:
    """The dots of a braille cell as squares: few fonts have them as wide as their letters."""
    bits = ord(char) - 0x2800 if _is_braille(char) else 0
    return "".join(
        f"M{left + (column + 0.5) * CELL_WIDTH / 2 - 1:.1f} {top + (row + 0.5) * CELL_HEIGHT / 4 - 1:.1f}h2v2h-2z"
        for row in range(4)
        for column in range(2)
        if bits & DOTS[row][column]
    )


def _colours(theme: str, role: str) -> tuple[str, str]:
    """Ink and ground of a role."""
    drawn = style(theme, role)
    ink = _hex(drawn.color, foreground=True)
    ground = _hex(drawn.bgcolor, foreground=False)
    return (ground, ink) if drawn.reverse else (ink, ground)


def _hex(colour: Color | None, *, foreground: bool) -> str:
    return (colour or Color.default()).get_truecolor(PALETTE, foreground=foreground).hex
