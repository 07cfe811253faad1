"""One experiment, from wherever the journal says it stands: propose, commit, run and judge, keep or revert.

Each step looks first whether the journal already has it, so that an experiment that was cut short goes on where it was.
"""

from journal.events import Verdict
from loop.experiment.branch import settle
from loop.experiment.commit import commit
from loop.experiment.propose import propose
from loop.experiment.verdict import verdict_on
from loop.runtime.context import Lab


def tried(lab: Lab, number: int) -> str:
    """The commit of an experiment's proposal, both made now where they are not there."""
    return commit(lab, number, propose(lab, number))


def decide(lab: Lab, number: int, commit: str) -> Verdict:
    """Run a commit to its verdict, with the branch where the verdict puts it."""
    verdict = verdict_on(lab, number, commit)
    settle(lab, number, commit, verdict)
    return verdict
