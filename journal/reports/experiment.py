"""A report of one experiment: idea, hypothesis, diff, runs, verdict, and its chain of parents. Pure."""

import msgspec

from journal.console.local_time import local_time
from journal.console.text import one_line, strip_controls
from journal.errors import JournalMissing
from journal.events import IdeaProposed, Verdict
from journal.events.recorded import Recorded
from journal.projections.experiments import Experiment
from journal.projections.lineage import lineage
from journal.projections.runs import Run
from journal.projections.state import State
from journal.reports.figures import format_metric
from journal.reports.narration import verdict_sentence


class ExperimentReport(msgspec.Struct, frozen=True, kw_only=True):
    """`lineage` is the chain of experiments from the parent back to the baseline."""

    experiment: Experiment
    diff: str
    verdict: str
    runs: list[Run]
    lineage: list[Experiment]


def experiment_report(state: State, events: list[Recorded], *, session: str, experiment: int) -> ExperimentReport:
    """The report, from the fold and the experiment's own stream. Raises JournalMissing for an unknown number."""
    row = state.experiments.rows.get((session, experiment))
    if row is None:
        raise JournalMissing(
            f"Session {session} has no experiment {experiment}: see `ar-journal log`, or name another --session."
        )
    proposals = [recorded.event for recorded in events if isinstance(recorded.event, IdeaProposed)]
    verdicts = [recorded.event for recorded in events if isinstance(recorded.event, Verdict)]
    return ExperimentReport(
        experiment=row,
        diff=proposals[-1].diff if proposals else "",
        verdict=verdict_sentence(verdicts[-1]) if verdicts else "not decided yet",
        runs=[run for key, run in state.runs.rows.items() if key[:2] == (session, experiment)],
        lineage=lineage(state, session, row.parent),
    )


def render_experiment(report: ExperimentReport) -> str:
    """The report as a person reads it on a terminal."""
    row = report.experiment
    lines = [
        f"#{row.number} {row.status}: {one_line(row.idea)}",
        f"session {row.session} · {row.kind} · by {one_line(row.model or row.proposer)} · {_time(row.proposed_at)}",
        f"commit {row.commit or '–'} on {row.parent or '–'}",
        "",
        strip_controls(row.hypothesis) or "No hypothesis was given.",
        "",
        f"Verdict: {report.verdict}",
        *(["Rule: " + strip_controls(row.rule)] if row.rule else []),
        "",
        *(_run(run, row.sigma) for run in report.runs),
        "",
        "Parents: " + (" ← ".join(map(_ancestor, report.lineage)) or "none"),
        "",
        strip_controls(report.diff).rstrip("\n") or "No diff.",
    ]
    return "\n".join(lines)


def _time(at: str | None) -> str:
    return "–" if at is None else local_time(at)


def _run(run: Run, sigma: float | None) -> str:
    outcome = (
        f"{format_metric(run.metric, sigma)} ({run.trust})" if run.status == "finished" else run.failure or run.status
    )
    line = f"run {run.run}: {run.purpose}, seed {run.seed}, {outcome}, {run.train_seconds:.0f} s of training"
    line += f", {one_line(run.numbers)}" if run.numbers else ""
    return line + (f"\n  {one_line(run.reason)}" if run.reason else "")


def _ancestor(row: Experiment) -> str:
    return f"#{row.number} {one_line(row.idea, width=40)} ({format_metric(row.metric, row.sigma)})"
