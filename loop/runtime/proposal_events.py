"""A proposal as events and back: one mapping, so that a new field of a proposal is added in one place. Pure.

`Proposal`, `ProposalPrepared` and `IdeaProposed` share the fields in `SHARED`; what they share is copied by name.
"""

from collections.abc import Mapping
from typing import Any

from journal.changes.signature import signature
from journal.events import Dropping, IdeaProposed, IdeaRefused, ProposalDropped, ProposalPrepared, ProposerFailed, Usage
from loop.contracts import Accepted, Proposal, Rejected, Request
from loop.errors import ProposerFailure
from loop.gate import patch

SHARED = tuple(name for name in Proposal.__struct_fields__ if name in ProposalPrepared.__struct_fields__)


def idea_proposed(
    proposal: Proposal, request: Request, answer: Accepted | Rejected, *, prepared_on: str | None = None
) -> IdeaProposed:
    """The event of a proposal and the gate's answer; `prepared_on` is the commit on which it was made before its turn."""
    return IdeaProposed(
        **_shared(proposal),
        session=request.session,
        experiment=request.experiment,
        attempt=request.attempt,
        parent=request.parent,
        diff=patch.unified(request.files, proposal.files),
        change=answer.change,
        neighbours=answer.neighbours if isinstance(answer, Accepted) else (),
        prepared_on=prepared_on,
    )


def proposal_prepared(proposal: Proposal, request: Request, *, known: int) -> ProposalPrepared:
    """The event of a proposal made before its turn; `known` is the position up to which its author knew the journal."""
    return ProposalPrepared(
        **_shared(proposal),
        session=request.session,
        experiment=request.experiment,
        known=known,
        parent=request.parent,
        diff=patch.unified(request.files, proposal.files),
    )


def to_proposal(event: IdeaProposed | ProposalPrepared, files: dict[str, str], **changes: Any) -> Proposal:
    """The proposal of an event with these texts of its files; `changes` take the place of its own fields."""
    return Proposal(**{**_shared(event), "files": files, **changes})


def on_parent(event: IdeaProposed | ProposalPrepared, parent: str, files: Mapping[str, str]) -> dict[str, str] | None:
    """The texts that an event's edits make of a parent's files; None if they do not fit."""
    return patch.apply(event.diff, files) if event.parent == parent else patch.rebase(event.diff, files)


def own_idea(
    *, session: str, experiment: int, parent: str, before: Mapping[str, str], after: Mapping[str, str], **fields: Any
) -> IdeaProposed:
    """A change that the loop makes by itself: it tests a keep, or takes one back."""
    edited = {path: text for path, text in after.items() if text != before.get(path)}
    return IdeaProposed(
        session=session,
        experiment=experiment,
        parent=parent,
        diff=patch.unified(before, edited),
        change=signature(before, after),
        proposer="loop",
        **fields,
    )


def refused(idea: IdeaProposed, answer: Rejected) -> IdeaRefused:
    """The event of the gate's refusal."""
    return IdeaRefused(
        session=idea.session,
        experiment=idea.experiment,
        attempt=idea.attempt,
        rule=answer.rule,
        reason=answer.reason,
        matched=answer.matched,
        score=answer.score,
    )


def dropped(event: ProposalPrepared, why: Dropping, reason: str, *, answer: Rejected | None = None) -> ProposalDropped:
    """The event that a prepared proposal is not used; `answer` is the gate's, if that is why."""
    return ProposalDropped(
        session=event.session,
        experiment=event.experiment,
        why=why,
        reason=reason,
        rule=answer.rule if answer else "",
        matched=answer.matched if answer else None,
        score=answer.score if answer else None,
        proposer=event.proposer,
        model=event.model,
        usage=event.usage,
    )


def lost(request: Request, proposer: str, why: Dropping, reason: str, *, usage: Usage) -> ProposalDropped:
    """The event of a call before its turn that ended without a proposal."""
    return ProposalDropped(
        session=request.session, experiment=request.experiment, why=why, reason=reason, proposer=proposer, usage=usage
    )


def failed_before_its_turn(request: Request, proposer: str, failure: ProposerFailure) -> ProposalDropped:
    """The event of a call before its turn that failed."""
    return ProposalDropped(
        session=request.session,
        experiment=request.experiment,
        why="failed",
        reason=str(failure),
        rule=failure.kind,
        proposer=proposer,
        model=failure.model,
        usage=failure.usage,
        prompt_key=failure.prompt_key,
    )


def failed(request: Request, proposer: str, failure: ProposerFailure) -> ProposerFailed:
    """The event of a call in its turn that failed."""
    return ProposerFailed(
        session=request.session,
        experiment=request.experiment,
        proposer=proposer,
        kind=failure.kind,
        reason=str(failure),
        retry_after=failure.retry_after,
        usage=failure.usage,
        model=failure.model,
        prompt_key=failure.prompt_key,
    )


def _shared(source: Proposal | IdeaProposed | ProposalPrepared) -> dict[str, Any]:
    return {name: getattr(source, name) for name in SHARED}
