"""One experiment, from wherever the journal says it stands: propose, commit, run and judge, keep or revert.

Each step looks first whether the journal already has it, so that an experiment that was cut short goes on where it was.
"""

from journal.events import Verdict
from loop.commit import commit
from loop.lab import Lab
from loop.propose import propose
from loop.settle import settle
from loop.trial import verdict_on


def conduct(lab: Lab, number: int) -> Verdict:
    """Conduct one experiment to its verdict, with the branch where the verdict puts it."""
    idea = propose(lab, number)
    tried = commit(lab, number, idea)
    verdict = verdict_on(lab, number, tried)
    settle(lab, number, tried, verdict)
    return verdict
