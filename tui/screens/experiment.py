"""Experiment: one idea from proposal to verdict, in panes; or several of them over one another. Pure."""

from functools import lru_cache

from tui.model.incumbents import ancestors
from tui.model.ledger import MOVED
from tui.model.snapshot import Detail
from tui.model.view import View
from tui.screens import comparison
from tui.state.ui import PANES, Scene
from tui.terminal.formatting import (
    STATUS_ROLE,
    STATUS_SIGN,
    clip,
    count,
    dollars,
    duration,
    memory,
    number,
    sanitize,
    sanitize_lines,
    sigmas,
    signed,
    wrap,
)
from tui.terminal.frame import Frame
from tui.widgets.chrome import HEADER
from tui.widgets.curves import paint_loss
from tui.widgets.diff import StyledText, diff_lines, paint_lines
from tui.widgets.plot import Box

BESIDE = 140  # columns from which a pane and the curve stand side by side
LINEAGE = 12  # ancestors shown
INDENT = " " * 7  # below "run 1"


def paint(frame: Frame, scene: Scene) -> None:
    """Title, verdict in words, the names of the panes, and one of them."""
    if scene.ui.comparing:
        comparison.paint(frame, scene)
        return
    detail = scene.loaded.detail
    if detail is None:
        frame.put(1, HEADER + 1, "No experiment chosen: press 2 and enter on one.", "dim")
        return
    y = HEADER if scene.ui.zoom else _paint_head(frame, detail)
    _paint_tabs(frame, y, scene)
    box = Box(x=0, y=y + 1, width=frame.width, height=frame.height - y - 2)
    if frame.width >= BESIDE and scene.ui.pane != "curve":
        half = frame.width // 2
        _paint_pane(frame, Box(x=0, y=box.y, width=half - 1, height=box.height), scene, detail, scene.ui.pane)
        _paint_pane(frame, Box(x=half, y=box.y, width=frame.width - half, height=box.height), scene, detail, "curve")
    else:
        _paint_pane(frame, box, scene, detail, scene.ui.pane)


def _paint_head(frame: Frame, detail: Detail) -> int:
    """Up to eight lines; the line after them."""
    one = detail.experiment
    word = "vetoed" if one.vetoed else "moved" if one.rule == MOVED else one.status
    frame.rule(HEADER, f"#{one.number} {STATUS_SIGN[one.status]} {word}")
    origin = f" {one.kind} by {one.proposer} on {(one.parent or '')[:7]}{_of_another(detail)} "
    frame.put_right(frame.width - 1, HEADER, clip(sanitize(origin), frame.width - 24), "dim")
    y = HEADER + 1
    for line in wrap(sanitize(one.idea), frame.width - 2, limit=2):
        frame.put(1, y, line, "strong")
        y += 1
    if one.hypothesis:
        for line in wrap(sanitize(one.hypothesis), frame.width - 2, limit=2):
            frame.put(1, y, line, "dim")
            y += 1
    for line in wrap(verdict_words(detail), frame.width - 2, limit=3):
        frame.put(1, y, line, STATUS_ROLE[one.status])
        y += 1
    return y


def _of_another(detail: Detail) -> str:
    """The experiment that it takes back, or tries once more."""
    if detail.experiment.takes_back is not None:
        return f", takes #{detail.experiment.takes_back} back"
    again = detail.proposal.retry_of if detail.proposal else None
    return "" if again is None else f", tries #{again} again"


def verdict_words(detail: Detail) -> str:
    """Why it was kept or not, with its numbers."""
    one = detail.experiment
    if one.status == "open":
        refused = f" {len(detail.refusals)} proposals refused before it." if detail.refusals else ""
        return f"No verdict yet.{refused}"
    words = sanitize(one.reason)
    if one.metric is not None:
        words += f": {number(one.metric)}"
        if one.incumbent is not None:
            words += f" against {number(one.incumbent)}, {signed(one.delta)}"
        if one.gain_sigma is not None:
            words += f", a gain of {sigmas(one.gain_sigma)} (σ {number(one.sigma)})"
    return f"{words}. Rule: {sanitize(one.rule)}." if one.rule else f"{words}."


def _paint_tabs(frame: Frame, y: int, scene: Scene) -> None:
    frame.rule(y)
    x = 1
    for pane in PANES:
        x = frame.put(x, y, f" {pane} ", "cursor" if pane == scene.ui.pane else "dim")


def _paint_pane(frame: Frame, box: Box, scene: Scene, detail: Detail, pane: str) -> None:
    if pane == "curve":
        _paint_curve(frame, box, scene, detail)
        return
    lines = pane_lines(scene, detail, pane, width=box.width - 2)
    top = min(scene.ui.line, max(0, len(lines) - box.height))
    paint_lines(frame, box.y, lines, top=top, x=box.x + 1, width=box.width - 2, height=box.height)
    if len(lines) > box.height:
        frame.put_right(
            box.x + box.width, box.y - 1, f" {top + 1}-{min(len(lines), top + box.height)} of {len(lines)} ", "dim"
        )


def _paint_curve(frame: Frame, box: Box, scene: Scene, detail: Detail) -> None:
    run = detail.run
    same = scene.snapshot.view.session and scene.snapshot.view.session.best_experiment == detail.experiment.number
    paint_loss(
        frame,
        box,
        curve=scene.loaded.curve,
        rival=() if same else scene.snapshot.rival,
        ui=scene.ui.plot,
        x_max=run.budget if run else None,
        plain=scene.ui.look.ascii,
    )


def pane_lines(scene: Scene, detail: Detail, pane: str, *, width: int) -> tuple[StyledText, ...]:
    """The lines of a pane of text."""
    match pane:
        case "diff":
            diff = detail.proposal.diff if detail.proposal else ""
            return diff_lines(diff) if diff else ((("No diff: nothing was changed.", "dim"),),)
        case "runs":
            return _runs(detail, width=width)
        case "trace":
            return _trace(detail)
        case "prompt":
            return (*_prompt(detail), *_asked(scene.loaded.asked, width))
        case _:
            return _lineage(scene.snapshot.view, detail, width=width)


def _runs(detail: Detail, *, width: int) -> tuple[StyledText, ...]:
    lines: list[StyledText] = []
    for run in detail.runs:
        outcome = f"{number(run.metric)} ({run.trust})" if run.metric is not None else (run.failure or "running")
        role = {"finished": "good", "failed": "bad"}.get(run.status, "accent")
        lines.append(((f"run {run.run}  {run.purpose}, seed {run.seed}: ", "strong"), (sanitize(outcome), role)))
        ended = run.status != "running"
        facts = [
            f"trained {duration(run.train_seconds)} of {duration(run.budget)}"
            if ended
            else f"{duration(run.budget)} to train",
            f"wall {duration(run.wall_seconds)}" if ended else "",
            f"{count(run.steps)} steps" if run.steps is not None else "",
            f"{count(run.tokens)} tokens" if run.tokens is not None else "",
            memory(run.peak_memory) if run.peak_memory is not None else "",
            sanitize(run.device),
            run.isolation,
        ]
        words = ", ".join(fact for fact in facts if fact)
        lines += (((f"{INDENT}{line}", "dim"),) for line in wrap(words, max(10, width - len(INDENT))))
    return tuple(lines) or ((("No run yet.", "dim"),),)


def _trace(detail: Detail) -> tuple[StyledText, ...]:
    failed = [run for run in detail.runs if run.status == "failed"]
    if not failed:
        return ((("No run of it failed.", "dim"),),)
    run = failed[-1]
    exit_code = f", exit code {run.exit_code}" if run.exit_code is not None else ""
    head: list[StyledText] = [((f"run {run.run}, {run.failure}{exit_code}: ", "strong"), (sanitize(run.reason), "bad"))]
    return (*head, *(((line, ""),) for line in sanitize_lines(run.trace.rstrip("\n"))))


def _prompt(detail: Detail) -> tuple[StyledText, ...]:
    one, proposal = detail.experiment, detail.proposal
    rows = [
        ("proposer", one.proposer),
        ("model", one.model or "none"),
        ("attempts", f"{one.attempts}, {one.refusals} refused"),
        ("cost", dollars(one.dollars)),
        ("tokens", f"{count(one.tokens_in)} in, {count(one.tokens_out)} out"),
    ]
    if proposal is not None:
        rows.append(("took", duration(proposal.usage.seconds)))
        rows.append(("expected", signed(proposal.expected_delta)))
        rows.append(("request", f"{proposal.prompt_key}, below" if proposal.prompt_key else "none in words"))
        rows.append(("retry of", f"#{proposal.retry_of}: {proposal.retry_reason}" if proposal.retry_of else "none"))
        rows.append(("near", ", ".join(f"#{near}" for near in proposal.neighbours) or "nothing tried before"))
    lines: list[StyledText] = [((f"{name:<10}", "dim"), (sanitize(str(value)), "")) for name, value in rows]
    refused: list[StyledText] = [
        ((f"refused {one.attempt} ", "warn"), (sanitize(f"{one.rule}: {one.reason}"), "")) for one in detail.refusals
    ]
    return (*lines, *refused)


@lru_cache(maxsize=2)
def _asked(asked: tuple[str, ...], width: int) -> tuple[StyledText, ...]:
    """The requests and answers themselves, below what is said of them; ━ and ── begin a request and a part of it."""
    lines: list[StyledText] = [()] if asked else []
    for line in asked:
        role = "strong" if line.startswith("━━") else "accent" if line.startswith("── ") else ""
        lines += (((part, role),) for part in wrap(line, width))
    return tuple(lines)


def _lineage(view: View, detail: Detail, *, width: int) -> tuple[StyledText, ...]:
    """The experiments whose changes it holds, the nearest first."""
    one = detail.experiment
    row = view.find(one.session, one.number)
    if row is None:
        return ()
    before = ancestors(view.ledger, row, limit=LINEAGE + 1)
    lines: list[StyledText] = [
        ((f"#{one.number} stands on" if before else "It stands on no other experiment.", "strong"),)
    ]
    for index in before[:LINEAGE]:
        kept = view.row(index)
        gain = signed(kept.delta) if kept.delta is not None else "baseline"
        text = f"#{kept.number:<6} {number(kept.metric)}  {gain:>9}  {'vetoed  ' if kept.word == 'vetoed' else ''}"
        lines.append(((text, STATUS_ROLE[kept.status]), (clip(sanitize(kept.idea), max(10, width - len(text))), "")))
    if len(before) > LINEAGE:
        lines.append((("and what they stand on", "dim"),))
    return tuple(lines)
