"""A proposal as events and back: a new field of a proposal is added in this module only. Pure.

`Proposal`, `ProposalPrepared` and `IdeaProposed` share the fields in `SHARED`, which are copied by name.
"""

from collections.abc import Mapping
from typing import Any

from journal.changes.signature import signature
from journal.events import (
    DropReason,
    IdeaProposed,
    IdeaRefused,
    ProposalDropped,
    ProposalPrepared,
    ProposerFailed,
    Usage,
)
from loop.contracts import Accepted, Proposal, Rejected, Request
from loop.errors import ProposerFailure
from loop.gate import patch

SHARED = tuple(name for name in Proposal.__struct_fields__ if name in ProposalPrepared.__struct_fields__)


def idea_proposed(
    proposal: Proposal, request: Request, answer: Accepted | Rejected, *, prepared_on: str | None = None
) -> IdeaProposed:
    """The event of a proposal and the gate's answer; `prepared_on` is the commit that a prefetched one was made on."""
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


def proposal_prepared(proposal: Proposal, request: Request, *, position: int) -> ProposalPrepared:
    """The event of a prefetched proposal; its proposer read the journal up to `position`."""
    return ProposalPrepared(
        **_shared(proposal),
        session=request.session,
        experiment=request.experiment,
        known=position,
        parent=request.parent,
        diff=patch.unified(request.files, proposal.files),
    )


def to_proposal(event: IdeaProposed | ProposalPrepared, files: dict[str, str], **changes: Any) -> Proposal:
    """The proposal of an event with these texts of its files; `changes` replace its own fields."""
    return Proposal(**{**_shared(event), "files": files, **changes})


def files_on(event: IdeaProposed | ProposalPrepared, parent: str, files: Mapping[str, str]) -> dict[str, str] | None:
    """A parent's files with the edits of an event; None if the edits do not fit."""
    return patch.apply(event.diff, files) if event.parent == parent else patch.rebase(event.diff, files)


def loop_idea(
    *, session: str, experiment: int, parent: str, before: Mapping[str, str], after: Mapping[str, str], **fields: Any
) -> IdeaProposed:
    """The event of a change that the loop itself proposes: it tests a keep, or takes a keep back."""
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


def idea_refused(idea: IdeaProposed, answer: Rejected) -> IdeaRefused:
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


def proposal_dropped(
    event: ProposalPrepared, why: DropReason, reason: str, *, answer: Rejected | None = None
) -> ProposalDropped:
    """The event that a prefetched proposal is not used; `answer` is the gate's refusal, if that is why."""
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


def call_cancelled(
    request: Request, proposer: str, why: DropReason, reason: str, *, usage: Usage, prompt_key: str | None
) -> ProposalDropped:
    """The event of a prefetching call that ended without an answer."""
    return ProposalDropped(
        session=request.session,
        experiment=request.experiment,
        why=why,
        reason=reason,
        proposer=proposer,
        usage=usage,
        prompt_key=prompt_key,
    )


def prefetch_failed(request: Request, proposer: str, failure: ProposerFailure) -> ProposalDropped:
    """The event of a prefetching call that failed."""
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


def proposer_failed(request: Request, proposer: str, failure: ProposerFailure) -> ProposerFailed:
    """The event of a call that failed while the loop waited for it."""
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
