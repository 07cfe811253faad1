"""The text that `y` copies: of the item under the cursor. Pure."""

from tui.state import cursor
from tui.state.ui import Scene
from tui.terminal.formatting import number, sigmas, signed


def text_to_copy(scene: Scene) -> str:
    """The text for the clipboard; empty if there is none. It is the journal's own text, not sanitized."""
    ui, detail = scene.ui, scene.data.detail
    if ui.screen == "sql":
        return _result(scene)
    if ui.screen == "experiment" and not ui.is_comparing:
        return _pane(scene)
    if ui.screen == "failures":
        return detail.failed_run.trace if detail and detail.failed_run else ""
    row = cursor.row_under_cursor(scene)
    return "" if row is None else _line(scene, row)


def _result(scene: Scene) -> str:
    result = scene.ui.sql.result
    if result is None:
        return ""
    rows = ("\t".join("" if value is None else str(value) for value in row) for row in result.rows)
    return "\n".join(["\t".join(result.columns), *rows]) + "\n"


def _pane(scene: Scene) -> str:
    detail, data = scene.data.detail, scene.data
    if detail is None:
        return ""
    lines = {"log": data.log, "prompt": data.transcript}.get(scene.ui.pane, ())
    if lines:
        return "\n".join(lines) + "\n"
    match scene.ui.pane:
        case "diff":
            own = detail.proposal.diff if detail.proposal else ""
            return data.baseline_diff if scene.ui.is_from_baseline else own
        case "trace":
            return detail.failed_run.trace if detail.failed_run else ""
        case _:
            return detail.experiment.commit or detail.experiment.idea


def _line(scene: Scene, index: int) -> str:
    row = scene.snapshot.view.row(index)
    return "\t".join(
        (f"#{row.number}", row.status, number(row.metric), signed(row.delta), sigmas(row.gain), row.idea, row.knobs)
    )
