"""A git note on each kept commit: its metric, and the position and hash of its verdict's event.

    git log --notes='autoresearch/*' autoresearch/TAG

A note holds the metric because a commit cannot change after its run. `ar-journal verify` finds a rewritten journal by the
position and hash.
"""

from datetime import datetime

from journal.events import ExperimentKept
from journal.events.recorded import Recorded
from loop.runtime.session_journal import SessionJournal
from loop.workspace import Workspace


def write_notes(journal: SessionJournal, workspace: Workspace, *, metric: str) -> None:
    """Write the missing notes: usually one after a keep, several after a kill."""
    tag, noted = journal.tag, workspace.commits_with_notes(journal.tag)
    kept = {row.number: row.commit for row in journal.rows() if row.status == "keep"}
    verdicts = [_verdict(journal, number) for number, commit in kept.items() if commit not in noted]
    if verdicts:
        texts = {
            event.commit: _text(recorded, event, metric=metric, journal=journal.name) for recorded, event in verdicts
        }
        workspace.add_notes(tag, texts, when=datetime.fromisoformat(verdicts[-1][0].recorded_at))


def _verdict(journal: SessionJournal, number: int) -> tuple[Recorded, ExperimentKept]:
    history = ((recorded, recorded.event) for recorded in journal.history(number))
    return next((recorded, event) for recorded, event in history if isinstance(event, ExperimentKept))


def _text(recorded: Recorded, event: ExperimentKept, *, metric: str, journal: str) -> str:
    gain = "" if event.gain_sigma is None else f"Gain: {event.gain_sigma:.2f} sigma\n"
    sigma = "" if event.sigma is None else f"Sigma: {event.sigma:.6g}\n"
    return (
        f"Experiment: {event.experiment}\nMetric: {metric} {event.metric:.10g}\n{sigma}{gain}"
        f"Rule: {event.rule}\nAR-Verdict: {recorded.position}:{recorded.hash}\nAR-Journal: {journal}\n"
    )
