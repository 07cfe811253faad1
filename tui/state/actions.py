"""Every action of the key table, as a function of the scene. Pure."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tui.state import confirmations, cursor, replay
from tui.state.copy import to_copy
from tui.state.effects import Copy, Effect, Quit
from tui.state.keys import SCREENS
from tui.state.ui import AXES, PANES, InputLine, PlotUi, Scene, Ui
from tui.terminal.themes import THEMES

Outcome = tuple[Ui, tuple[Effect, ...]]
Change = Callable[[Scene], Ui]


def act(scene: Scene, action: str, *, at: float) -> Outcome:
    """Perform an action."""
    if action == "quit":
        return scene.ui, (Quit(),)
    if action == "copy":
        return _copy(scene)
    if action in confirmations.ASK:
        return confirmations.ask(scene, action, at=at), ()
    return CHANGES[action](scene), ()


def _copy(scene: Scene) -> Outcome:
    text = to_copy(scene)
    if not text:
        return replace(scene.ui, note="There is nothing to copy here."), ()
    return scene.ui, (Copy(text),)


def _show(screen: str) -> Change:
    def change(scene: Scene) -> Ui:
        ui = scene.ui
        if screen == "experiment":
            return open_row(scene, cursor.under_cursor(scene))
        if screen == "replay" and ui.replay is None:
            ui = replace(ui, replay=scene.snapshot.view.position)
        return replace(ui, screen=screen, before=ui.screen if ui.screen != screen else ui.before, line=0, zoom=False)

    return change


def open_row(scene: Scene, row: int | None) -> Ui:
    """Show an experiment."""
    ui = scene.ui
    if row is None:
        return replace(ui, note="There is no experiment to open yet.")
    before = ui.screen if ui.screen != "experiment" else ui.before
    return replace(ui, screen="experiment", before=before, experiment=row, line=0, comparing=False, zoom=False)


def _open(scene: Scene) -> Ui:
    return open_row(scene, cursor.under_cursor(scene))


def _beside(step: int) -> Change:
    def change(scene: Scene) -> Ui:
        row = scene.ui.experiment
        if row is None:
            return scene.ui
        return replace(
            scene.ui, experiment=max(0, min(scene.snapshot.view.count - 1, row + step)), line=0, comparing=False
        )

    return change


def _pane(step: int) -> Change:
    def change(scene: Scene) -> Ui:
        pane = PANES[(PANES.index(scene.ui.pane) + step) % len(PANES)]
        return replace(scene.ui, pane=pane, line=0)

    return change


def _prompt(kind: str, text: Callable[[Ui], str] = lambda _: "") -> Change:
    def change(scene: Scene) -> Ui:
        begun = text(scene.ui)
        return replace(scene.ui, prompt=InputLine(kind=kind, text=begun, caret=len(begun)))

    return change


def _write(kind: str) -> Change:
    """Begin a line for the loop, where there is a session to hear it."""

    def change(scene: Scene) -> Ui:
        why_not = confirmations.closed(scene)
        return replace(scene.ui, note=why_not) if why_not else _prompt(kind)(scene)

    return change


def _mark(scene: Scene) -> Ui:
    row = cursor.under_cursor(scene)
    if row is None:
        return scene.ui
    marked = replace(scene.ui, marks=scene.ui.marks ^ {row})
    return cursor.move(replace(scene, ui=marked), 1)


def _compare(scene: Scene) -> Ui:
    ui = scene.ui
    if len(ui.marks) < 2:
        return replace(ui, note="Mark two or more experiments in History (m) to compare them.")
    before = ui.screen if ui.screen != "experiment" else ui.before
    return replace(ui, screen="experiment", before=before, comparing=True, line=0, zoom=False)


def _plot(change: Callable[[PlotUi], PlotUi]) -> Change:
    return lambda scene: replace(scene.ui, plot=change(scene.ui.plot))


def _crosshair(step: int) -> Callable[[PlotUi], PlotUi]:
    return lambda plot: replace(plot, crosshair=0 if plot.crosshair is None else max(0, plot.crosshair + step))


def _theme(scene: Scene) -> Ui:
    names = list(THEMES)
    name = names[(names.index(scene.ui.look.theme) + 1) % len(names)]
    return replace(scene.ui, look=replace(scene.ui.look, theme=name), note=f"Theme: {name}.")


def _calm(scene: Scene) -> Ui:
    calm = not scene.ui.look.calm
    words = "Calm: redrawn at most every five seconds." if calm else "Redrawn as it happens."
    return replace(scene.ui, look=replace(scene.ui.look, calm=calm), note=words)


def _back(scene: Scene) -> Ui:
    """Undo the latest of: crosshair, zoom, comparison, filter, search; else go to the screen before."""
    ui = scene.ui
    if ui.plot.crosshair is not None:
        return replace(ui, plot=replace(ui.plot, crosshair=None))
    if ui.zoom or ui.comparing:
        return replace(ui, zoom=False, comparing=False, screen=ui.before if ui.comparing else ui.screen)
    if ui.screen == "history" and ui.filter:
        return replace(ui, filter="")
    if ui.screen == "failures" and ui.search:
        return replace(ui, search="", cluster=0)
    if ui.cursor is not None and ui.screen == "live":
        return replace(ui, cursor=None)
    return replace(ui, screen=ui.before if ui.before != ui.screen else "live", before="live", line=0)


def _columns(step: int) -> Change:
    return lambda scene: replace(
        scene.ui, sql=replace(scene.ui.sql, column=max(0, scene.ui.sql.column + step))
    )  # the painter stops at the last one


def _interrupt(scene: Scene) -> Ui:
    sql = scene.ui.sql
    if not sql.running:
        return replace(scene.ui, note="No query runs.")
    return replace(scene.ui, sql=replace(sql, running=False, asked=sql.asked + 1, error="Interrupted."))


def _save(scene: Scene) -> Ui:
    if not scene.ui.sql.query:
        return replace(scene.ui, note="There is no query to save yet.")
    return _prompt("save")(scene)


def _filter(scene: Scene) -> Ui:
    return _prompt("filter", lambda ui: ui.filter)(replace(scene, ui=_show("history")(scene)))


CHANGES: Mapping[str, Change] = {
    **{f"show {screen}": _show(screen) for screen in SCREENS},
    "open": _open,
    "edit sql": _prompt("sql", lambda ui: ui.sql.query),
    "saved queries": _prompt("saved"),
    "save query": _save,
    "interrupt": _interrupt,
    "previous experiment": _beside(-1),
    "next experiment": _beside(1),
    "next pane": _pane(1),
    "previous pane": _pane(-1),
    "filter": _filter,
    "search": _prompt("search", lambda ui: ui.search),
    "sort": _prompt("sort", lambda ui: ui.sort),
    "mark": _mark,
    "clear marks": lambda scene: replace(scene.ui, marks=frozenset(), comparing=False),
    "compare": _compare,
    "direct": _write("direct"),
    "withdraw": _write("withdraw"),
    "zoom": lambda scene: replace(scene.ui, zoom=not scene.ui.zoom),
    "log": _plot(lambda plot: replace(plot, log=not plot.log)),
    "smooth": _plot(lambda plot: replace(plot, smooth=not plot.smooth)),
    "axis": _plot(lambda plot: replace(plot, axis=AXES[(AXES.index(plot.axis) + 1) % len(AXES)])),
    "crosshair left": _plot(_crosshair(1)),
    "crosshair right": _plot(_crosshair(-1)),
    "columns left": _columns(-1),
    "columns right": _columns(1),
    **replay.CHANGES,
    "seek": _prompt("seek"),
    **cursor.CHANGES,
    "theme": _theme,
    "calm": _calm,
    "back": _back,
    "palette": _prompt("palette"),
    "help": lambda scene: replace(scene.ui, help=True, line=0),
}
