"""The text of the panes of the experiment screen. Pure."""

from functools import lru_cache

from journal.projections.runs import Run
from tui.model.incumbents import ancestors
from tui.model.snapshot import ExperimentDetail
from tui.model.view import View
from tui.state.ui import Scene
from tui.terminal.formatting import (
    STATUS_ROLE,
    clip,
    count,
    dollars,
    duration,
    memory,
    number,
    sanitize,
    sanitize_lines,
    signed,
    wrap,
)
from tui.widgets.diff import StyledText, diff_lines

MAX_ANCESTORS = 12
INDENT = " " * 7  # below "run 1"


def pane_lines(scene: Scene, detail: ExperimentDetail, pane: str, *, width: int) -> tuple[StyledText, ...]:
    """The lines of a pane of text."""
    match pane:
        case "diff":
            own = detail.proposal.diff if detail.proposal else ""
            diff = scene.data.baseline_diff if scene.ui.is_from_baseline else own
            return diff_lines(diff) if diff else ((("No diff: nothing was changed.", "dim"),),)
        case "log":
            return tuple(((line, "accent" if line.startswith("── ") else ""),) for line in scene.data.log)
        case "runs":
            return _run_lines(detail, width=width)
        case "trace":
            return _trace_lines(detail)
        case "prompt":
            return (*_proposal_lines(detail), *_transcript_lines(scene.data.transcript, width))
        case _:
            return _lineage_lines(scene.snapshot.view, detail, width=width)


def _run_lines(detail: ExperimentDetail, *, width: int) -> tuple[StyledText, ...]:
    lines: list[StyledText] = []
    for run in detail.runs:
        outcome = f"{number(run.metric)} ({run.trust})" if run.metric is not None else (run.failure or "running")
        role = {"finished": "good", "failed": "bad"}.get(run.status, "accent")
        lines.append(((f"run {run.run}  {run.purpose}, seed {run.seed}: ", "strong"), (sanitize(outcome), role)))
        facts = ", ".join(filter(None, _run_facts(run)))
        lines += (((f"{INDENT}{line}", "dim"),) for line in wrap(facts, max(10, width - len(INDENT))))
    return tuple(lines) or ((("No run yet.", "dim"),),)


def _run_facts(run: Run) -> tuple[str, ...]:
    budget = duration(run.budget)
    return (
        f"{budget} to train" if run.status == "running" else f"trained {duration(run.train_seconds)} of {budget}",
        f"wall {duration(run.wall_seconds)}" if run.status != "running" else "",
        f"{count(run.steps)} steps" if run.steps is not None else "",
        f"{count(run.tokens)} tokens" if run.tokens is not None else "",
        memory(run.peak_memory) if run.peak_memory is not None else "",
        sanitize(run.device),
        run.isolation,
    )


def _trace_lines(detail: ExperimentDetail) -> tuple[StyledText, ...]:
    run = detail.failed_run
    if run is None:
        return ((("No run failed.", "dim"),),)
    exit_code = f", exit code {run.exit_code}" if run.exit_code is not None else ""
    head: StyledText = ((f"run {run.run}, {run.failure}{exit_code}: ", "strong"), (sanitize(run.reason), "bad"))
    return (head, *(((line, ""),) for line in sanitize_lines(run.trace.rstrip("\n"))))


def _proposal_lines(detail: ExperimentDetail) -> tuple[StyledText, ...]:
    experiment, proposal = detail.experiment, detail.proposal
    rows = [
        ("proposer", experiment.proposer),
        ("model", experiment.model or "none"),
        ("attempts", f"{experiment.attempts}, {experiment.refusals} refused"),
        ("cost", dollars(experiment.dollars)),
        ("tokens", f"{count(experiment.tokens_in)} in, {count(experiment.tokens_out)} out"),
    ]
    if proposal is not None:
        rows += [
            ("took", duration(proposal.usage.seconds)),
            ("expected Δ", signed(proposal.expected_delta)),
            ("request", f"{proposal.prompt_key}, below" if proposal.prompt_key else "none"),
            ("retry of", f"#{proposal.retry_of}: {proposal.retry_reason}" if proposal.retry_of else "none"),
            ("similar to", ", ".join(f"#{number}" for number in proposal.neighbours) or "no earlier experiment"),
        ]
    lines: list[StyledText] = [((f"{name:<11}", "dim"), (sanitize(str(value)), "")) for name, value in rows]
    for refusal in detail.refusals:
        reason = sanitize(f"{refusal.rule}: {refusal.reason}")
        lines.append(((f"refused {refusal.attempt} ", "warn"), (reason, "")))
    return tuple(lines)


@lru_cache(maxsize=2)
def _transcript_lines(transcript: tuple[str, ...], width: int) -> tuple[StyledText, ...]:
    """The requests and answers, wrapped; ━━ begins a request, and ── a part of it."""
    lines: list[StyledText] = [()] if transcript else []
    for line in transcript:
        role = "strong" if line.startswith("━━") else "accent" if line.startswith("── ") else ""
        lines += (((part, role),) for part in wrap(line, width))
    return tuple(lines)


def _lineage_lines(view: View, detail: ExperimentDetail, *, width: int) -> tuple[StyledText, ...]:
    """The experiments whose changes it includes, the nearest first."""
    experiment = detail.experiment
    row = view.find(experiment.session, experiment.number)
    if row is None:
        return ()
    rows = ancestors(view.ledger, row, limit=MAX_ANCESTORS + 1)
    title = f"#{experiment.number} builds on" if rows else "It builds on no other experiment."
    lines: list[StyledText] = [((title, "strong"),)]
    for ancestor in map(view.row, rows[:MAX_ANCESTORS]):
        delta = signed(ancestor.delta) if ancestor.delta is not None else "baseline"
        veto = "vetoed  " if ancestor.label == "vetoed" else ""
        text = f"#{ancestor.number:<6} {number(ancestor.metric)}  {delta:>9}  {veto}"
        idea = clip(sanitize(ancestor.idea), max(10, width - len(text)))
        lines.append(((text, STATUS_ROLE[ancestor.status]), (idea, "")))
    if len(rows) > MAX_ANCESTORS:
        lines.append((("and earlier experiments", "dim"),))
    return tuple(lines)
