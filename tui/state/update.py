"""What a key does: (scene, key) -> the next state of the screen, and effects. Pure; the key comes with its time.

Three modes take the key before the screen does: a confirmation, a line that the user writes, and the help page. Pasted text
is only inserted into a line; it never acts.
"""

from msgspec.structs import replace

from tui.state import actions
from tui.state.effects import Outcome, PostIntent, Quit
from tui.state.input_line import type_key, typed
from tui.state.keys import CONFIRM, find_binding
from tui.state.line_editor import insert
from tui.state.ui import Confirmation, Scene, Ui

INTERRUPTED = 130  # exit code
READING_SECONDS = 0.2  # nobody reads the question and presses a key within this time


def press(scene: Scene, key: str, *, time: float) -> Outcome:
    """Apply a key; `key` is a character or Textual's name of a key, `time` in monotonic seconds."""
    scene = replace(scene, ui=replace(scene.ui, message=""))
    ui = scene.ui
    if key == "ctrl+c":
        return ui, (Quit(INTERRUPTED),)
    if ui.confirmation is not None:
        return _confirm(ui, ui.confirmation, key, time=time)
    if ui.input_line is not None:
        return type_key(scene, ui.input_line, key, time=time)
    if ui.is_help:
        return _scroll_help(ui, key), ()
    binding = find_binding(key, ui.screen, is_readonly=ui.display.is_readonly, is_replay=ui.replay is not None)
    return (ui, ()) if binding is None else actions.act(scene, binding.action, time=time)


def paste(scene: Scene, text: str) -> Ui:
    """Insert pasted text into the line that the user writes, if there is one."""
    ui = scene.ui
    if ui.confirmation is not None:
        return replace(ui, confirmation=None, message="Cancelled: pasted text confirms nothing.")
    if ui.input_line is None:
        return replace(ui, message="There is no line to paste into: press /, d or e first.")
    return typed(ui, insert(ui.input_line, text))


def _confirm(ui: Ui, confirmation: Confirmation, key: str, *, time: float) -> Outcome:
    ui = replace(ui, confirmation=None)
    if key != CONFIRM:
        return replace(ui, message="Cancelled: nothing was posted."), ()
    if time - confirmation.time < READING_SECONDS:
        return replace(ui, message=f"{CONFIRM} came too fast after the question: nothing was posted."), ()
    return ui, (PostIntent(confirmation),)


def _scroll_help(ui: Ui, key: str) -> Ui:
    steps = {"j": 1, "down": 1, "k": -1, "up": -1, " ": 10, "pagedown": 10, "pageup": -10}
    if key in steps:
        return replace(ui, scroll=max(0, ui.scroll + steps[key]))
    return replace(ui, is_help=False, scroll=0)
