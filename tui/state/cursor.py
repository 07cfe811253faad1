"""Moves the cursor. In lists of experiments the cursor stays on its experiment when new ones arrive. Pure."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tui.model.failure_clusters import cluster_members, failure_clusters
from tui.model.snapshot import ActiveExperiment
from tui.state.ui import Scene, Ui, UiChange

END = 10**9
CHROME = 8  # lines of a screen that are no list


def index_of(rows: Sequence[int], row: int | None, *, default: int = 0) -> int:
    """The index of a row in a list; the default if the list does not hold it."""
    try:
        return default if row is None else rows.index(row)
    except ValueError:
        return default


def row_under_cursor(scene: Scene) -> int | None:
    """The ledger row of the experiment under the cursor."""
    ui, view = scene.ui, scene.snapshot.view
    if ui.screen == "experiment" and ui.experiment is not None:
        return ui.experiment if ui.experiment < view.experiment_count else None
    if ui.screen == "failures":
        return _failed_row(scene)
    if scene.rows:
        return scene.rows[index_of(scene.rows, ui.cursor)]
    return view.experiment_count - 1 if view.experiment_count else None


def focused(scene: Scene) -> ActiveExperiment | None:
    """The experiment in flight that Live shows in full: the one under the cursor, else the one that was proposed first."""
    active, ui = scene.snapshot.active, scene.ui
    row = row_under_cursor(scene) if ui.screen in {"history", "experiment"} else ui.cursor
    return next((experiment for experiment in active if experiment.row == row), active[0] if active else None)


def _failed_row(scene: Scene) -> int | None:
    """The experiment of the search hit, the failure or the failure cluster under the cursor."""
    ui, view = scene.ui, scene.snapshot.view
    if ui.search:
        hits = scene.data.hits
        hit = hits[min(ui.failure, len(hits) - 1)] if hits else None
        return view.find(hit.session, hit.experiment) if hit else None
    if ui.cluster is not None:
        members = cluster_members(view, ui.cluster)
        return members[min(ui.failure, len(members) - 1)] if members else None
    clusters = failure_clusters(view)
    return clusters[min(ui.failure, len(clusters) - 1)].last_row if clusters else None


def move(scene: Scene, step: int) -> Ui:
    """Move the cursor, or scroll the text, by `step` lines; ±END goes to an end."""
    ui = scene.ui
    match ui.screen:
        case "experiment":
            return replace(ui, scroll=max(0, min(END, ui.scroll + step)))
        case "failures":
            return replace(ui, failure=max(0, min(_failure_lines(scene) - 1, ui.failure + step)), scroll=0)
        case "sql":
            if ui.sql.is_row_open:
                return replace(ui, scroll=max(0, min(END, ui.scroll + step)))
            last = len(ui.sql.result.rows) - 1 if ui.sql.result else 0
            return replace(ui, result_row=max(0, min(last, ui.result_row + step)))
        case "replay":
            return ui
        case _:
            return _move_row(scene, step)


def _failure_lines(scene: Scene) -> int:
    ui, view = scene.ui, scene.snapshot.view
    if ui.search:
        return len(scene.data.hits)
    return len(cluster_members(view, ui.cluster) if ui.cluster is not None else failure_clusters(view))


def _move_row(scene: Scene, step: int) -> Ui:
    ui, rows = scene.ui, scene.rows
    if not rows:
        return ui
    index = max(0, min(len(rows) - 1, index_of(rows, ui.cursor) + step))
    # On the first line of a list that begins with the newest experiment, the cursor follows the newest.
    return replace(ui, cursor=None if index == 0 and not ui.filter and not ui.sort else rows[index])


def _focus_next(step: int) -> UiChange:
    """Show another of the experiments in flight in full."""

    def change(scene: Scene) -> Ui:
        rows, current = scene.snapshot.view.active_rows, focused(scene)
        if current is None or len(rows) < 2:
            return replace(scene.ui, message="No other experiment is in flight.")
        index = (index_of(rows, current.row) + step) % len(rows)
        return replace(scene.ui, cursor=rows[index] if index else None)

    return change


def _move_by(step: int) -> UiChange:
    return lambda scene: move(scene, step)


def _page(sign: int) -> UiChange:
    return lambda scene: move(scene, sign * max(1, scene.height - CHROME))


CHANGES: Mapping[str, UiChange] = {
    "down": _move_by(1),
    "up": _move_by(-1),
    "top": _move_by(-END),
    "bottom": _move_by(END),
    "next in flight": _focus_next(1),
    "previous in flight": _focus_next(-1),
    "page down": _page(1),
    "page up": _page(-1),
}
