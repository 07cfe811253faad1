"""What a key does: (scene, key) -> the next choices and effects. Pure; the clock's reading comes with the key.

Three modes take keys before the screens do: a question that waits for `CONFIRM`, a line being written, and the help page.
Pasted text is only ever written into a line; it never acts.
"""

from msgspec.structs import replace

from tui.state import actions
from tui.state.effects import Effect, Post, Quit
from tui.state.input_line import typed
from tui.state.keys import CONFIRM, bound
from tui.state.line_editor import insert
from tui.state.ui import Scene, Ui

Outcome = tuple[Ui, tuple[Effect, ...]]

INTERRUPTED = 130  # exit code
READING_SECONDS = 0.2  # a second key that follows faster was not pressed by someone who read the question


def press(scene: Scene, key: str, *, at: float) -> Outcome:
    """Take a key; `key` is a character or Textual's name of a key, `at` monotonic seconds."""
    scene = replace(scene, ui=replace(scene.ui, note=""))
    ui = scene.ui
    if key == "ctrl+c":
        return ui, (Quit(INTERRUPTED),)
    if ui.confirm is not None:
        return _answer(ui, key, at=at)
    if ui.prompt is not None:
        return typed(scene, key, at=at)
    if ui.help:
        return _help(ui, key), ()
    binding = bound(key, ui.screen, readonly=ui.look.readonly, replaying=ui.replay is not None)
    return (ui, ()) if binding is None else actions.act(scene, binding.action, at=at)


def paste(scene: Scene, text: str) -> Ui:
    """Take pasted text: into the line being written, else nowhere."""
    ui = scene.ui
    if ui.confirm is not None:
        return replace(ui, confirm=None, note="Pasted text never acts: nothing was asked of the loop.")
    if ui.prompt is None:
        return replace(ui, note="Pasted text goes into a line only: press / or d or e first.")
    return replace(ui, prompt=insert(ui.prompt, text))


def _answer(ui: Ui, key: str, *, at: float) -> Outcome:
    confirm = ui.confirm
    assert confirm is not None
    ui = replace(ui, confirm=None)
    if key != CONFIRM:
        return replace(ui, note="Nothing was asked of the loop."), ()
    if at - confirm.asked < READING_SECONDS:
        return replace(ui, note="That came too fast to have been read: nothing was asked of the loop."), ()
    return ui, (Post(confirm),)


def _help(ui: Ui, key: str) -> Ui:
    moves = {"j": 1, "down": 1, "k": -1, "up": -1, " ": 10, "pagedown": 10, "pageup": -10}
    if key in moves:
        return replace(ui, line=max(0, ui.line + moves[key]))
    return replace(ui, help=False, line=0)
