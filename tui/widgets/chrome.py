"""What lies below every screen: the footer with the keys, and notices above it. Pure.

Nothing here wraps; parts that do not fit are left out.
"""

from tui.state.keys import SCREENS, Key, available
from tui.state.labels import label, will_pause
from tui.state.ui import Scene
from tui.terminal.formatting import clip, count, sanitize
from tui.terminal.frame import Frame
from tui.widgets.header import SHORT_LINES, header_lines

ALWAYS = ("help", "quit")  # actions that the footer always names


def paint_footer(frame: Frame, scene: Scene) -> None:
    """The keys of this screen; if the header has no tabs, the screen's number at the right."""
    y, stop = frame.height - 1, frame.width
    if header_lines(frame.height) == SHORT_LINES:
        tab = f" {SCREENS.index(scene.ui.screen) + 1} {scene.ui.screen} "
        stop = frame.put_right(frame.width, y, tab, "tab") - 1
    is_replay = scene.ui.replay is not None
    keys = list(available(scene.ui.screen, is_readonly=scene.ui.display.is_readonly, is_replay=is_replay))
    session = scene.snapshot.view.session
    must_resume = session is not None and will_pause(session)
    always = [key for key in keys if key.action in ALWAYS or (must_resume and key.action == "pause")]
    reserved = sum(_footer_width(key, scene) for key in always)
    x = 0
    for key in keys:
        if key.in_footer and key not in always and _is_useful(key, scene):
            x = _put_key(frame, x, y, key, scene, stop=stop - reserved)
    for key in always:
        x = _put_key(frame, x, y, key, scene, stop=stop)


def _is_useful(key: Key, scene: Scene) -> bool:
    """Whether there is anything that the key could act on."""
    view = scene.snapshot.view
    if key.is_control:
        return view.session is not None and view.session.state.name != "ended"
    return not key.needs_several or len(view.active_rows) > 1


def _footer_width(key: Key, scene: Scene) -> int:
    return len(key.shown) + len(label(key, scene)) + 3


def _put_key(frame: Frame, x: int, y: int, key: Key, scene: Scene, *, stop: int) -> int:
    width = _footer_width(key, scene)
    if x + width > stop:
        return x
    frame.add_target(x, y, width - 2, ("key", key.names[0]))
    return frame.put_parts(x, y, (key.shown, "key"), (f" {label(key, scene)}  ", "dim"))


def paint_notices(frame: Frame, scene: Scene) -> None:
    """At most two notices above the footer, over the lines of the screen."""
    for y, (text, role) in zip((frame.height - 2, frame.height - 3), notices(scene), strict=False):
        frame.clear(y)
        frame.put(0, y, clip(f" {text}", frame.width), role)


def notices(scene: Scene) -> list[tuple[str, str]]:
    """The last message, an error, and the replayed position; the lowest line first."""
    snapshot, ui = scene.snapshot, scene.ui
    found = [(sanitize(ui.message), "banner"), (sanitize(snapshot.read_error), "banner")]
    if ui.replay is not None:
        position = f"position {count(snapshot.view.position)} of {count(snapshot.head)}"
        time = (
            scene.clock(snapshot.recorded_at, with_seconds=True) if snapshot.recorded_at else "before the first event"
        )
        found.append((f"REPLAY {time}, {position}: L goes live, control keys off", "banner"))
    return [(text, role) for text, role in found if text]
