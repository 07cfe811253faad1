"""The first step: a proposal that the gate lets through."""

from journal import memory
from journal.events import IdeaProposed, IdeaRefused, ProposerFailed
from loop import gate, patch
from loop.case import Case
from loop.contracts import Passed, Proposal, Refused, Request
from loop.errors import ProposerFailure
from loop.lab import Lab
from loop.scope import Scope

ATTEMPTS = 3  # of the proposer, before the filler takes the slot
FILLS = 3  # of the filler, before the loop gives up


def propose(lab: Lab, number: int) -> IdeaProposed:
    """The proposal in force; asked for, gated and recorded where there is none yet."""
    while (folded := lab.case(number)).proposed is None:
        if folded.attempts >= ATTEMPTS + FILLS:
            raise ProposerFailure(f"No proposal passed the gate in {folded.attempts} attempts.", kind="exhausted")
        _attempt(lab, number, folded)
    return folded.proposed


def _attempt(lab: Lab, number: int, folded: Case) -> None:
    incumbent = lab.session.incumbent
    tree = lab.workspace.tree(incumbent)
    files = lab.workspace.read(incumbent, Scope(patterns=lab.config.scope, tree=tree).files())
    request = Request(
        session=lab.session.tag,
        experiment=number,
        attempt=folded.attempts + 1,
        parent=incumbent,
        files=files,
        state=lab.state,
        goal=lab.config.goal,
        brief=lab.brief.human,
        memory=memory.render(lab.state, lab.session.tag),
        metric=lab.config.metric,
        direction=lab.config.direction,
        budget=lab.config.budget,
        startup=lab.config.startup,
        device=lab.session.device,
        refusals=tuple(folded.refusals),
    )
    proposal = _ask(lab, number, request)
    answer = gate.check(proposal, request, scope=lab.config.scope, tree=tree, locked=lab.config.locked)
    idea = _as_event(proposal, request, answer)
    refused = (
        [
            IdeaRefused(
                session=idea.session,
                experiment=number,
                attempt=idea.attempt,
                rule=answer.rule,
                reason=answer.reason,
                matched=answer.matched,
                score=answer.score,
            )
        ]
        if isinstance(answer, Refused)
        else []
    )
    lab.recorder.experiment(number, idea, *refused)


def _ask(lab: Lab, number: int, request: Request) -> Proposal:
    """The proposer's answer; the filler's where the proposer fails or was refused too often."""
    if request.attempt <= ATTEMPTS and lab.proposer is not lab.filler:
        try:
            return _sound(lab.proposer.propose(request))
        except ProposerFailure as failure:
            failed = ProposerFailed(
                session=request.session,
                experiment=number,
                proposer=lab.proposer.name,
                kind=failure.kind,
                reason=str(failure),
                retry_after=failure.retry_after,
                usage=failure.usage,
            )
            lab.recorder.experiment(number, failed)
    return lab.filler.propose(request)


def _sound(proposal: Proposal) -> Proposal:
    """The proposal, if git and the journal can hold its words. Raises ProposerFailure."""
    words = (proposal.idea, proposal.hypothesis, *proposal.files, *proposal.files.values())
    try:
        "".join(words).encode()
    except UnicodeEncodeError as error:
        raise ProposerFailure("The proposal holds half of a surrogate pair.", kind="malformed") from error
    if not all(path.isprintable() for path in proposal.files):
        raise ProposerFailure("The proposal names a file with control characters.", kind="malformed")
    return proposal


def _as_event(proposal: Proposal, request: Request, answer: Passed | Refused) -> IdeaProposed:
    return IdeaProposed(
        session=request.session,
        experiment=request.experiment,
        attempt=request.attempt,
        idea=proposal.idea,
        hypothesis=proposal.hypothesis,
        kind=proposal.kind,
        parent=request.parent,
        diff=patch.unified(request.files, proposal.files),
        change=answer.change,
        proposer=proposal.proposer,
        model=proposal.model,
        expected_delta=proposal.expected_delta,
        usage=proposal.usage,
        retry_of=proposal.retry_of,
        retry_reason=proposal.retry_reason,
        neighbours=answer.neighbours if isinstance(answer, Passed) else (),
        prompt_key=proposal.prompt_key,
    )
