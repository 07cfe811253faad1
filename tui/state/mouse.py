"""What a click on a target of the frame does: the same as a key, or a choice of a row, a pane, a column, a position. Pure."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tui.state import cursor, navigation
from tui.state.effects import Outcome
from tui.state.input_line import pick
from tui.state.ui import Scene, Ui

Click = Callable[[Scene, int | str], Ui]


def click(scene: Scene, action: tuple[str, int | str], *, time: float) -> Outcome:
    """Carry out the action of a target; a key of the footer is pressed by the caller."""
    kind, argument = action
    ui = replace(scene.ui, message="")
    scene = replace(scene, ui=ui)
    if ui.confirmation is not None:
        return replace(ui, confirmation=None, message="Cancelled: a click confirms nothing."), ()
    if kind == "entry" and ui.input_line is not None:
        line = replace(ui.input_line, selected=int(argument))
        return pick(replace(scene, ui=replace(ui, input_line=None)), line, time)
    if ui.is_help or ui.input_line is not None:
        return ui, ()
    change = CLICKS.get(kind)
    return (ui, ()) if change is None else (change(scene, argument), ())


def _row(scene: Scene, row: int | str) -> Ui:
    """Put the cursor on an experiment; a second click opens it."""
    ui = scene.ui
    if ui.cursor == row or (ui.screen == "history" and cursor.row_under_cursor(scene) == row and ui.cursor is not None):
        return navigation.open_experiment(replace(scene, ui=replace(ui, cursor=int(row))))
    return replace(ui, cursor=int(row))


def _failure(scene: Scene, line: int | str) -> Ui:
    """Put the cursor on a line; a second click opens it."""
    if scene.ui.failure == line:
        return navigation.open_under_cursor(scene)
    return replace(scene.ui, failure=int(line), scroll=0)


def _sort(scene: Scene, column: int | str) -> Ui:
    """Sort by a column, the best first; again: the other way round; again: not at all."""
    if scene.ui.screen != "history":
        return scene.ui
    orders = {str(column): f"-{column}", f"-{column}": f"+{column}", f"+{column}": ""}
    return replace(scene.ui, sort=orders.get(scene.ui.sort, str(column)), cursor=cursor.row_under_cursor(scene))


CLICKS: Mapping[str, Click] = {
    "screen": lambda scene, name: navigation.show(str(name))(scene),
    "row": _row,
    "open": lambda scene, row: replace(navigation.show("experiment")(scene), experiment=int(row), is_comparing=False),
    "failure": _failure,
    "pane": lambda scene, pane: replace(scene.ui, pane=str(pane), scroll=0),
    "sort": _sort,
    "result": lambda scene, row: replace(scene.ui, result_row=int(row)),
    "position": lambda scene, position: replace(scene.ui, replay=int(position), is_playing=False),
}
