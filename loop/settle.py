"""The last step: the branch goes where the verdict, already durable, says that it stands."""

from datetime import datetime

from journal.events import ChangeReverted, ExperimentKept, Verdict
from loop import branch
from loop.lab import BASELINE, Lab


def settle(lab: Lab, number: int, commit: str, verdict: Verdict) -> None:
    """Bring the branch to where the verdict, already durable, says that it stands."""
    folded = lab.case(number)
    tag, before = lab.session.tag, folded.committed.parent if folded.committed else lab.session.start
    if isinstance(verdict, ExperimentKept):
        if number != BASELINE:
            branch.move(lab, commit, expected=before)
        return
    if folded.reverted is not None:
        return
    after = lab.session.tip  # another experiment in flight may have moved it
    if lab.config.rollback == "revert":
        when = datetime.fromisoformat(folded.proposed_at)
        message = f"Revert experiment {number}\n\nThis reverts commit {commit}.\n{verdict.reason}\n"
        after = lab.workspace.revert(commit, onto=before, message=message, when=when)
        branch.move(lab, after, expected=before)
    lab.recorder.experiment(
        number,
        ChangeReverted(session=tag, experiment=number, commit=commit, branch_at=after, how=lab.config.rollback),
    )
