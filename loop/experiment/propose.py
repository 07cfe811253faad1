"""The first step: a proposal that the gate lets through."""

from journal.events import IdeaProposed, IdeaRefused, ProposalPrepared, ProposerFailed
from loop.contracts import Passed, Proposal, Refused, Request
from loop.errors import ProposerFailure, Stopped
from loop.experiment.prefetch import ATTEMPTS, STEERED, ask, collect, dropped, overtaken, proposal, wait
from loop.experiment.request import gated, request
from loop.experiment.stale_base import again, waiting
from loop.gate import patch
from loop.runtime.context import Lab
from loop.runtime.experiment_log import Case
from loop.runtime.proposer_call import Call, sound

FILLS = 3  # of the filler, before the loop gives up


def propose(lab: Lab, number: int) -> IdeaProposed:
    """The proposal in force; what was prepared, or else what is asked for now, gated and recorded."""
    while (folded := lab.case(number)).proposed is None:
        if folded.attempts >= ATTEMPTS + FILLS:
            raise ProposerFailure(f"No proposal passed the gate in {folded.attempts} attempts.", kind="exhausted")
        _attempt(lab, number, folded)
    return folded.proposed


def _attempt(lab: Lab, number: int, folded: Case) -> None:
    """One more proposal on record, or one that was made before its turn used up."""
    if folded.attempts == 0 and (rows := waiting(lab)):
        asked = _request(lab, number, folded)
        if moved := again(lab, rows, asked):
            _record(lab, moved, asked)
            return
    if lab.ahead.call is not None:
        wait(lab, lab.ahead.call)
        collect(lab)
    lab.ahead.mend()
    pending = lab.recorder.pending
    if pending.prepared is not None:
        _use(lab, number, folded, pending.prepared)
    elif lab.proposer is lab.filler or _is_the_fillers(lab, number, folded):
        _fill(lab, number, folded)
    else:
        _ask(lab, number, folded)


def _is_the_fillers(lab: Lab, number: int, folded: Case) -> bool:
    """Whether the proposer has had its attempts at this experiment."""
    pending = lab.recorder.pending
    return pending.has_failed(number) or folded.attempts + len(pending.refused(number)) >= ATTEMPTS


def _ask(lab: Lab, number: int, folded: Case) -> None:
    """Ask for a proposal now; the filler's takes its place where the proposer fails."""
    if lab.control.ends_now:
        raise Stopped
    call = ask(lab, number, attempt=folded.attempts + 1)
    wait(lab, call)
    if isinstance(call.error, ProposerFailure):
        lab.ahead.take()
        lab.recorder.experiment(number, _failed(call, call.error))
        _fill(lab, number, folded)
    elif call.proposal is not None and not overtaken(lab, call) and call.request.parent == lab.session.incumbent:
        lab.ahead.take()
        _record(lab, call.proposal, _request(lab, number, folded))
    else:
        collect(lab)


def _use(lab: Lab, number: int, folded: Case, made: ProposalPrepared) -> None:
    """Record what was prepared as this experiment's proposal, on the incumbent of now, or say why it is not used."""
    asked = _request(lab, number, folded)
    fitting = proposal(made, parent=asked.parent, files=asked.files)
    if lab.recorder.pending.steered > made.known:
        lab.recorder.of_session(dropped(made, "steered", STEERED))
    elif fitting is None:
        lab.recorder.of_session(dropped(made, "moved", f"its edits do not fit the new incumbent, {asked.parent[:10]}"))
    else:
        _record(lab, fitting, asked, prepared_on=made.parent)


def _fill(lab: Lab, number: int, folded: Case) -> None:
    """The filler's proposal."""
    asked = _request(lab, number, folded)
    _record(lab, sound(lab.filler.propose(asked)), asked)


def _request(lab: Lab, number: int, folded: Case) -> Request:
    return request(lab, number, attempt=folded.attempts + 1, state=lab.state, refusals=folded.refusals)


def _record(lab: Lab, made: Proposal, asked: Request, *, prepared_on: str | None = None) -> None:
    """Append a proposal with the gate's answer."""
    answer = gated(lab, made, asked)
    idea = _as_event(made, asked, answer, prepared_on=prepared_on)
    refused = [_refusal(idea, answer)] if isinstance(answer, Refused) else []
    lab.recorder.experiment(asked.experiment, idea, *refused)


def _refusal(idea: IdeaProposed, answer: Refused) -> IdeaRefused:
    return IdeaRefused(
        session=idea.session,
        experiment=idea.experiment,
        attempt=idea.attempt,
        rule=answer.rule,
        reason=answer.reason,
        matched=answer.matched,
        score=answer.score,
    )


def _failed(call: Call, failure: ProposerFailure) -> ProposerFailed:
    return ProposerFailed(
        session=call.request.session,
        experiment=call.request.experiment,
        proposer=call.proposer.name,
        kind=failure.kind,
        reason=str(failure),
        retry_after=failure.retry_after,
        usage=failure.usage,
        model=failure.model,
        prompt_key=failure.prompt_key,
    )


def _as_event(made: Proposal, asked: Request, answer: Passed | Refused, *, prepared_on: str | None) -> IdeaProposed:
    return IdeaProposed(
        session=asked.session,
        experiment=asked.experiment,
        attempt=asked.attempt,
        idea=made.idea,
        hypothesis=made.hypothesis,
        kind=made.kind,
        parent=asked.parent,
        diff=patch.unified(asked.files, made.files),
        change=answer.change,
        proposer=made.proposer,
        model=made.model,
        expected_delta=made.expected_delta,
        usage=made.usage,
        retry_of=made.retry_of,
        retry_reason=made.retry_reason,
        neighbours=answer.neighbours if isinstance(answer, Passed) else (),
        prompt_key=made.prompt_key,
        compared=made.compared,
        prepared_on=prepared_on,
    )
