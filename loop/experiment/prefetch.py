"""The next proposal, asked for while a run trains, so that the machine does not wait for the proposer.

The answer is recorded within a tenth of a second, as ProposalPrepared or ProposalDropped: the journal lacks nothing but the
call in flight.
"""

from journal.events import Dropping, Usage
from loop.contracts import BASELINE, Proposal, Rejected
from loop.errors import ProposerFailure, Stopped
from loop.experiment.request import gated, request
from loop.runtime.context import Context
from loop.runtime.control import RequestedState
from loop.runtime.pending import steers
from loop.runtime.proposal_events import dropped, failed_before_its_turn, lost, proposal_prepared
from loop.runtime.proposer_call import ProposerCall
from loop.runtime.session_journal import SessionJournal

ATTEMPTS = 3  # of the proposer for one experiment, before the filler takes its place
TICK_SECONDS = 0.1  # between looks at a call that the loop waits for
GRACE_SECONDS = 3.0  # for a call that is cancelled to say what it cost
STEERED = "a person has steered since it was asked for"
LEFT = "the loop did not wait for it"


def ask(ctx: Context, number: int, *, attempt: int) -> ProposerCall:
    """Ask for the proposal of an experiment."""
    state = ctx.prefetch.catch_up(ctx.journal)
    refusals = [*ctx.journal.pending.refused(number), *ctx.journal.log(number).refusals]
    return ctx.prefetch.start(ctx.proposer, request(ctx, number, attempt=attempt, state=state, refusals=refusals))


def prepare(ctx: Context, running: int) -> None:
    """While experiment `running` trains: record what has been answered, and ask for the next proposal if there is none."""
    if ctx.proposer is ctx.filler or running == BASELINE or ctx.prefetch.is_waiting:
        return
    collect(ctx)
    if (call := ctx.prefetch.call) is not None:
        call.cancelled |= overtaken(ctx.journal, call) or ctx.control.requested is RequestedState.STOP
    elif _wanted(ctx, number := ctx.journal.next_number()):
        ask(ctx, number, attempt=1 + len(ctx.journal.pending.refused(number)))


def collect(ctx: Context) -> None:
    """Record how a call ended, if it has."""
    call = ctx.prefetch.take()
    if call is None:
        return
    if call.proposal is not None:
        _record(ctx, call, call.proposal)
    elif isinstance(call.error, ProposerFailure):
        ctx.journal.append_to_session(failed_before_its_turn(call.request, call.proposer.name, call.error))
    elif isinstance(call.error, Stopped):
        _lose(ctx.journal, call, usage=call.error.usage)
    else:
        ctx.prefetch.broken = call.error


def wait(ctx: Context, call: ProposerCall) -> None:
    """Wait for a call, answering people meanwhile. Raises Stopped if one of them ends the loop."""
    ctx.prefetch.is_waiting = True
    try:
        while call.is_alive():
            with ctx.lock.released():
                call.join(TICK_SECONDS)
            if ctx.control.poll(BASELINE) == "now":
                raise Stopped
            call.cancelled |= overtaken(ctx.journal, call)
    finally:
        ctx.prefetch.is_waiting = False


def overtaken(journal: SessionJournal, call: ProposerCall) -> bool:
    """Whether a person has said something that the proposal must know."""
    return journal.pending.steered > call.known


def close(ctx: Context, *, final: bool) -> None:
    """End the call in flight and record what it cost; if the session is over, drop what was prepared as well."""
    call = ctx.prefetch.call
    if call is not None:
        call.cancelled = True
        call.join(GRACE_SECONDS)
        if call.is_alive():
            ctx.prefetch.abandon()
            unknown = Usage(calls=1, dollars=None)
            ctx.journal.append_to_session(lost(call.request, call.proposer.name, "ended", LEFT, usage=unknown))
    collect(ctx)
    prepared = ctx.journal.pending.prepared
    if final and prepared is not None:
        ctx.journal.append_to_session(dropped(prepared, "ended", "the session is over"))


def _lose(journal: SessionJournal, call: ProposerCall, *, usage: Usage) -> None:
    """Record a call that was cancelled."""
    why: Dropping = "steered" if overtaken(journal, call) else "ended"
    reason = STEERED if why == "steered" else LEFT
    journal.append_to_session(lost(call.request, call.proposer.name, why, reason, usage=usage))


def _record(ctx: Context, call: ProposerCall, proposal: Proposal) -> None:
    """Record a proposal, and at once that it is of no use, if so: there may be time to ask again."""
    prepared = proposal_prepared(proposal, call.request, known=call.known)
    answer = gated(ctx, proposal, call.request)
    if overtaken(ctx.journal, call):
        ctx.journal.append_to_session(prepared, dropped(prepared, "steered", STEERED))
    elif isinstance(answer, Rejected):
        ctx.journal.append_to_session(prepared, dropped(prepared, "refused", answer.reason, answer=answer))
    else:
        ctx.journal.append_to_session(prepared)


def _wanted(ctx: Context, number: int) -> bool:
    """Whether a proposal for an experiment is to be asked for now."""
    pending, control = ctx.journal.pending, ctx.control
    settled = pending.prepared is not None or pending.has_failed(number) or len(pending.refused(number)) >= ATTEMPTS
    steering = any(
        steers(recorded.event) for recorded in ctx.journal.requests.values()
    )  # it would be out of date at once
    free = ctx.prefetch.broken is None and control.requested is RequestedState.GO and not control.ends_now
    return ctx.config.ahead and free and not steering and not settled and ctx.prefetch.has_more()
