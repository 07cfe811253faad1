"""What a key does while the user writes a line: it edits the line, or enter submits the line. Pure."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from journal.query.saved import SAVED
from tui.state import actions, confirmations, cursor, navigation, options, replay
from tui.state.completion import complete
from tui.state.effects import Outcome, RunQuery, SaveOptions, SaveQueries
from tui.state.filters import FilterError, parse_filter, parse_sort, while_typed
from tui.state.line_editor import edit, insert, recall
from tui.state.lists import ListEntry, entries
from tui.state.ui import InputLine, Scene, Ui

WITH_LIST = frozenset({"palette", "saved", "withdraw", "withdraw request"})

Submit = Callable[[Scene, InputLine, float], Outcome]


def type_key(scene: Scene, line: InputLine, key: str, *, time: float) -> Outcome:
    """Apply a key to the line."""
    ui = scene.ui
    if key == "escape":
        return _leave(scene, line), ()
    if key == "enter":
        return SUBMIT[line.kind](replace(scene, ui=replace(ui, input_line=None)), line, time)
    if line.kind == "filter" and key in {"up", "down"}:
        return cursor.move(scene, -1 if key == "up" else 1), ()
    if key in {"up", "down", "tab", "shift+tab"}:
        return typed(ui, _choose(scene, line, key)), ()
    return typed(ui, insert(line, key) if len(key) == 1 else edit(line, key)), ()


def typed(ui: Ui, line: InputLine) -> Ui:
    """The screen with the line as it is now: a filter holds as soon as it can be read."""
    ui = replace(ui, input_line=line)
    if line.kind != "filter":
        return ui
    text = while_typed(line.text)
    try:
        parse_filter(text)
    except FilterError:
        return ui
    return replace(ui, filter=text.strip())


def _leave(scene: Scene, line: InputLine) -> Ui:
    ui = replace(scene.ui, input_line=None)
    return replace(ui, filter=line.before) if line.kind == "filter" else ui


def _choose(scene: Scene, line: InputLine, key: str) -> InputLine:
    """Select an entry of a list, a completion, or an earlier query."""
    step = -1 if key in {"up", "shift+tab"} else 1
    if line.kind in WITH_LIST:
        last = len(entries(scene, kind=line.kind, text=line.text)) - 1
        return replace(line, selected=max(0, min(last, line.selected + step)))
    if key == "tab":
        return complete(scene, line)
    if line.kind == "sql" and key in {"up", "down"}:
        return recall(line, scene.ui.sql.history, is_older=key == "up")
    return line


def _filter(scene: Scene, line: InputLine, _time: float) -> Outcome:
    try:
        parse_filter(line.text)
    except FilterError as error:
        return replace(scene.ui, message=str(error), input_line=line), ()
    return replace(scene.ui, filter=line.text.strip()), ()


def _sort(scene: Scene, line: InputLine, _time: float) -> Outcome:
    try:
        parse_sort(line.text)
    except FilterError as error:
        return replace(scene.ui, message=str(error), input_line=line), ()
    return replace(scene.ui, sort=line.text.strip(), cursor=None), ()


def _search(scene: Scene, line: InputLine, _time: float) -> Outcome:
    return replace(scene.ui, search=line.text.strip(), cluster=None, failure=0, scroll=0), ()


def _sql(scene: Scene, line: InputLine, _time: float) -> Outcome:
    query = line.text.strip()
    return run_query(scene, query) if query else (scene.ui, ())


def run_query(scene: Scene, query: str) -> Outcome:
    """Run a query, and add it to the history."""
    sql = scene.ui.sql
    number, past = sql.query_number + 1, tuple(old for old in sql.history if old != query)
    sql = replace(
        sql,
        query=query,
        query_number=number,
        is_running=True,
        is_row_open=False,
        error="",
        result=None,
        column=0,
        history=(*past, query),
    )
    return replace(scene.ui, sql=sql, result_row=0), (RunQuery(query, number),)


def _save(scene: Scene, line: InputLine, _time: float) -> Outcome:
    name = line.text.strip()
    if not name:
        return scene.ui, ()
    sql = scene.ui.sql
    saved = (*((old, text) for old, text in sql.saved if old != name), (name, sql.query))
    return replace(scene.ui, sql=replace(sql, saved=saved), message=f"Saved as {name}."), (SaveQueries(),)


def pick(scene: Scene, line: InputLine, time: float) -> Outcome:
    """Do what the selected entry of a list stands for."""
    found = entries(scene, kind=line.kind, text=line.text)
    if not found:
        return replace(scene.ui, message="Nothing matches."), ()
    return _do(scene, found[min(line.selected, len(found) - 1)], time)


def _do(scene: Scene, entry: ListEntry, time: float) -> Outcome:
    match entry.kind:
        case "experiment":
            return navigation.go_to(scene, int(entry.value)), ()
        case "query":
            return _query(scene, entry.value)
        case "theme":
            return options.with_theme(scene.ui, entry.value), (SaveOptions(),)
        case "direction":
            return confirmations.ask(scene, "withdraw direction", time=time, text=entry.value), ()
        case "request":
            return confirmations.ask(scene, "withdraw open request", time=time, text=entry.value), ()
        case _:
            return actions.act(scene, entry.value, time=time)


def _query(scene: Scene, query: str) -> Outcome:
    """Run a saved query on its screen; one that needs values is first written into the line."""
    scene = replace(scene, ui=navigation.show("sql")(scene))
    name = query.removeprefix("@")
    if query.startswith("@") and SAVED[name].parameters:
        text = f"{query} "
        return replace(scene.ui, input_line=InputLine(kind="sql", text=text, caret=len(text))), ()
    return run_query(scene, query)


def _ask(action: str) -> Submit:
    return lambda scene, line, time: (confirmations.ask(scene, action, time=time, text=line.text), ())


SUBMIT: Mapping[str, Submit] = {
    "filter": _filter,
    "sort": _sort,
    "search": _search,
    "sql": _sql,
    "save": _save,
    **dict.fromkeys(WITH_LIST, pick),
    "seek": lambda scene, line, _time: replay.seek(scene, line.text),
    "direct": _ask("add direction"),
}
