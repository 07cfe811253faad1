"""One experiment, whole: idea, hypothesis, diff, runs, verdict in words, and the kept changes that it stands on. Pure."""

import msgspec

from journal.console.text import one_line, plain
from journal.errors import JournalMissing
from journal.events import IdeaProposed, Verdict
from journal.events.recorded import Recorded
from journal.projections.experiments import Experiment, Run
from journal.projections.lineage import lineage
from journal.projections.state import State
from journal.reports.narration import number, verdict


class Portrait(msgspec.Struct, frozen=True, kw_only=True):
    """`lineage` is the chain of experiments from the parent back to the baseline."""

    experiment: Experiment
    diff: str
    verdict: str
    runs: list[Run]
    lineage: list[Experiment]


def portray(state: State, events: list[Recorded], *, session: str, experiment: int) -> Portrait:
    """The portrait, from the fold and the experiment's own stream. Raises JournalMissing for an unknown number."""
    row = state.experiments.rows.get((session, experiment))
    if row is None:
        raise JournalMissing(
            f"Session {session} has no experiment {experiment}: see `ar-journal log`, or say --session."
        )
    proposals = [step.event for step in events if isinstance(step.event, IdeaProposed)]
    verdicts = [step.event for step in events if isinstance(step.event, Verdict)]
    return Portrait(
        experiment=row,
        diff=proposals[-1].diff if proposals else "",
        verdict=verdict(verdicts[-1]) if verdicts else "not decided yet",
        runs=[run for (tag, of, _), run in state.runs.rows.items() if (tag, of) == (session, experiment)],
        lineage=lineage(state, session, row.parent),
    )


def text(portrait: Portrait) -> str:
    """The portrait as a person reads it."""
    row = portrait.experiment
    facts = [
        f"#{row.number} {row.status}: {one_line(row.idea)}",
        f"session {row.session} · {row.kind} · by {one_line(row.model or row.proposer)} · {row.proposed_at or '–'}",
        f"commit {row.commit or '–'} on {row.parent or '–'}",
        "",
        plain(row.hypothesis) or "No hypothesis was given.",
        "",
        f"Verdict: {portrait.verdict}",
        *(["Rule: " + plain(row.rule)] if row.rule else []),
        "",
        *map(_run, portrait.runs),
        "",
        "Stands on: " + (" ← ".join(map(_ancestor, portrait.lineage)) or "nothing"),
        "",
        plain(portrait.diff).rstrip("\n") or "No diff.",
    ]
    return "\n".join(facts)


def _run(run: Run) -> str:
    outcome = f"{number(run.metric)} ({run.trust})" if run.status == "finished" else run.failure or run.status
    words = f"run {run.run}: {run.purpose}, seed {run.seed}, {outcome}, {run.train_seconds:.0f} s of training"
    words += f", {one_line(run.numbers)}" if run.numbers else ""
    return words + (f"\n  {one_line(run.reason)}" if run.reason else "")


def _ancestor(row: Experiment) -> str:
    return f"#{row.number} {one_line(row.idea, width=40)} ({number(row.metric)})"
