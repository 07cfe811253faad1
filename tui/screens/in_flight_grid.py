"""Many experiments in flight as a grid: number, progress and distance from the incumbent, a cell each. Pure."""

from collections.abc import Sequence

from tui.model.loss_curves import difference
from tui.model.snapshot import ActiveExperiment
from tui.state.ui import Scene
from tui.terminal.formatting import pad, sanitize, signed
from tui.terminal.frame import Frame
from tui.widgets.plot import Box
from tui.widgets.progress import bar, share_text, short_progress
from tui.widgets.styled import paint_styled

BAR = 5  # cells of a wide cell
WIDE, NARROW = 30, 21  # cells
EIGHTHS = " ▁▂▃▄▅▆▇█"


def paint(frame: Frame, box: Box, scene: Scene, others: Sequence[ActiveExperiment]) -> int:
    """Wide cells if all fit, else narrow ones; what does not fit is counted. Returns the line after the grid."""
    columns = max(1, box.width // WIDE)
    is_wide = -(-len(others) // columns) <= box.height
    columns = columns if is_wide else max(1, box.width // NARROW)
    width, room = box.width // columns, columns * box.height
    shown = others if len(others) <= room else others[: room - 1]
    for index, active in enumerate(shown):
        x, y = box.x + index % columns * width, box.y + index // columns
        paint_styled(frame, x + 1, y, _cell(scene, active, is_wide=is_wide), width=width - 1)
        frame.add_target(x, y, width, ("row", active.row))
        if scene.ui.cursor == active.row:
            frame.add_role(y, "cursor", x=x, width=width - 1)
    if len(shown) < len(others):
        x, y = box.x + len(shown) % columns * width, box.y + len(shown) // columns
        frame.put(x + 1, y, f"and {len(others) - len(shown)} more", "dim")
    return box.y + min(box.height, -(-len(others) // columns))


def _cell(scene: Scene, active: ActiveExperiment, *, is_wide: bool) -> tuple[tuple[str, str], ...]:
    number = pad(f"#{active.experiment.number}", 6)
    if active.run is None:
        return (number, "strong"), ("preparing", "dim")
    words, share = short_progress(scene, active, active.run)
    distance = None if active.is_of_incumbent else difference(active.curve, scene.snapshot.incumbent_curve)
    gain = signed(distance.value) if distance else words
    role = "dim" if distance is None or not distance.is_clear else "good" if distance.value < 0 else "bad"
    progress = bar(share, BAR) if is_wide else ((EIGHTHS[round(share * (len(EIGHTHS) - 1))], "bar"),)
    device = f" {sanitize(active.run.device)}" if is_wide and active.run.device else ""
    return (number, "strong"), *progress, (share_text(share), ""), (f" {gain}", role), (device, "dim")
