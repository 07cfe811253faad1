"""A proposal that was made before its turn: as an event, as a proposal on the incumbent of the day, or as dropped. Pure."""

from collections.abc import Mapping

from journal.events import Dropping, ProposalDropped, ProposalPrepared
from loop import patch
from loop.contracts import Proposal, Refused, Request


def prepared(proposal: Proposal, asked: Request, *, known: int) -> ProposalPrepared:
    """A proposal as an event; `known` is the position up to which its author knew the journal."""
    return ProposalPrepared(
        session=asked.session,
        experiment=asked.experiment,
        known=known,
        idea=proposal.idea,
        hypothesis=proposal.hypothesis,
        kind=proposal.kind,
        parent=asked.parent,
        diff=patch.unified(asked.files, proposal.files),
        proposer=proposal.proposer,
        model=proposal.model,
        expected_delta=proposal.expected_delta,
        usage=proposal.usage,
        retry_of=proposal.retry_of,
        retry_reason=proposal.retry_reason,
        prompt_key=proposal.prompt_key,
        compared=proposal.compared,
    )


def proposal(made: ProposalPrepared, *, parent: str, files: Mapping[str, str]) -> Proposal | None:
    """The proposal on a parent with these files; None where its edits do not fit them."""
    texts = patch.apply(made.diff, files) if made.parent == parent else patch.rebase(made.diff, files)
    if texts is None:
        return None
    return Proposal(
        idea=made.idea,
        files=texts,
        hypothesis=made.hypothesis,
        kind=made.kind,
        proposer=made.proposer,
        model=made.model,
        expected_delta=made.expected_delta,
        usage=made.usage,
        retry_of=made.retry_of,
        retry_reason=made.retry_reason,
        prompt_key=made.prompt_key,
        compared=made.compared,
    )


def dropped(made: ProposalPrepared, why: Dropping, reason: str, *, refused: Refused | None = None) -> ProposalDropped:
    """What was prepared is not used; `refused` is the gate's answer, where that is why."""
    return ProposalDropped(
        session=made.session,
        experiment=made.experiment,
        why=why,
        reason=reason,
        rule=refused.rule if refused else "",
        matched=refused.matched if refused else None,
        score=refused.score if refused else None,
        proposer=made.proposer,
        model=made.model,
        usage=made.usage,
    )
