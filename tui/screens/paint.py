"""A screen is a pure function of (the fold at a position, the person's choices, the clock, the size)."""

from collections.abc import Callable, Mapping

from tui.screens import experiment, failures, history, live, overlays, replay, sql
from tui.state.ui import Scene
from tui.terminal.formatting import clip
from tui.terminal.frame import Frame
from tui.widgets.chrome import HEADER, paint_footer, paint_header, paint_notices
from tui.widgets.status_lines import status_lines

WIDTH_LEAST, HEIGHT_LEAST = 60, 16

Painter = Callable[[Frame, Scene], None]

PAINTERS: Mapping[str, Painter] = {
    "live": live.paint,
    "history": history.paint,
    "experiment": experiment.paint,
    "failures": failures.paint,
    "sql": sql.paint,
    "replay": replay.paint,
}


def _paint_body(frame: Frame, scene: Scene) -> None:
    """The screen between header and footer; the notice that stands all through a replay hides none of its lines."""
    body = Frame(frame.width, frame.height - (scene.ui.replay is not None))
    PAINTERS[scene.ui.screen](body, scene)
    frame.chars[HEADER : body.height], frame.roles[HEADER : body.height] = body.chars[HEADER:], body.roles[HEADER:]


def paint(scene: Scene, *, width: int, height: int) -> Frame:
    """The whole frame. Below 60×16 it is plain status lines."""
    frame = Frame(width, height)
    if width < WIDTH_LEAST or height < HEIGHT_LEAST:
        for y, line in enumerate(status_lines(scene.snapshot, now=scene.now)):
            frame.put(0, y, clip(line, width))
    else:
        paint_header(frame, scene)
        _paint_body(frame, scene)
        paint_notices(frame, scene)
        paint_footer(frame, scene)
        overlays.paint(frame, scene)
    if scene.ui.look.ascii:
        frame.make_ascii()
    return frame
