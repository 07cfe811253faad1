"""Draws plots in braille dots (2 × 4 per cell), or in ASCII characters if the terminal has no Unicode. Pure.

This code draws 5,000 points in a few milliseconds and kilobytes; plotting libraries for terminals take 30 times as much.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import floor, log10

from msgspec import Struct

from tui.terminal.formatting import clip
from tui.terminal.frame import Frame
from tui.widgets.ticks import Tick, log_ticks, ticks

Points = Sequence[tuple[float, float]]

ARROW_LINES = 2  # from an edge, within which an arrow looks for a free cell
BOLD_LINES = 6  # of the plot, from which a line is two dots thick
DASH = 3  # dots drawn, then as many left out
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # braille bit of a dot, by row and column
LABELS, LINES_PER_LABEL = 4, 3  # of an axis
LABEL_CELLS = 12  # of the x axis per label


class Series(Struct, frozen=True, kw_only=True):
    """Points in order of x, drawn as a line, as dashes, as stairs (each value holds until the next point) or as single dots.

    A band fills the area between `points` and `upper`. `sign` replaces the dots in ASCII; `label` is painted near the last
    point. A series with a `mark` is drawn as that character at each point.
    """

    points: Points
    role: str = "curve"
    shape: str = "line"  # line, dashes, stairs, dots, band
    sign: str = "*"
    label: str = ""
    mark: str = ""
    upper: Points = ()


class Box(Struct, frozen=True, kw_only=True):
    """A part of a frame: columns and rows."""

    x: int
    y: int
    width: int
    height: int


class Axes(Struct, frozen=True, kw_only=True):
    """The range of the values, and what x counts."""

    x_min: float
    x_max: float
    y_min: float
    y_max: float
    is_log: bool = False
    x_label: str = ""

    def column(self, x: float, width: int) -> int:
        """The column of a value among `width`; beyond the edges if the value is."""
        return round((x - self.x_min) / (self.x_max - self.x_min) * (width - 1))

    def row(self, y: float, height: int) -> int:
        """The row of a value among `height`, from the top; beyond the edges if the value is."""
        if self.is_log:
            share = (log10(max(y, 1e-300)) - log10(self.y_min)) / (log10(self.y_max) - log10(self.y_min))
        else:
            share = (y - self.y_min) / (self.y_max - self.y_min)
        return floor((1 - share) * (height - 1) + 0.5)


def fit_axes(
    series: Sequence[Series],
    *,
    is_log: bool = False,
    x_label: str = "",
    x_min: float | None = None,
    x_max: float | None = None,
) -> Axes | None:
    """Axes that hold all points of lines and stairs and the given ends; dots only widen a flat range. None without points."""
    lines = [part for part in series if part.shape not in ("dots", "band")]
    points = [point for part in lines for point in part.points] or [point for part in series for point in part.points]
    if not points:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    margin = (high - low) * 0.06 or _dot_margin(low, series) or abs(high) * 0.01 or 1.0
    is_log = is_log and low > 0
    left, right = min(xs), max(xs)
    left = left if x_min is None else min(left, x_min)
    right = right if x_max is None else max(right, x_max)
    return Axes(
        x_min=left,
        x_max=right if right > left else left + 1,
        y_min=low if is_log else low - margin,
        y_max=high if is_log and high > low else high + margin,
        is_log=is_log,
        x_label=x_label,
    )


def _dot_margin(level: float, series: Sequence[Series]) -> float:
    """The margin above and below a flat line that holds the nearer half of the dots; 0 without dots."""
    distances = sorted(abs(y - level) for part in series if part.shape == "dots" for _, y in part.points if y != level)
    return 1.5 * distances[(len(distances) - 1) // 2] if distances else 0.0


def smooth(points: Points, *, weight: float) -> Points:
    """An exponential moving average with bias correction (Kingma & Ba 2015, §3)."""
    smoothed, average, norm = [], 0.0, 0.0
    for x, y in points:
        average = weight * average + (1 - weight) * y
        norm = weight * norm + (1 - weight)
        smoothed.append((x, average / norm))
    return smoothed


def paint_plot(frame: Frame, box: Box, series: Sequence[Series], axes: Axes, *, is_ascii: bool) -> Box:
    """Draw labels and series into a box, later series over earlier ones. Returns the box of the plot without its labels.

    Arrows at the edge mark dots beyond the axes.
    """
    lines = box.height - 1
    labels = _y_ticks(axes, lines)
    gutter = max((len(tick.label) for tick in labels), default=0) + 1
    plot = Box(x=box.x + gutter, y=box.y, width=box.width - gutter, height=lines)
    if plot.width < 4 or plot.height < 1:
        return plot
    for tick in labels:
        frame.put_right(plot.x - 1, plot.y + axes.row(tick.value, plot.height), tick.label, "axis")
    _label_x(frame, plot, axes)
    for part in series:
        _draw(frame, plot, part, axes, is_ascii=is_ascii)
    for part in series:
        if part.shape == "dots" and not part.mark:
            _mark_outside(frame, plot, part, axes)
    for order, part in enumerate(part for part in series if part.label and part.points):
        _paint_label(frame, plot, part, axes, order=order)
    return plot


def _y_ticks(axes: Axes, height: int) -> list[Tick]:
    """At most one label a line, with so many digits that no two read the same."""
    wanted = min(LABELS, max(2, height // LINES_PER_LABEL))
    found = (log_ticks if axes.is_log else ticks)(axes.y_min, axes.y_max, wanted)
    by_row = {axes.row(tick.value, height): tick for tick in found if 0 <= axes.row(tick.value, height) < height}
    return list(by_row.values())


def _draw(frame: Frame, plot: Box, series: Series, axes: Axes, *, is_ascii: bool) -> None:
    if series.mark:
        for x, y in series.points:
            column, row = axes.column(x, plot.width), axes.row(y, plot.height)
            if 0 <= column < plot.width and 0 <= row < plot.height:
                frame.put(plot.x + column, plot.y + row, series.mark, series.role)
    elif is_ascii:
        _draw_ascii(frame, plot, series, axes)
    else:
        _draw_braille(frame, plot, series, axes)


def _mark_outside(frame: Frame, plot: Box, series: Series, axes: Axes) -> None:
    """An arrow at the edge for each dot beyond it, or one line further inside if the cell is taken."""
    for x, y in series.points:
        column = axes.column(x, plot.width)
        if axes.y_min <= y <= axes.y_max or not 0 <= column < plot.width:
            continue
        sign, rows = ("▲", range(plot.height)) if y > axes.y_max else ("▼", range(plot.height - 1, -1, -1))
        column += plot.x
        row = next((row for row in rows[:ARROW_LINES] if frame.chars[plot.y + row][column] in (" ", sign)), rows[0])
        frame.put(column, plot.y + row, sign, series.role)


def _paint_label(frame: Frame, plot: Box, series: Series, axes: Axes, *, order: int) -> None:
    """The label on its curve; each label is further from the end than the one before, so that none hides another."""
    x, y = series.points[max(0, len(series.points) - 1 - order * len(series.points) // 12)]
    row = max(0, min(plot.height - 1, axes.row(y, plot.height)))
    column = max(0, min(plot.width - 1, axes.column(x, plot.width)))
    frame.put(plot.x + column, plot.y + row, series.label, series.role)


def _label_x(frame: Frame, plot: Box, axes: Axes) -> None:
    """The values at the ticks of x, from the left, as many as fit; what x counts stands at the right end."""
    y, stop = plot.y + plot.height, plot.x + plot.width
    if axes.x_label and plot.width > 2 * LABEL_CELLS:
        stop = frame.put_right(stop, y, clip(axes.x_label, LABEL_CELLS), "axis") - 1
    free = plot.x
    for tick in ticks(axes.x_min, axes.x_max, min(LABELS, max(2, plot.width // LABEL_CELLS))):
        x = plot.x + axes.column(tick.value, plot.width) - len(tick.label) // 2
        x = max(plot.x, x)
        if x >= free and x + len(tick.label) <= stop:
            free = frame.put(x, y, tick.label, "axis") + 1


def _dots(series: Series, axes: Axes, *, width: int, height: int, is_bold: bool) -> set[tuple[int, int]]:
    """The grid points that a series covers."""
    if series.shape == "band":
        return set(_band(series, axes, width=width, height=height))
    grid = [(axes.column(x, width), axes.row(y, height)) for x, y in series.points]
    if series.shape == "dots":
        covered = set(grid)
    else:
        covered = set(grid[-1:])
        for (x1, y1), (x2, y2) in pairwise(grid):
            covered |= _stairs(x1, y1, x2, y2) if series.shape == "stairs" else _segment(x1, y1, x2, y2)
    if is_bold and series.shape in ("line", "stairs"):
        covered |= {(x, y + 1) for x, y in covered}
    gap = DASH if series.shape == "dashes" else 0
    return {(x, y) for x, y in covered if 0 <= x < width and 0 <= y < height and (not gap or x % (2 * gap) < gap)}


def _band(series: Series, axes: Axes, *, width: int, height: int) -> Iterator[tuple[int, int]]:
    """Every fourth dot of the area between two lines over the same values of x."""
    edges = [
        (axes.column(x, width), axes.row(high, height), axes.row(low, height))
        for (x, low), (_, high) in zip(series.points, series.upper, strict=True)
    ]
    for (x1, top1, bottom1), (x2, top2, bottom2) in pairwise(edges):
        for x in range(max(0, x1), min(width, x2 + 1)):
            share = (x - x1) / (x2 - x1) if x2 > x1 else 0.0
            top, bottom = round(top1 + (top2 - top1) * share), round(bottom1 + (bottom2 - bottom1) * share)
            yield from ((x, y) for y in range(max(0, top), min(height, bottom + 1)) if (x + 2 * y) % 4 == 0)


def _segment(x1: int, y1: int, x2: int, y2: int) -> set[tuple[int, int]]:
    steps = max(abs(x2 - x1), abs(y2 - y1), 1)
    return {(round(x1 + (x2 - x1) * i / steps), round(y1 + (y2 - y1) * i / steps)) for i in range(steps + 1)}


def _stairs(x1: int, y1: int, x2: int, y2: int) -> set[tuple[int, int]]:
    return {(x, y1) for x in range(x1, x2 + 1)} | {(x2, y) for y in range(min(y1, y2), max(y1, y2) + 1)}


def _draw_braille(frame: Frame, plot: Box, series: Series, axes: Axes) -> None:
    cells: dict[tuple[int, int], int] = {}
    is_bold = plot.height >= BOLD_LINES
    for x, y in _dots(series, axes, width=plot.width * 2, height=plot.height * 4, is_bold=is_bold):
        cell = (x // 2, y // 4)
        cells[cell] = cells.get(cell, 0) | DOTS[y % 4][x % 2]
    for (x, y), bits in cells.items():
        under = ord(frame.chars[plot.y + y][plot.x + x][:1] or " ") - 0x2800
        frame.put(plot.x + x, plot.y + y, chr(0x2800 + (bits | under if 0 <= under < 256 else bits)), series.role)


def _draw_ascii(frame: Frame, plot: Box, series: Series, axes: Axes) -> None:
    for x, y in _dots(series, axes, width=plot.width, height=plot.height, is_bold=False):
        frame.put(plot.x + x, plot.y + y, series.sign, series.role)
