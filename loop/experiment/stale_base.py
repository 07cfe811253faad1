"""A change that gained on its parent while another experiment became the incumbent: the loop retries it on the new incumbent.

This happens only if several experiments are in flight. Nobody has measured the two changes together, so the keep rule discards
the second one for now (`loop.keep_rule.decide`).
"""

from collections.abc import Iterable

from journal.events import Usage
from journal.novelty.retries import BASE_CHANGED
from journal.projections.experiments import Experiment
from loop.contracts import Proposal, Request
from loop.gate import patch
from loop.keep_rule import STALE_BASE
from loop.runtime.context import Context
from loop.runtime.proposal_events import to_proposal


def untried(ctx: Context) -> list[Experiment]:
    """The experiments whose change gained on a stale base and has no retry yet, the largest gain first."""
    rows = [row for row in ctx.journal.rows() if row.rule == STALE_BASE and row.status == "discard"]
    retried = {trial.retry_of for trial in ctx.state.changes.of_session(ctx.session.tag)} if rows else set()
    left = [row for row in rows if row.number not in retried | ctx.prefetch.retried]
    return sorted(left, key=lambda row: -(row.gain_sigma or 0.0))


def retry(ctx: Context, rows: Iterable[Experiment], request: Request) -> Proposal | None:
    """A proposal of the first change that fits the incumbent; None if none fits."""
    for row in rows:
        ctx.prefetch.retried.add(row.number)
        if proposal := _on_incumbent(ctx, row, request):
            return proposal
    return None


def _on_incumbent(ctx: Context, row: Experiment, request: Request) -> Proposal | None:
    idea = ctx.journal.log(row.number).idea
    files = patch.rebase(idea.diff, request.files) if idea is not None else None
    if idea is None or files is None or files.items() <= request.files.items():
        return None
    # the proposer made the first try, which counted its cost and its prediction; the loop makes this one
    return to_proposal(
        idea,
        files,
        proposer="loop",
        model=None,
        expected_delta=None,
        usage=Usage(),
        retry_of=row.number,
        retry_reason=BASE_CHANGED,
        prompt_key=None,
        compared=None,
        isolation=None,
        unread=(),
        considered=(),
    )
