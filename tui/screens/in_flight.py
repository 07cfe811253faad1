"""The experiments in flight, as Live shows them: one in full, a line for each of the others. Pure."""

from collections.abc import Sequence

from rich.cells import cell_len

from journal.projections.runs import Run
from tui.model.session_summary import Summary
from tui.model.snapshot import Detail, Flying
from tui.state.cursor import in_full
from tui.state.ui import Scene
from tui.terminal.formatting import clip, dollars, percent, sanitize, wrap
from tui.terminal.frame import Frame
from tui.widgets.diff import StyledText
from tui.widgets.progress import bar, budget, doing, figures, loss, speed

FULL = 5  # lines of the one in full
BARRED = 100  # columns from which each of the others has a bar, too
BAR = 12  # cells of it
TIMED = 120  # columns from which its speed is told, too
IDEA_LEAST = 16  # cells that are left to an idea


def paint_flights(frame: Frame, y: int, scene: Scene, *, room: int) -> int:
    """From line y on, in at most `room` lines below the one in full; the line after them."""
    session, chosen = scene.snapshot.view.session, in_full(scene)
    if session is None:
        return y + FULL
    if chosen is None:
        _paint_idle(frame, y, session)
        return y + FULL
    _paint_full(frame, y, scene, chosen)
    others = [one for one in scene.snapshot.flying if one is not chosen]
    return _paint_others(frame, y + FULL, scene, others, room=room) if others else y + FULL


def _paint_full(frame: Frame, y: int, scene: Scene, chosen: Flying) -> None:
    """Five lines: title, idea, change, budget, figures."""
    run, several = chosen.run, len(scene.snapshot.flying) > 1
    purpose = f" ({run.purpose})" if run is not None and _is_named(run) else ""
    frame.rule(y, _name(chosen) + purpose + (_on(run) if several else ""))
    if run is not None:
        frame.put_right(frame.width - 1, y, f" {_isolation(run)} ", "warn" if run.isolation != "sandboxed" else "dim")
    frame.put(1, y + 1, clip(sanitize(chosen.experiment.idea), frame.width - 1), "strong")
    frame.put(1, y + 2, clip(_origin(chosen.detail), frame.width - 1), "dim")
    _paint_budget(frame, y + 3, scene, chosen)
    frame.put(1, y + 4, clip(figures(scene, chosen), frame.width - 1))
    if several and scene.ui.cursor == chosen.row:
        frame.put(0, y + 1, "▌", "accent")


def _name(one: Flying) -> str:
    """Its number, and which run of it, where it is not the first of a candidate."""
    return f"#{one.experiment.number}" + (f" run {one.run.run}" if one.run is not None and _is_named(one.run) else "")


def _is_named(run: Run) -> bool:
    return run.purpose != "candidate" or run.run > 1


def _on(run: Run | None) -> str:
    return f" on {sanitize(run.device)}" if run is not None and run.device else ""


def _paint_others(frame: Frame, y: int, scene: Scene, others: Sequence[Flying], *, room: int) -> int:
    """Each in a line, in columns; those without room by their numbers. The line after them."""
    shown = others if len(others) <= room else others[: room - 1]
    rows = [_cells(scene, one, width=frame.width) for one in shown]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for line, (one, row) in enumerate(zip(shown, rows, strict=True), start=y):
        x = 1
        for parts, width in zip(row, widths, strict=True):
            if width and x + width + IDEA_LEAST < frame.width:
                frame.spans(x, line, *parts)
                x += width + 2
        frame.put(x, line, clip(sanitize(one.experiment.idea), frame.width - x))
    if len(shown) < len(others):
        rest = " ".join(f"#{one.experiment.number}" for one in others[len(shown) :])
        frame.put(1, y + len(shown), clip(f"and {rest}", frame.width - 1), "dim")
    return y + min(room, len(others))


def _width(parts: StyledText) -> int:
    return sum(cell_len(text) for text, _ in parts)


def _cells(scene: Scene, one: Flying, *, width: int) -> tuple[StyledText, ...]:
    """Number, device, bar, share, what it does, loss against the incumbent's, speed."""
    head: StyledText = ((_name(one), "strong"),)
    if one.run is None:
        return head, (), (), (), (("preparing", "dim"),), (), ()
    words, share = doing(scene, one, one.run)
    return (
        head,
        ((sanitize(one.run.device), "dim"),),
        bar(share, BAR) if width >= BARRED else (),
        ((f"{percent(share):>4}", ""),),
        ((words, "dim"),),
        ((loss(scene, one), ""),),
        ((speed(one), "dim"),) if width >= TIMED else (),
    )


def _paint_idle(frame: Frame, y: int, session: Summary) -> None:
    """Nothing in flight: why, in full, and what the night is for."""
    titles = {"open": "between experiments", "paused": "paused", "ended": "the session has ended"}
    frame.rule(y, titles[session.state.name])
    lines = wrap(sanitize(session.state.reason), frame.width - 2, limit=2) if session.state.reason else []
    for row, line in enumerate(lines, start=y + 1):
        frame.put(1, row, line, "strong")
    for row, line in enumerate(wrap(sanitize(session.goal), frame.width - 2, limit=2), start=y + 1 + len(lines)):
        frame.put(1, row, line, "dim")


def _isolation(run: Run) -> str:
    return {"sandboxed": "sandboxed", "limited": "limited, not contained", "none": "no isolation"}.get(
        run.isolation, sanitize(run.isolation)
    )


def _origin(flight: Detail) -> str:
    """Change, parent, proposer, hypothesis: what fits."""
    parts = []
    if flight.proposal and flight.proposal.change.knobs and flight.experiment.kind != "baseline":
        moves = flight.proposal.change.knobs
        parts.append(", ".join(f"{move.name} {move.old or '∅'}→{move.new or '∅'}" for move in moves))
    parts.append(f"on {(flight.experiment.parent or '')[:7]}")
    parts.append(f"by {flight.experiment.proposer}")
    if flight.experiment.dollars:
        parts.append(dollars(flight.experiment.dollars))
    if flight.experiment.hypothesis:
        parts.append(flight.experiment.hypothesis)
    return sanitize(" · ".join(parts))


def _paint_budget(frame: Frame, y: int, scene: Scene, one: Flying) -> None:
    if one.run is None:
        frame.put(1, y, "proposed; no run yet", "dim")
        return
    words, share = budget(scene, one, one.run)
    x = frame.spans(1, y, *bar(share, max(10, min(40, frame.width - 46))))
    frame.put(x + 1, y, clip(f"{percent(share)}  {words}", frame.width - x - 1))
