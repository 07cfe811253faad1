"""Paints a frame: a pure function of the scene (the journal at a position, the user's choices, the time) and the size."""

from collections.abc import Callable, Mapping

from tui.screens import experiment, failures, history, live, overlays, replay, sql
from tui.state.ui import Scene
from tui.terminal.formatting import clip
from tui.terminal.frame import Frame
from tui.widgets.chrome import paint_footer, paint_notices
from tui.widgets.header import header_lines, paint_header
from tui.widgets.status_lines import status_lines

MIN_WIDTH, MIN_HEIGHT = 60, 16
FOOTER = 1  # lines

PAINTERS: Mapping[str, Callable[[Frame, Scene], None]] = {
    "live": live.paint,
    "history": history.paint,
    "experiment": experiment.paint,
    "failures": failures.paint,
    "sql": sql.paint,
    "replay": replay.paint,
}


def _paint_body(frame: Frame, scene: Scene) -> None:
    """The screen between header and footer; one line shorter in replay, because the replay notice is always there."""
    top = header_lines(frame.height)
    height = frame.height - top - FOOTER - (scene.ui.replay is not None)
    body = Frame(frame.width, height, is_ascii=frame.is_ascii)
    PAINTERS[scene.ui.screen](body, scene)
    frame.paste(body, y=top)


def paint(scene: Scene, *, width: int, height: int) -> Frame:
    """The whole frame. Below 60×16 it is plain status lines."""
    frame = Frame(width, height, is_ascii=scene.ui.display.is_ascii)
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        for y, line in enumerate(status_lines(scene.snapshot, now=scene.now, is_replay=scene.ui.replay is not None)):
            frame.put(0, y, clip(line, width))
        return frame
    paint_header(frame, scene)
    _paint_body(frame, scene)
    paint_notices(frame, scene)
    paint_footer(frame, scene)
    overlays.paint(frame, scene)
    return frame
