"""Every action of the table of keys, as a function of the scene. Pure."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tui.state import confirmations, cursor, navigation, options, replay
from tui.state.copy import text_to_copy
from tui.state.effects import CopyText, Outcome, Quit, SaveOptions
from tui.state.lists import directions, requests
from tui.state.ui import InputLine, Scene, Ui, UiChange


def act(scene: Scene, action: str, *, time: float) -> Outcome:
    """Perform an action."""
    if action == "quit":
        return scene.ui, (Quit(),)
    if action == "copy":
        text = text_to_copy(scene)
        ui = scene.ui if text else replace(scene.ui, message="There is nothing to copy here.")
        return ui, (CopyText(text),) if text else ()
    if action in confirmations.QUESTIONS:
        return confirmations.ask(scene, action, time=time), ()
    if action == "withdraw request":
        return _withdraw_request(scene, time=time), ()
    return CHANGES[action](scene), (SaveOptions(),) if action in options.REMEMBERED else ()


def _write(kind: str, initial: Callable[[Ui], str] = lambda _: "") -> UiChange:
    """Open a line to write in."""

    def change(scene: Scene) -> Ui:
        text = initial(scene.ui)
        return replace(scene.ui, input_line=InputLine(kind=kind, text=text, caret=len(text)))

    return change


def _direct(scene: Scene) -> Ui:
    """Open a line for a direction, if the session takes requests."""
    reason = confirmations.unavailable(scene)
    return replace(scene.ui, message=reason) if reason else _write("direct")(scene)


def _withdraw(scene: Scene) -> Ui:
    """Open the list of the standing directions."""
    reason = confirmations.unavailable(scene)
    if not reason and not directions(scene):
        reason = "No direction stands: d adds one."
    return replace(scene.ui, message=reason) if reason else _write("withdraw")(scene)


def _withdraw_request(scene: Scene, *, time: float) -> Ui:
    """Ask about the only request without an answer, or open the list of several."""
    entries, reason = requests(scene), confirmations.unavailable(scene)
    if reason or not entries:
        return replace(scene.ui, message=reason or "The loop has answered every request: there is none to withdraw.")
    if len(entries) > 1:
        return _write("withdraw request")(scene)
    return confirmations.ask(scene, "withdraw open request", time=time, text=entries[0].value)


def _open_row(scene: Scene) -> Ui:
    ui, result = scene.ui, scene.ui.sql.result
    if result is None or not result.rows:
        return replace(ui, message="There is no result to look at yet.")
    return replace(ui, sql=replace(ui.sql, is_row_open=not ui.sql.is_row_open), scroll=0)


def _scroll_columns(step: int) -> UiChange:
    """Scroll to the right or left; the painter stops at the last column."""

    def change(scene: Scene) -> Ui:
        sql = scene.ui.sql
        return replace(scene.ui, sql=replace(sql, column=max(0, sql.column + step)))

    return change


def _stop_query(scene: Scene) -> Ui:
    sql = scene.ui.sql
    if not sql.is_running:
        return replace(scene.ui, message="No query is running.")
    stopped = replace(sql, is_running=False, query_number=sql.query_number + 1, error="Stopped.")
    return replace(scene.ui, sql=stopped)


def _save_query(scene: Scene) -> Ui:
    if not scene.ui.sql.query:
        return replace(scene.ui, message="There is no query to save yet.")
    return _write("save")(scene)


def _filter(scene: Scene) -> Ui:
    """Filter the history as the user types; an empty line shows everything, and escape what was shown before."""
    ui = navigation.show("history")(scene)
    return replace(ui, input_line=InputLine(kind="filter", before=ui.filter), filter="")


CHANGES: Mapping[str, UiChange] = {
    **navigation.CHANGES,
    **cursor.CHANGES,
    **options.CHANGES,
    **replay.CHANGES,
    "open row": _open_row,
    "edit sql": _write("sql", lambda ui: ui.sql.query),
    "saved queries": _write("saved"),
    "save query": _save_query,
    "stop query": _stop_query,
    "columns left": _scroll_columns(-1),
    "columns right": _scroll_columns(1),
    "filter": _filter,
    "search": _write("search"),
    "sort": _write("sort", lambda ui: ui.sort),
    "direct": _direct,
    "withdraw": _withdraw,
    "seek": _write("seek"),
    "palette": _write("palette"),
    "help": lambda scene: replace(scene.ui, is_help=True, scroll=0),
}
