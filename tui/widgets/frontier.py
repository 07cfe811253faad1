"""The frontier: the incumbent's metric over the experiments, its noise, what was kept, discarded and crashed. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace
from rich.cells import cell_len

from tui.model.columns import downsample
from tui.model.incumbents import Incumbent
from tui.model.view import View
from tui.state.ui import PlotUi
from tui.terminal.formatting import STATUS_SIGN, count, number
from tui.terminal.frame import Frame
from tui.widgets.curves import POINTS_PER_COLUMN, paint_crosshair, paint_reading
from tui.widgets.plot import Axes, Box, Series, fit_axes, paint_plot

MAX_PARALLEL = 64  # proposals among the last of which the highest number is, in whatever order they came
SHOWN_SHARE = 0.75  # of the measured experiments that are not kept, which the axis holds; arrows mark the others
MAX_STRETCH = 3.0  # times the range of the frontier or 8σ, to which the axis grows for them
NOISE_RANGE = 8.0


def frontier_title(ui: PlotUi) -> list[tuple[str, str]]:
    """The name of the plot and what its signs are."""
    last = f", last {ui.last:,}" if ui.last else ""
    return [(f"frontier{last}", "title"), ("  ● kept", "good"), ("  · discarded", "dim"), ("  ░ ±1σ", "band")]


def paint_frontier(frame: Frame, box: Box, *, view: View, ui: PlotUi, is_ascii: bool = False) -> None:
    """The incumbents as stairs in a band of σ, kept experiments marked, the others as dots, crashes along the lower edge."""
    incumbents = view.incumbents(limit=POINTS_PER_COLUMN * box.width)
    if not incumbents:
        frame.put(box.x + 1, box.y + box.height // 2, "no kept experiment yet", "dim")
        return
    rows, last = view.rows, _last_number(view, incumbents)
    first = max(0, last - ui.last) if ui.last else 0
    stairs = _stairs(incumbents, first=first, last=last)
    dots = _dots(view, rows[-ui.last :] if ui.last else rows, limit=POINTS_PER_COLUMN * box.width)
    session = view.session
    sigma = session.sigma if session and session.sigma else 0.0
    series = [
        Series(points=dots, role="dim", shape="dots", sign="."),
        *_band(stairs, sigma),
        Series(points=stairs, role="good", shape="stairs", sign="#"),
    ]
    axes = _axes(series, dots, ui, sigma=sigma, first=first, last=last, width=box.width)
    plot = paint_plot(frame, box, series, axes, is_ascii=is_ascii)
    _mark_keeps(frame, plot, axes, incumbents, best=incumbents[-1])
    _mark_crashes(frame, plot, axes, view, first=first)
    if (x := paint_crosshair(frame, plot, axes, ui)) is not None:
        _paint_values(frame, plot, incumbents, x)


def _last_number(view: View, incumbents: Sequence[Incumbent]) -> int:
    numbers = (view.ledger.number[row] for row in view.rows[-MAX_PARALLEL:])
    return max(incumbents[-1].since, *numbers)


def _stairs(incumbents: Sequence[Incumbent], *, first: int, last: int) -> list[tuple[float, float]]:
    """The steps from the experiment `first` on; the incumbent of that time is the first of them."""
    before = [incumbent for incumbent in incumbents if incumbent.since <= first][-1:]
    shown = [*before, *(incumbent for incumbent in incumbents if incumbent.since > first)]
    points = [(float(max(first, incumbent.since)), incumbent.metric or 0.0) for incumbent in shown]
    return [*points, (float(last), points[-1][1])]


def _dots(view: View, rows: Sequence[int], *, limit: int) -> list[tuple[float, float]]:
    """The measured experiments, evenly thinned."""
    sample = rows[:: max(1, len(rows) // limit)]
    metrics = ((float(view.ledger.number[row]), view.measurement("metric", row)) for row in sample)
    return [(x, metric) for x, metric in metrics if metric is not None]


def _band(stairs: Sequence[tuple[float, float]], sigma: float) -> list[Series]:
    if not sigma:
        return []
    corners = [stairs[0]]
    for x, y in stairs[1:]:
        corners += [(x, corners[-1][1]), (x, y)]
    lower, upper = [(x, y - sigma) for x, y in corners], [(x, y + sigma) for x, y in corners]
    return [Series(points=lower, upper=upper, role="band", shape="band", sign=":")]


def _axes(
    series: Sequence[Series],
    dots: Sequence[tuple[float, float]],
    ui: PlotUi,
    *,
    sigma: float,
    first: int,
    last: int,
    width: int,
) -> Axes:
    """Axes that hold the frontier and most of the dots near it."""
    label = "experiment" if width > 30 else ""
    axes = fit_axes(series, is_log=ui.is_log, x_label=label, x_min=float(first), x_max=float(last))
    assert axes is not None
    span = max(axes.y_max - axes.y_min, NOISE_RANGE * sigma)
    centre = (axes.y_max + axes.y_min) / 2
    distances = sorted(abs(y - centre) for _, y in dots)
    reach = distances[int(SHOWN_SHARE * (len(distances) - 1))] * 1.05 if distances else 0.0
    reach = max(span / 2, min(reach, MAX_STRETCH * span / 2))
    near = [y for _, y in dots if abs(y - centre) <= reach]
    low, high = min([axes.y_min, *near]), max([axes.y_max, *near])
    return axes if axes.is_log else replace(axes, y_min=low, y_max=high)


def _mark_keeps(frame: Frame, plot: Box, axes: Axes, incumbents: Sequence[Incumbent], *, best: Incumbent) -> None:
    """A mark for each, and labels where they fit; the best has its label first, and its value in it."""
    if plot.width < 4 or plot.height < 1:
        return
    spots = []
    for incumbent in incumbents:
        column, row = axes.column(incumbent.since, plot.width), axes.row(incumbent.metric or 0.0, plot.height)
        if 0 <= column < plot.width and 0 <= row < plot.height:
            frame.put(plot.x + column, plot.y + row, "●", "good")
            spots.append((incumbent, plot.x + column, plot.y + row))
    for incumbent, x, y in reversed(spots):
        text = f"#{incumbent.number} {number(incumbent.metric)}" if incumbent is best else f"#{incumbent.number}"
        _put_label(frame, plot, text, x, y, role="verdict" if incumbent is best else "dim")


def _put_label(frame: Frame, plot: Box, text: str, x: int, y: int, *, role: str) -> None:
    """Beside the mark, on the first place with room for it: above right, above left, below."""
    width = cell_len(text)
    for left, line in ((x + 1, y - 1), (x - width, y - 1), (x + 1, y + 1), (x - width, y + 1)):
        has_room = plot.x <= left and left + width <= plot.x + plot.width and plot.y <= line < plot.y + plot.height
        if has_room and not any(_is_text(char) for char in frame.chars[line][max(0, left - 1) : left + width + 1]):
            frame.put(left, line, text, role)
            return


def _is_text(char: str) -> bool:
    """Whether a cell holds more than dots of the band, the discards or nothing."""
    return char != " " and not "\u2800" <= char <= "\u28ff" and char not in ".:"


def _mark_crashes(frame: Frame, plot: Box, axes: Axes, view: View, *, first: int) -> None:
    """A sign on the lower edge for each column with a crash."""
    if plot.height < 3:
        return
    for row in downsample(view.crashed_rows, limit=POINTS_PER_COLUMN * plot.width):
        number_of = view.ledger.number[row]
        column = axes.column(number_of, plot.width)
        if number_of >= first and 0 <= column < plot.width:
            frame.put(plot.x + column, plot.y + plot.height - 1, STATUS_SIGN["crash"], "bad")


def _paint_values(frame: Frame, plot: Box, incumbents: Sequence[Incumbent], x: float) -> None:
    incumbent = next((incumbent for incumbent in reversed(incumbents) if incumbent.since <= x), None)
    if incumbent is not None:
        paint_reading(frame, plot, f"#{count(round(x))}: {number(incumbent.metric)} of #{incumbent.number}")
