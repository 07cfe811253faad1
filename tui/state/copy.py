"""What `y` takes: the text of what the cursor is on. Pure."""

from tui.state import cursor
from tui.state.ui import Scene
from tui.terminal.formatting import number, sigmas, signed


def to_copy(scene: Scene) -> str:
    """The text to put on the clipboard; empty where there is none. It is the journal's own text, not sanitized."""
    ui = scene.ui
    if ui.screen == "sql":
        return _answer(scene)
    if ui.screen == "experiment" and not ui.comparing:
        return _pane(scene)
    if ui.screen == "failures":
        run = scene.loaded.detail.run if scene.loaded.detail else None
        return run.trace if run else ""
    row = cursor.under_cursor(scene)
    return "" if row is None else _line(scene, row)


def _answer(scene: Scene) -> str:
    answer = scene.ui.sql.answer
    if answer is None:
        return ""
    rows = ("\t".join("" if value is None else str(value) for value in row) for row in answer.rows)
    return "\n".join(["\t".join(answer.columns), *rows]) + "\n"


def _pane(scene: Scene) -> str:
    detail = scene.loaded.detail
    if detail is None:
        return ""
    match scene.ui.pane:
        case "diff":
            return detail.proposal.diff if detail.proposal else ""
        case "trace":
            return detail.run.trace if detail.run else ""
        case "prompt" if scene.loaded.asked:
            return "\n".join(scene.loaded.asked) + "\n"
        case _:
            return detail.experiment.commit or detail.experiment.idea


def _line(scene: Scene, index: int) -> str:
    row = scene.snapshot.view.row(index)
    return "\t".join(
        (f"#{row.number}", row.status, number(row.metric), signed(row.delta), sigmas(row.gain), row.idea, row.knobs)
    )
