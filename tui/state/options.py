"""How the screen looks and behaves: plots, theme, clock, mouse, bell. Pure."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tui.state.ui import AXES, FRONTIERS, DisplayOptions, PlotUi, Scene, Ui, UiChange
from tui.terminal.themes import THEMES

REMEMBERED = frozenset({"theme", "mouse", "bell"})  # options that the user's file keeps


def _plot(change: Callable[[PlotUi], PlotUi]) -> UiChange:
    return lambda scene: replace(scene.ui, plot=change(scene.ui.plot))


def _crosshair(step: int) -> UiChange:
    return _plot(lambda plot: replace(plot, crosshair=0 if plot.crosshair is None else max(0, plot.crosshair + step)))


def _next_frontier(plot: PlotUi) -> PlotUi:
    return replace(plot, last=FRONTIERS[(FRONTIERS.index(plot.last) + 1) % len(FRONTIERS)])


def _next_theme(scene: Scene) -> Ui:
    names = list(THEMES)
    return with_theme(scene.ui, names[(names.index(scene.ui.display.theme) + 1) % len(names)])


def with_theme(ui: Ui, theme: str) -> Ui:
    return replace(ui, display=replace(ui.display, theme=theme), message=f"Theme: {theme}.")


def _display(change: Callable[[DisplayOptions], tuple[DisplayOptions, str]]) -> UiChange:
    def with_message(scene: Scene) -> Ui:
        display, message = change(scene.ui.display)
        return replace(scene.ui, display=display, message=message)

    return with_message


def _utc(display: DisplayOptions) -> tuple[DisplayOptions, str]:
    words = "Times are in the terminal's zone." if display.is_utc else "Times are in UTC."
    return replace(display, is_utc=not display.is_utc), words


def _mouse(display: DisplayOptions) -> tuple[DisplayOptions, str]:
    words = "The terminal has the mouse." if display.has_mouse else "Rows, headings, tabs and keys can be clicked."
    return replace(display, has_mouse=not display.has_mouse), words


def _bell(display: DisplayOptions) -> tuple[DisplayOptions, str]:
    words = "No bell." if display.has_bell else "A bell on a keep, a crash and the end."
    return replace(display, has_bell=not display.has_bell), words


def _calm(scene: Scene) -> Ui:
    display = replace(scene.ui.display, is_calm=not scene.ui.display.is_calm)
    message = "Calm: redraws at most every five seconds." if display.is_calm else "Redraws at once."
    return replace(scene.ui, display=display, message=message)


CHANGES: Mapping[str, UiChange] = {
    "zoom": lambda scene: replace(scene.ui, is_zoomed=not scene.ui.is_zoomed),
    "frontier": _plot(_next_frontier),
    "log": _plot(lambda plot: replace(plot, is_log=not plot.is_log)),
    "smooth": _plot(lambda plot: replace(plot, is_smoothed=not plot.is_smoothed)),
    "axis": _plot(lambda plot: replace(plot, axis=AXES[(AXES.index(plot.axis) + 1) % len(AXES)])),
    "crosshair left": _crosshair(1),
    "crosshair right": _crosshair(-1),
    "theme": _next_theme,
    "utc": _display(_utc),
    "mouse": _display(_mouse),
    "bell": _display(_bell),
    "calm": _calm,
}
