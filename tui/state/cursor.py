"""Moving the cursor. On lists of experiments it stays on the experiment it was put on, whatever arrives above. Pure."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from tui.model.failure_clusters import clusters
from tui.model.snapshot import Flying
from tui.state.ui import Scene, Ui

END = 10**9


def place(rows: Sequence[int], row: int | None) -> int:
    """Where a row stands in a list; the first line where it does not."""
    if row is None:
        return 0
    try:
        return rows.index(row)
    except ValueError:
        return 0


def under_cursor(scene: Scene) -> int | None:
    """The row of the ledger that the cursor is on."""
    ui, view = scene.ui, scene.snapshot.view
    if ui.screen == "experiment" and ui.experiment is not None:
        return ui.experiment if ui.experiment < view.count else None
    if ui.screen == "failures":
        return failed_row(scene)
    if scene.rows:
        return scene.rows[place(scene.rows, ui.cursor)]
    return view.count - 1 if view.count else None


def in_full(scene: Scene) -> Flying | None:
    """Of the experiments in flight the one under the cursor, else the one that was proposed first."""
    flying, ui = scene.snapshot.flying, scene.ui
    row = under_cursor(scene) if ui.screen in {"history", "experiment"} else ui.cursor
    return next((one for one in flying if one.row == row), flying[0] if flying else None)


def failed_row(scene: Scene) -> int | None:
    """The experiment of the hit or cluster under the cursor of Failures."""
    ui, view = scene.ui, scene.snapshot.view
    if ui.search:
        hits = scene.loaded.hits
        hit = hits[min(ui.cluster, len(hits) - 1)] if hits else None
        return view.find(hit.session, hit.experiment) if hit else None
    found = clusters(view)
    return found[min(ui.cluster, len(found) - 1)].last_row if found else None


def move(scene: Scene, step: int) -> Ui:
    """The cursor, or the scrolled text, `step` lines further; ±END goes to an end."""
    ui = scene.ui
    match ui.screen:
        case "experiment":
            return replace(ui, line=max(0, min(END, ui.line + step)))
        case "failures":
            last = (len(scene.loaded.hits) if ui.search else len(clusters(scene.snapshot.view))) - 1
            return replace(ui, cluster=max(0, min(last, ui.cluster + step)), line=0)
        case "sql":
            last = len(ui.sql.answer.rows) - 1 if ui.sql.answer else 0
            return replace(ui, result=max(0, min(last, ui.result + step)))
        case "replay":
            return replace(ui, line=0)
        case _:
            return _move_row(scene, step)


def _move_row(scene: Scene, step: int) -> Ui:
    ui, rows = scene.ui, scene.rows
    if not rows:
        return ui
    at = max(0, min(len(rows) - 1, place(rows, ui.cursor) + step))
    # On the first line of a list that begins with the newest, the cursor goes on following the newest.
    return replace(ui, cursor=None if at == 0 and not ui.filter and not ui.sort else rows[at])


def _beside(step: int) -> Callable[[Scene], Ui]:
    """Put the cursor on the next of the experiments in flight."""

    def change(scene: Scene) -> Ui:
        rows, shown = scene.snapshot.view.in_flight, in_full(scene)
        if shown is None or len(rows) < 2:
            return replace(scene.ui, note="No other experiment is in flight.")
        at = (place(rows, shown.row) + step) % len(rows)
        return replace(scene.ui, cursor=rows[at] if at else None)

    return change


def _by(step: int) -> Callable[[Scene], Ui]:
    return lambda scene: move(scene, step)


def _page(sign: int) -> Callable[[Scene], Ui]:
    return lambda scene: move(scene, sign * max(1, scene.height - 6))


CHANGES: Mapping[str, Callable[[Scene], Ui]] = {
    "down": _by(1),
    "up": _by(-1),
    "top": _by(-END),
    "bottom": _by(END),
    "next in flight": _beside(1),
    "previous in flight": _beside(-1),
    "page down": _page(1),
    "page up": _page(-1),
}
