"""A change that gained on its parent while another experiment became the incumbent: judged so, and tried again there.

Only where several experiments are in flight can the incumbent move under one of them. What two changes are worth together
nobody has measured: the second is no keep yet, and no dead end either.
"""

from collections.abc import Iterable

import msgspec

from journal.events import IdeaProposed
from journal.novelty.retries import BASE_CHANGED
from journal.projections.experiments import Experiment
from loop.contracts import Proposal, Request
from loop.gate import patch
from loop.keep_rule import Decision
from loop.runtime.context import Lab

RULE = "moved"


def decided(decision: Decision, idea: IdeaProposed, lab: Lab) -> Decision:
    """The decision on a change whose parent is the incumbent no more: a gain there is none here, before it is measured here."""
    if idea.parent == lab.session.incumbent or decision.act == "discard":
        return decision
    gained = decision.reason.partition(";")[0]
    reason = (
        f"{gained} on its parent (threshold {decision.threshold:.2g}); meanwhile experiment "
        f"{lab.session.incumbent_experiment} became the incumbent: worth trying again on that"
    )
    return msgspec.structs.replace(decision, act="discard", rule=RULE, reason=reason)


def waiting(lab: Lab) -> list[Experiment]:
    """Such experiments that nobody has tried again yet, the largest gain first."""
    found = [row for row in lab.rows() if row.rule == RULE and row.status == "discard"]
    tried = {trial.retry_of for trial in lab.state.changes.of_session(lab.session.tag)} if found else set()
    left = [row for row in found if row.number not in tried | lab.ahead.tried_again]
    return sorted(left, key=lambda row: -(row.gain_sigma or 0.0))


def again(lab: Lab, rows: Iterable[Experiment], asked: Request) -> Proposal | None:
    """The first of their changes that fits as a proposal on the incumbent; None where there is none."""
    for row in rows:
        lab.ahead.tried_again.add(row.number)
        if proposal := _on_incumbent(lab, row, asked):
            return proposal
    return None


def _on_incumbent(lab: Lab, row: Experiment, asked: Request) -> Proposal | None:
    idea = lab.case(row.number).proposed
    texts = patch.rebase(idea.diff, asked.files) if idea is not None else None
    if idea is None or texts is None or texts.items() <= asked.files.items():
        return None
    return Proposal(
        idea=idea.idea,
        files=texts,
        hypothesis=idea.hypothesis,
        kind=idea.kind,
        proposer=idea.proposer,
        model=idea.model,
        expected_delta=idea.expected_delta,
        retry_of=row.number,
        retry_reason=BASE_CHANGED,
    )
