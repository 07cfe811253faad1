"""What a key does while a line is being written: edits it, or, with enter, does what the line was for. Pure."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tui.state import actions, confirmations, replay
from tui.state.effects import Ask, Effect, Save
from tui.state.filters import FilterError, parse_filter, parse_sort
from tui.state.line_editor import complete, edit, insert, recall
from tui.state.palette import commands, matching, queries
from tui.state.ui import InputLine, Scene, Ui

Outcome = tuple[Ui, tuple[Effect, ...]]

LISTED = frozenset({"palette", "saved"})


def typed(scene: Scene, key: str, *, at: float) -> Outcome:
    """Take a key into the line."""
    ui, prompt = scene.ui, scene.ui.prompt
    assert prompt is not None
    if key == "escape":
        return replace(ui, prompt=None), ()
    if key == "enter":
        return ENTER[prompt.kind](replace(scene, ui=replace(ui, prompt=None)), prompt, at)
    if key in {"up", "down", "tab"}:
        return replace(ui, prompt=_beside(ui, prompt, key)), ()
    if len(key) == 1:
        return replace(ui, prompt=insert(prompt, key)), ()
    return replace(ui, prompt=edit(prompt, key)), ()


def _beside(ui: Ui, prompt: InputLine, key: str) -> InputLine:
    if prompt.kind in LISTED:
        return replace(prompt, chosen=max(0, prompt.chosen + (-1 if key == "up" else 1)))
    if prompt.kind == "sql":
        return complete(prompt) if key == "tab" else recall(prompt, ui.sql.history, older=key == "up")
    return prompt


def _filter(scene: Scene, prompt: InputLine, _at: float) -> Outcome:
    try:
        parse_filter(prompt.text)
    except FilterError as error:
        return replace(scene.ui, note=str(error), prompt=prompt), ()
    return replace(scene.ui, filter=prompt.text.strip(), cursor=None), ()


def _sort(scene: Scene, prompt: InputLine, _at: float) -> Outcome:
    try:
        parse_sort(prompt.text)
    except FilterError as error:
        return replace(scene.ui, note=str(error), prompt=prompt), ()
    return replace(scene.ui, sort=prompt.text.strip(), cursor=None), ()


def _search(scene: Scene, prompt: InputLine, _at: float) -> Outcome:
    return replace(scene.ui, search=prompt.text.strip(), cluster=0, line=0), ()


def _sql(scene: Scene, prompt: InputLine, _at: float) -> Outcome:
    query = prompt.text.strip()
    return run_query(scene, query) if query else (scene.ui, ())


def run_query(scene: Scene, query: str) -> Outcome:
    """Ask a query, and remember it."""
    sql = scene.ui.sql
    past = tuple(old for old in sql.history if old != query)
    asked = replace(
        sql, query=query, asked=sql.asked + 1, running=True, error="", answer=None, column=0, history=(*past, query)
    )
    return replace(scene.ui, sql=asked, result=0), (Ask(query, asked.asked),)


def _save(scene: Scene, prompt: InputLine, _at: float) -> Outcome:
    name = prompt.text.strip()
    if not name:
        return scene.ui, ()
    sql = scene.ui.sql
    saved = (*((old, text) for old, text in sql.saved if old != name), (name, sql.query))
    return replace(scene.ui, sql=replace(sql, saved=saved), note=f"Saved as {name}."), (Save(name, sql.query),)


def _saved(scene: Scene, prompt: InputLine, _at: float) -> Outcome:
    found = matching(prompt.text, queries(scene.ui))
    if not found:
        return replace(scene.ui, note="No saved query of that name."), ()
    return run_query(scene, found[min(prompt.chosen, len(found) - 1)].value)


def _palette(scene: Scene, prompt: InputLine, at: float) -> Outcome:
    found = matching(prompt.text, commands(scene.ui))
    if not found:
        return replace(scene.ui, note="No command of that name."), ()
    return actions.act(scene, found[min(prompt.chosen, len(found) - 1)].value, at=at)


def _ask(action: str) -> Callable[[Scene, InputLine, float], Outcome]:
    return lambda scene, prompt, at: (confirmations.ask(scene, action, at=at, text=prompt.text), ())


ENTER: Mapping[str, Callable[[Scene, InputLine, float], Outcome]] = {
    "filter": _filter,
    "sort": _sort,
    "search": _search,
    "sql": _sql,
    "save": _save,
    "saved": _saved,
    "palette": _palette,
    "seek": lambda scene, prompt, _at: replay.seek(scene, prompt.text),
    "direct": _ask("direction written"),
    "withdraw": _ask("withdrawal written"),
}
