"""The failures screen: failed runs by error, the experiments of one error, or the results of a search; and a trace. Pure."""

from tui.model.failure_clusters import cluster_members, failure_clusters
from tui.screens import preview
from tui.screens.text_pane import paint_text
from tui.state.ui import Scene
from tui.terminal.formatting import clip, count, pad, sanitize, sanitize_lines
from tui.terminal.frame import Frame
from tui.widgets.panel import panel
from tui.widgets.plot import Box
from tui.widgets.styled import paint_styled
from tui.widgets.table import first_line

Line = tuple[tuple[str, str], ...]

MIN_LIST = 4  # lines
IDEA = 30  # cells of an idea beside a match


def paint(frame: Frame, scene: Scene) -> None:
    """The list above, the trace below."""
    box = Box(x=0, y=0, width=frame.width, height=frame.height)
    if scene.snapshot.events_read is not None:
        panel(frame, box, "reading the journal")
        return
    title, lines = _list(scene)
    if not lines:
        inner = panel(frame, box, title)
        empty = "No failure matches; esc clears the search." if scene.ui.search else "No run has failed yet."
        frame.put(inner.x, inner.y, clip(sanitize(scene.data.search_error or empty), inner.width), "dim")
        return
    box, beside = preview.split(frame, box)
    if beside is not None:
        preview.paint(frame, beside, scene)
    height = min(len(lines) + 2, max(MIN_LIST, frame.height // 2))
    inner = panel(frame, Box(x=0, y=0, width=box.width, height=height), title, right=_hint(scene))
    cursor = min(scene.ui.failure, len(lines) - 1)
    top = first_line(cursor, total=len(lines), height=inner.height)
    for index, line in enumerate(lines[top : top + inner.height], start=top):
        y = inner.y + index - top
        paint_styled(frame, inner.x, y, line, width=inner.width)
        frame.add_target(0, y, box.width, ("failure", index))
    y = inner.y + cursor - top
    frame.put(inner.x - 1, y, "▌", "accent")
    frame.add_role(y, "cursor", x=inner.x - 1, width=inner.width + 1)
    _paint_trace(frame, Box(x=0, y=height, width=box.width, height=frame.height - height), scene)


def _hint(scene: Scene) -> str:
    if scene.ui.search:
        return "enter opens the experiment"
    return "enter opens the experiment, esc goes back" if scene.ui.cluster else "enter lists the experiments"


def _list(scene: Scene) -> tuple[str, list[Line]]:
    """The title of the list, and its lines."""
    ui = scene.ui
    if ui.search:
        return _search_title(scene), _hits(scene)
    if ui.cluster is not None:
        members = _members(scene)
        return f"{count(len(members))} with {sanitize(ui.cluster[1] or ui.cluster[0])}", members
    failures = scene.snapshot.view.failure_count
    return f"{count(failures)} failed run{'' if failures == 1 else 's'}", _clusters(scene)


def _search_title(scene: Scene) -> str:
    shown, total = len(scene.data.hits), scene.data.hit_count
    number = count(shown) if shown == total else f"{count(shown)} of {count(total)}"
    return f"{number} result{'' if total == 1 else 's'} for {sanitize(scene.ui.search)}"


def _clusters(scene: Scene) -> list[Line]:
    view = scene.snapshot.view
    return [
        (
            (f"{count(cluster.count):>6}× {pad(sanitize(cluster.kind), 9)} ", "bad"),
            (sanitize(cluster.signature) or "(no signature)", ""),
            (f"  last #{view.ledger.number[cluster.last_row]}", "dim"),
        )
        for cluster in failure_clusters(view)
    ]


def _members(scene: Scene) -> list[Line]:
    view, key = scene.snapshot.view, scene.ui.cluster
    rows = cluster_members(view, key) if key else ()
    with_session = view.session_count > 1
    return [
        (
            (f"#{view.ledger.number[row]:<6} ", "bad"),
            (f"{pad(sanitize(view.ledger.session[row]), 10)} " if with_session else "", "dim"),
            (sanitize(view.proposal(row)[0]), ""),
        )
        for row in rows
    ]


def _hits(scene: Scene) -> list[Line]:
    view = scene.snapshot.view
    lines: list[Line] = []
    for hit in scene.data.hits:
        row = view.find(hit.session, hit.experiment)
        idea = view.proposal(row)[0] if row is not None else ""
        lines.append(
            (
                (f"#{hit.experiment:<6} {pad(sanitize(hit.kind), 9)} ", "bad"),
                (f"{pad(sanitize(idea), IDEA)}  ", ""),
                (sanitize(hit.snippet), "dim"),
            )
        )
    return lines


def _paint_trace(frame: Frame, box: Box, scene: Scene) -> None:
    """The end of the trace of the run under the cursor."""
    detail = scene.data.detail
    run = detail.failed_run if detail else None
    if detail is None or run is None or box.height < 2:
        return
    lines = tuple(((line, ""),) for line in sanitize_lines((run.trace or run.reason).rstrip("\n")))
    title = f"#{detail.experiment.number} {sanitize(detail.experiment.idea)}"
    paint_text(frame, box, scene, lines, title=title, is_end_first=True)
