"""One experiment: propose, commit, run and judge, keep or revert.

Each step first checks whether the journal already holds its result: an interrupted experiment continues where it stopped.
"""

from journal.events import Verdict
from loop.experiment.branch import apply_verdict
from loop.experiment.commit import commit
from loop.experiment.propose import propose
from loop.experiment.verdict import reach_verdict
from loop.runtime.context import Context


def propose_and_commit(ctx: Context, number: int) -> str:
    """The commit of an experiment's proposal."""
    return commit(ctx, number, propose(ctx, number))


def run_to_verdict(ctx: Context, number: int, commit: str) -> Verdict:
    """Run a commit to its verdict, and move the branch to where the verdict puts it."""
    verdict = reach_verdict(ctx, number, commit)
    apply_verdict(ctx, number, commit, verdict)
    return verdict
