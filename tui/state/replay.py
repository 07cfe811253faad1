"""Replay: which earlier position the screens show, and how fast playback moves it. Pure."""

from collections.abc import Mapping

from msgspec.structs import replace

from tui.state.effects import Outcome, SeekTime
from tui.state.ui import SPEEDS, Scene, Ui, UiChange


def _show(scene: Scene, position: int) -> Ui:
    """Show a position, or the nearest end of the journal."""
    return replace(scene.ui, replay=max(1, min(scene.snapshot.head, position)))


def _step(events: int) -> UiChange:
    return lambda scene: replace(_show(scene, scene.snapshot.view.position + events), is_playing=False)


def _verdict(*, is_forward: bool) -> UiChange:
    def change(scene: Scene) -> Ui:
        view = scene.snapshot.view
        position = view.adjacent_verdict(view.position, is_forward=is_forward)
        if position is None or position > scene.snapshot.head:
            return replace(scene.ui, message=f"There is no {'later' if is_forward else 'earlier'} verdict.")
        return replace(_show(scene, position), is_playing=False)

    return change


def _speed(step: int) -> UiChange:
    def change(scene: Scene) -> Ui:
        index = SPEEDS.index(scene.ui.speed) + step
        return replace(scene.ui, speed=SPEEDS[max(0, min(len(SPEEDS) - 1, index))])

    return change


def _go_live(scene: Scene) -> Ui:
    ui = scene.ui
    return replace(ui, replay=None, is_playing=False, screen="live" if ui.screen == "replay" else ui.screen)


def seek(scene: Scene, text: str) -> Outcome:
    """Show the position that a line names: 02:14[:30], #14, 1204 or 50%."""
    text, view, head = text.strip(), scene.snapshot.view, scene.snapshot.head
    if ":" in text:
        return scene.ui, (SeekTime(text),)
    try:
        if text.startswith("#"):
            session = view.session
            row = view.ledger.find(session.tag, int(text[1:])) if session else None
            if row is None:
                return replace(scene.ui, message=f"There is no experiment {text}."), ()
            return _show(scene, view.ledger.proposed_at[row]), ()
        position = round(head * float(text[:-1]) / 100) if text.endswith("%") else int(text)
        return _show(scene, position), ()
    except (ValueError, OverflowError):
        message = "Enter a time (02:14), an experiment (#14), a position (1204) or a share (50%)."
        return replace(scene.ui, message=message), ()


CHANGES: Mapping[str, UiChange] = {
    "previous event": _step(-1),
    "next event": _step(1),
    "previous verdict": _verdict(is_forward=False),
    "next verdict": _verdict(is_forward=True),
    "play": lambda scene: replace(scene.ui, is_playing=not scene.ui.is_playing),
    "faster": _speed(1),
    "slower": _speed(-1),
    "back to live": _go_live,
}
