"""A change that gained on its parent while another experiment became the incumbent: tried again on the new one.

Only if several experiments are in flight can the incumbent move under one of them. Nobody has measured what two changes are
worth together: the second is not kept yet (`loop.keep_rule.decide`), and no dead end either.
"""

from collections.abc import Iterable

from journal.events import Usage
from journal.novelty.retries import BASE_CHANGED
from journal.projections.experiments import Experiment
from loop.contracts import Proposal, Request
from loop.gate import patch
from loop.keep_rule import STALE
from loop.runtime.context import Context
from loop.runtime.proposal_events import to_proposal


def untried(ctx: Context) -> list[Experiment]:
    """Such experiments that nobody has tried again yet, the largest gain first."""
    found = [row for row in ctx.journal.rows() if row.rule == STALE and row.status == "discard"]
    tried = {trial.retry_of for trial in ctx.state.changes.of_session(ctx.session.tag)} if found else set()
    left = [row for row in found if row.number not in tried | ctx.prefetch.retried]
    return sorted(left, key=lambda row: -(row.gain_sigma or 0.0))


def retry(ctx: Context, rows: Iterable[Experiment], request: Request) -> Proposal | None:
    """The first of their changes that fits as a proposal on the incumbent; None if none fits."""
    for row in rows:
        ctx.prefetch.retried.add(row.number)
        if proposal := _on_incumbent(ctx, row, request):
            return proposal
    return None


def _on_incumbent(ctx: Context, row: Experiment, request: Request) -> Proposal | None:
    idea = ctx.journal.log(row.number).proposed
    texts = patch.rebase(idea.diff, request.files) if idea is not None else None
    if idea is None or texts is None or texts.items() <= request.files.items():
        return None
    costs_once = {"usage": Usage(), "prompt_key": None, "compared": None}
    return to_proposal(idea, texts, retry_of=row.number, retry_reason=BASE_CHANGED, **costs_once)
