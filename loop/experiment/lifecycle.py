"""One experiment, from wherever the journal says it stands: propose, commit, run and judge, keep or revert.

Each step looks first whether the journal already has it, so that an experiment that was cut short goes on where it was.
"""

from journal.events import Verdict
from loop.experiment.branch import settle
from loop.experiment.commit import commit
from loop.experiment.propose import propose
from loop.experiment.verdict import verdict_on
from loop.runtime.context import Context


def propose_and_commit(ctx: Context, number: int) -> str:
    """The commit of an experiment's proposal, both made now where they are not there."""
    return commit(ctx, number, propose(ctx, number))


def run_to_verdict(ctx: Context, number: int, commit: str) -> Verdict:
    """Run a commit to its verdict, with the branch where the verdict puts it."""
    verdict = verdict_on(ctx, number, commit)
    settle(ctx, number, commit, verdict)
    return verdict
