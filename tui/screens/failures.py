"""Failures: clusters by error with counts, or what a search found, and the tail of one trace. Pure."""

from tui.model.failure_clusters import clusters
from tui.state.ui import Scene
from tui.terminal.formatting import clip, count, pad, sanitize, sanitize_lines
from tui.terminal.frame import Frame
from tui.widgets.chrome import HEADER
from tui.widgets.table import window


def paint(frame: Frame, scene: Scene) -> None:
    """The list above, the trace below."""
    lines = _hits(scene) if scene.ui.search else _clusters(scene)
    failures = scene.snapshot.view.failures
    title = f"{count(failures)} failed run{'' if failures == 1 else 's'}"
    if scene.ui.search:
        title = f"{count(len(lines))} found for {sanitize(scene.ui.search)}"
    frame.rule(HEADER, clip(title, frame.width - 4))
    if not lines:
        words = scene.loaded.hits_error or ("Nothing found; esc clears." if scene.ui.search else "Nothing failed yet.")
        frame.put(1, HEADER + 1, clip(sanitize(words), frame.width - 2), "dim")
        return
    height = min(len(lines), max(4, (frame.height - HEADER - 3) // 2))
    cursor = min(scene.ui.cluster, len(lines) - 1)
    top = window(cursor, total=len(lines), height=height)
    for y, (left, right) in enumerate(lines[top : top + height], start=HEADER + 1):
        x = frame.put(1, y, left, "bad")
        frame.put(x, y, clip(right, frame.width - x))
    frame.put(0, HEADER + 1 + cursor - top, "▌", "accent")
    frame.mark(HEADER + 1 + cursor - top, "cursor")
    _paint_trace(frame, HEADER + 1 + height, scene)


def _clusters(scene: Scene) -> list[tuple[str, str]]:
    view = scene.snapshot.view
    return [
        (
            f"{count(one.count):>6}× {pad(sanitize(one.kind), 9)} ",
            f"{sanitize(one.signature) or '(no signature)'}  last #{view.ledger.number[one.last_row]}",
        )
        for one in clusters(view)
    ]


def _hits(scene: Scene) -> list[tuple[str, str]]:
    return [(f"#{hit.experiment:<6} {pad(sanitize(hit.kind), 9)} ", sanitize(hit.snippet)) for hit in scene.loaded.hits]


def _paint_trace(frame: Frame, y: int, scene: Scene) -> None:
    detail = scene.loaded.detail
    failed = [run for run in detail.runs if run.status == "failed"] if detail else []
    if detail is None or not failed:
        return
    run = failed[-1]
    frame.rule(y, clip(f"#{detail.experiment.number} {sanitize(detail.experiment.idea)}", frame.width - 6))
    height = frame.height - y - 2
    lines = sanitize_lines((run.trace or run.reason).rstrip("\n"))
    for row, line in enumerate(lines[-height:], start=y + 1):
        frame.put(1, row, clip(line, frame.width - 1))
