"""Replay: which position is shown. The same painters show it; control is off. Pure."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tui.state.effects import Effect, Seek
from tui.state.ui import SPEEDS, Scene, Ui

Outcome = tuple[Ui, tuple[Effect, ...]]


def to(scene: Scene, position: int) -> Ui:
    """Show a position; beyond either end it is the end."""
    return replace(scene.ui, replay=max(1, min(scene.snapshot.head, position)))


def _step(by: int) -> Callable[[Scene], Ui]:
    return lambda scene: replace(to(scene, scene.snapshot.view.position + by), playing=False)


def _verdict(*, on: bool) -> Callable[[Scene], Ui]:
    def change(scene: Scene) -> Ui:
        found = scene.snapshot.view.verdict_beside(scene.snapshot.view.position, on=on)
        if found is None or found > scene.snapshot.head:
            return replace(scene.ui, note="There is no verdict on that side.")
        return replace(to(scene, found), playing=False)

    return change


def _speed(step: int) -> Callable[[Scene], Ui]:
    def change(scene: Scene) -> Ui:
        place = SPEEDS.index(scene.ui.speed) + step
        return replace(scene.ui, speed=SPEEDS[max(0, min(len(SPEEDS) - 1, place))])

    return change


def seek(scene: Scene, text: str) -> Outcome:
    """Go where a line says: 02:14[:30], #14, 1204 or 50%."""
    text, view, head = text.strip(), scene.snapshot.view, scene.snapshot.head
    if ":" in text:
        return scene.ui, (Seek(text),)
    try:
        if text.startswith("#"):
            session = view.session
            row = view.ledger.find(session.tag, int(text[1:])) if session else None
            if row is None:
                return replace(scene.ui, note=f"There is no experiment {text}."), ()
            return to(scene, view.ledger.opened[row]), ()
        if text.endswith("%"):
            return to(scene, round(head * float(text[:-1]) / 100)), ()
        return to(scene, int(text)), ()
    except (ValueError, OverflowError):
        return replace(
            scene.ui, note="Go to what? A time (02:14), an experiment (#14), a position (1204), a share (50%)."
        ), ()


CHANGES: Mapping[str, Callable[[Scene], Ui]] = {
    "event back": _step(-1),
    "event on": _step(1),
    "verdict back": _verdict(on=False),
    "verdict on": _verdict(on=True),
    "play": lambda scene: replace(scene.ui, playing=not scene.ui.playing),
    "faster": _speed(1),
    "slower": _speed(-1),
    "live again": lambda scene: replace(
        scene.ui, replay=None, playing=False, screen="live" if scene.ui.screen == "replay" else scene.ui.screen
    ),
}
