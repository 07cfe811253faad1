"""The next proposal, asked for while a run trains, so that the machine does not wait for words.

What the proposer answers is recorded within a tenth of a second, as ProposalPrepared or ProposalDropped: all that is not
in the journal is the call in flight.
"""

from collections.abc import Mapping

from journal.events import Dropping, ProposalDropped, ProposalPrepared, Usage
from loop.contracts import Proposal, Refused, Request
from loop.errors import ProposerFailure, Stopped
from loop.experiment.request import gated, request
from loop.gate import patch
from loop.runtime.context import BASELINE, Lab
from loop.runtime.control import Wish
from loop.runtime.pending import steers
from loop.runtime.proposer_call import Call

ATTEMPTS = 3  # of the proposer for one experiment, before the filler takes its place
TICK_SECONDS = 0.1  # between looks at a call that the loop waits for
GRACE_SECONDS = 3.0  # for a call that is cancelled to say what it cost
STEERED = "a person has steered since it was asked for"
LEFT = "the loop did not wait for it"


def ask(lab: Lab, number: int, *, attempt: int) -> Call:
    """Ask for the proposal of an experiment."""
    state = lab.ahead.catch_up(lab.recorder)
    refusals = [*lab.recorder.pending.refused(number), *lab.case(number).refusals]
    return lab.ahead.begin(lab.proposer, request(lab, number, attempt=attempt, state=state, refusals=refusals))


def prepare(lab: Lab, running: int) -> None:
    """While experiment `running` trains: record what has been answered, and ask for the next proposal if there is none."""
    if lab.proposer is lab.filler or running == BASELINE or lab.ahead.awaited:
        return
    collect(lab)
    if lab.ahead.call is not None:
        lab.ahead.call.cancelled |= overtaken(lab, lab.ahead.call) or lab.control.wish is Wish.STOP
    elif _wanted(lab, upcoming := lab.upcoming()):
        ask(lab, upcoming, attempt=1 + len(lab.recorder.pending.refused(upcoming)))


def collect(lab: Lab) -> None:
    """Record how a call ended, if it has."""
    call = lab.ahead.take()
    if call is None:
        return
    if call.proposal is not None:
        _keep(lab, call, call.proposal)
    elif isinstance(call.error, ProposerFailure):
        lab.recorder.of_session(call.failed(call.error))
    elif isinstance(call.error, Stopped):
        steered = overtaken(lab, call)
        lost = call.lost("steered" if steered else "ended", STEERED if steered else LEFT, usage=call.error.usage)
        lab.recorder.of_session(lost)
    else:
        lab.ahead.broken = call.error


def wait(lab: Lab, call: Call) -> None:
    """Wait for a call, answering people meanwhile. Raises Stopped where one ends the loop."""
    lab.ahead.awaited = True
    try:
        while call.is_alive():
            with lab.turn.away():
                call.join(TICK_SECONDS)
            if lab.control.during(BASELINE) == "now":
                raise Stopped
            call.cancelled |= overtaken(lab, call)
    finally:
        lab.ahead.awaited = False


def overtaken(lab: Lab, call: Call) -> bool:
    """Whether a person has said something that the proposal must know."""
    return lab.recorder.pending.steered > call.known


def close(lab: Lab, *, final: bool) -> None:
    """End the call in flight and record what it cost; where the session is over, drop what was prepared as well."""
    call = lab.ahead.call
    if call is not None:
        call.cancelled = True
        call.join(GRACE_SECONDS)
        if call.is_alive():
            lab.ahead.leave()
            lab.recorder.of_session(call.lost("ended", LEFT, usage=Usage(calls=1, dollars=None)))
    collect(lab)
    made = lab.recorder.pending.prepared
    if final and made is not None:
        lab.recorder.of_session(dropped(made, "ended", "the session is over"))


def _keep(lab: Lab, call: Call, proposal: Proposal) -> None:
    """Record a proposal, and at once that it is of no use where that is so: there may be time to ask again."""
    made = prepared(proposal, call.request, known=call.known)
    answer = gated(lab, proposal, call.request)
    if overtaken(lab, call):
        lab.recorder.of_session(made, dropped(made, "steered", STEERED))
    elif isinstance(answer, Refused):
        lab.recorder.of_session(made, dropped(made, "refused", answer.reason, refused=answer))
    else:
        lab.recorder.of_session(made)


def _wanted(lab: Lab, number: int) -> bool:
    """Whether a proposal for an experiment is to be asked for now."""
    pending, control = lab.recorder.pending, lab.control
    settled = pending.prepared is not None or pending.has_failed(number) or len(pending.refused(number)) >= ATTEMPTS
    steering = any(steers(asked.event) for asked in lab.recorder.requests.values())  # it would be out of date at once
    free = lab.ahead.broken is None and control.wish is Wish.GO and not control.ends_now and not steering
    return lab.config.ahead and free and not settled and lab.ahead.goes_on()


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
