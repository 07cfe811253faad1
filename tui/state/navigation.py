"""Moves between screens, panes and experiments. Pure."""

from collections.abc import Mapping

from msgspec.structs import replace

from tui.model.failure_clusters import failure_clusters
from tui.state import cursor
from tui.state.keys import SCREENS
from tui.state.ui import PANES, Scene, Ui, UiChange


def show(screen: str) -> UiChange:
    def change(scene: Scene) -> Ui:
        ui = scene.ui
        if screen == "replay" and ui.replay is None:
            ui = replace(ui, replay=scene.snapshot.view.position)
        previous = ui.screen if ui.screen != screen else ui.previous_screen
        return replace(ui, screen=screen, previous_screen=previous, scroll=0, is_zoomed=False)

    return change


def open_under_cursor(scene: Scene) -> Ui:
    """Open the experiment under the cursor; of a group of failures, the list of its experiments."""
    ui = scene.ui
    if ui.screen == "failures" and not ui.search and ui.cluster is None:
        clusters = failure_clusters(scene.snapshot.view)
        if clusters:
            return replace(ui, cluster=clusters[min(ui.failure, len(clusters) - 1)].key, failure=0, scroll=0)
    return open_experiment(scene)


def open_experiment(scene: Scene) -> Ui:
    row = cursor.row_under_cursor(scene)
    if row is None:
        return replace(scene.ui, message="There is no experiment to open yet.")
    return replace(show("experiment")(scene), experiment=row, is_comparing=False)


def go_to(scene: Scene, row: int) -> Ui:
    """Move the cursor to an experiment: to its row of a list if the list has it, else to its own screen."""
    ui = scene.ui
    if ui.screen in {"live", "history"} and cursor.index_of(scene.rows, row, default=-1) >= 0:
        return replace(ui, cursor=row)
    return replace(show("experiment")(scene), experiment=row, is_comparing=False)


def _best(scene: Scene) -> Ui:
    """Move to the best experiment: to its row of a list if the list has it, else to its own screen."""
    session = scene.snapshot.view.session
    if session is None or session.best_row is None:
        return replace(scene.ui, message="There is no kept experiment yet.")
    return go_to(scene, session.best_row)


def _adjacent_experiment(step: int) -> UiChange:
    def change(scene: Scene) -> Ui:
        ui, last = scene.ui, scene.snapshot.view.experiment_count - 1
        if ui.experiment is None:
            return ui
        return replace(ui, experiment=max(0, min(last, ui.experiment + step)), scroll=0, is_comparing=False)

    return change


def _pane(step: int) -> UiChange:
    def change(scene: Scene) -> Ui:
        pane = PANES[(PANES.index(scene.ui.pane) + step) % len(PANES)]
        return replace(scene.ui, pane=pane, scroll=0)

    return change


def _mark(scene: Scene) -> Ui:
    row = cursor.row_under_cursor(scene)
    return scene.ui if row is None else replace(scene.ui, marks=scene.ui.marks ^ {row}, cursor=row)


def _compare(scene: Scene) -> Ui:
    if len(scene.ui.marks) < 2:
        return replace(scene.ui, message="Mark two or more experiments in History (m) to compare them.")
    return replace(show("experiment")(scene), is_comparing=True)


def _tail(scene: Scene) -> Ui:
    """Follow the output of the experiment in flight, or of the one on the screen; again: back."""
    ui = scene.ui
    if ui.screen == "experiment":
        return replace(ui, pane="diff" if ui.pane == "log" else "log", scroll=0, is_comparing=False)
    active = cursor.focused(scene)
    if active is None:
        return replace(ui, message="No experiment is in flight.")
    return replace(show("experiment")(scene), experiment=active.row, pane="log", is_comparing=False)


def _back(scene: Scene) -> Ui:
    """Undo the latest of: crosshair, zoom, comparison, opened row, filter, search; else show the previous screen."""
    ui = scene.ui
    if ui.plot.crosshair is not None:
        return replace(ui, plot=replace(ui.plot, crosshair=None))
    if ui.is_zoomed or ui.is_comparing:
        screen = ui.previous_screen if ui.is_comparing else ui.screen
        return replace(ui, is_zoomed=False, is_comparing=False, screen=screen)
    if (left := _leave_list(scene)) is not None:
        return left
    screen = ui.previous_screen if ui.previous_screen != ui.screen else "live"
    return replace(ui, screen=screen, previous_screen="live", scroll=0)


def _leave_list(scene: Scene) -> Ui | None:
    """Leave what narrows the list of the screen; None if nothing does."""
    ui = scene.ui
    match ui.screen:
        case "sql" if ui.sql.is_row_open:
            return replace(ui, sql=replace(ui.sql, is_row_open=False), scroll=0)
        case "history" if ui.filter:
            return replace(ui, filter="", cursor=cursor.row_under_cursor(scene) if scene.rows else ui.cursor)
        case "failures" if ui.search or ui.cluster:
            return _leave_failures(scene)
        case "live" if ui.cursor is not None:
            return replace(ui, cursor=None)
        case _:
            return None


def _leave_failures(scene: Scene) -> Ui:
    """Leave the search, or the experiments of a group: the cursor is on that group again."""
    ui = scene.ui
    if ui.search:
        return replace(ui, search="", failure=0, scroll=0)
    keys = [cluster.key for cluster in failure_clusters(scene.snapshot.view)]
    return replace(ui, cluster=None, failure=keys.index(ui.cluster) if ui.cluster in keys else 0, scroll=0)


CHANGES: Mapping[str, UiChange] = {
    **{f"show {screen}": show(screen) for screen in SCREENS},
    "show experiment": open_experiment,
    "open": open_under_cursor,
    "best": _best,
    "tail": _tail,
    "previous experiment": _adjacent_experiment(-1),
    "next experiment": _adjacent_experiment(1),
    "next pane": _pane(1),
    "previous pane": _pane(-1),
    "baseline diff": lambda scene: replace(
        scene.ui, is_from_baseline=not scene.ui.is_from_baseline, pane="diff", scroll=0
    ),
    "wrap": lambda scene: replace(scene.ui, is_wrapped=not scene.ui.is_wrapped),
    "mark": _mark,
    "clear marks": lambda scene: replace(scene.ui, marks=frozenset(), is_comparing=False),
    "compare": _compare,
    "back": _back,
}
