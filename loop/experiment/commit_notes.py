"""A note on each kept commit: what it measured, and where the journal stood at its verdict.

    git log --notes='autoresearch/*' autoresearch/TAG

The metric is known after the commit, which its verdict may not change: so it stands in a note. The position and hash of
the verdict's event let `ar-journal verify` find a journal that was rewritten afterwards.
"""

from datetime import datetime

from journal.events import ExperimentKept
from journal.events.recorded import Recorded
from loop.runtime.session_journal import SessionJournal
from loop.workspace import Workspace


def note(journal: SessionJournal, workspace: Workspace, *, metric: str) -> None:
    """Write the notes that are missing: none, one after a verdict, or several where a loop was killed."""
    tag = journal.tag
    kept = {row.number: row.commit for row in journal.rows() if row.status == "keep"}
    have = workspace.noted(tag)
    verdicts = [_verdict(journal, number) for number, commit in kept.items() if commit not in have]
    if verdicts:
        texts = {event.commit: _text(recorded, event, metric=metric) for recorded, event in verdicts}
        workspace.note(tag, texts, when=datetime.fromisoformat(verdicts[-1][0].recorded_at))


def _verdict(journal: SessionJournal, number: int) -> tuple[Recorded, ExperimentKept]:
    found = ((kept, kept.event) for kept in journal.history(number))
    return next((kept, event) for kept, event in found if isinstance(event, ExperimentKept))


def _text(recorded: Recorded, event: ExperimentKept, *, metric: str) -> str:
    gain = "" if event.gain_sigma is None else f"Gain: {event.gain_sigma:.2f} sigma\n"
    sigma = "" if event.sigma is None else f"Sigma: {event.sigma:.6g}\n"
    return (
        f"Experiment: {event.experiment}\nMetric: {metric} {event.metric:.10g}\n{sigma}{gain}"
        f"Rule: {event.rule}\nAR-Verdict: {recorded.position}:{recorded.hash}\n"
    )
