"""Prefetching: the loop requests the next proposal while a run trains, so that the machine does not wait for the proposer.

The loop records the answer within a tenth of a second, as ProposalPrepared or ProposalDropped. A kill loses the call in flight
and nothing else.
"""

from journal.events import DropReason, Usage
from loop.contracts import BASELINE, Proposal, Rejected
from loop.errors import ProposerFailure, Stopped
from loop.experiment.request import build_request, gate_answer, recordable
from loop.proposers import transcript
from loop.runtime.context import Context
from loop.runtime.control import RequestedState
from loop.runtime.pending import outdates_proposals
from loop.runtime.proposal_events import call_cancelled, prefetch_failed, proposal_dropped, proposal_prepared
from loop.runtime.proposer_call import ProposerCall
from loop.runtime.session_journal import SessionJournal

ATTEMPTS = 3  # of the proposer at one experiment; then the fallback proposes
TICK_SECONDS = 0.1  # between two polls of a call that the loop waits for
GRACE_SECONDS = 3.0  # in which a cancelled call may report its cost
STEERED = "a person has steered since the request"
NOT_AWAITED = "the loop did not wait for it"


def start_call(ctx: Context, number: int, *, attempt: int) -> ProposerCall:
    """Ask the proposer for the proposal of an experiment."""
    state = ctx.prefetch.catch_up(ctx.journal)
    refusals = [*ctx.journal.pending.refusals_of(number), *ctx.journal.log(number).refusals]
    return ctx.prefetch.start(ctx.proposer, build_request(ctx, number, attempt=attempt, state=state, refusals=refusals))


def prefetch_next(ctx: Context, running: int) -> None:
    """While experiment `running` trains: record an answer that has come, or else start a call if none is in flight."""
    if ctx.proposer is ctx.fallback or running == BASELINE or ctx.prefetch.is_waiting:
        return
    collect(ctx)
    if (call := ctx.prefetch.call) is not None:
        call.is_cancelled |= is_outdated(ctx.journal, call) or ctx.control.requested is RequestedState.STOP
    elif _is_due(ctx, number := ctx.journal.next_number()):
        start_call(ctx, number, attempt=1 + len(ctx.journal.pending.refusals_of(number)))


def collect(ctx: Context) -> None:
    """Record what calls have reported, and how the call ended, if it has."""
    record_reports(ctx)
    call = ctx.prefetch.take_ended()
    if call is None:
        return
    ctx.prefetch.failure = call.error if isinstance(call.error, ProposerFailure) else None
    if call.proposal is not None:
        _record(ctx, call, call.proposal)
    elif isinstance(call.error, ProposerFailure):
        ctx.journal.append_to_session(prefetch_failed(call.request, call.proposer.name, call.error))
    elif isinstance(call.error, Stopped):
        _record_cancelled(ctx.journal, call, call.error)
    else:
        ctx.prefetch.error = call.error


def record_reports(ctx: Context) -> None:
    """Record the events that calls have reported from their threads."""
    for event in ctx.prefetch.take_events():
        ctx.journal.append_to_session(event)


def wait(ctx: Context, call: ProposerCall) -> None:
    """Wait for a call, and answer people meanwhile. Raises Stopped if a person ends the loop."""
    ctx.prefetch.is_waiting = True
    try:
        while call.is_alive():
            with ctx.lock.released():
                call.join(TICK_SECONDS)
            if ctx.control.poll(BASELINE) == "interrupt":
                raise Stopped
            call.is_cancelled |= is_outdated(ctx.journal, call)
    finally:
        ctx.prefetch.is_waiting = False


def is_outdated(journal: SessionJournal, call: ProposerCall) -> bool:
    """Whether a person has steered since the call started."""
    return journal.pending.outdated_at > call.position


def close(ctx: Context, *, final: bool) -> None:
    """End the call in flight and record its cost; if the session ends, drop the prefetched proposal as well."""
    call = ctx.prefetch.call
    if call is not None:
        call.is_cancelled = True
        call.join(GRACE_SECONDS)
        if call.is_alive():
            ctx.prefetch.abandon()
            unknown = Usage(calls=1, dollars=None)
            key = transcript.latest_key(ctx.folder / transcript.FOLDER, call.request)
            event = call_cancelled(
                call.request, call.proposer.name, "ended", NOT_AWAITED, usage=unknown, prompt_key=key
            )
            ctx.journal.append_to_session(event)
    collect(ctx)
    prepared = ctx.journal.pending.prepared
    if final and prepared is not None:
        ctx.journal.append_to_session(proposal_dropped(prepared, "ended", "the session is over"))


def _record_cancelled(journal: SessionJournal, call: ProposerCall, stop: Stopped) -> None:
    why: DropReason = "steered" if is_outdated(journal, call) else "ended"
    reason = STEERED if why == "steered" else NOT_AWAITED
    event = call_cancelled(call.request, call.proposer.name, why, reason, usage=stop.usage, prompt_key=stop.prompt_key)
    journal.append_to_session(event)


def _record(ctx: Context, call: ProposerCall, proposal: Proposal) -> None:
    """Record a proposal; drop it at once if it cannot be used, so that there may be time for another call."""
    answer = gate_answer(ctx, proposal, call.request)
    prepared = proposal_prepared(recordable(proposal, answer, ctx.config), call.request, position=call.position)
    if is_outdated(ctx.journal, call):
        ctx.journal.append_to_session(prepared, proposal_dropped(prepared, "steered", STEERED))
    elif isinstance(answer, Rejected):
        ctx.journal.append_to_session(prepared, proposal_dropped(prepared, "refused", answer.reason, answer=answer))
    else:
        ctx.journal.append_to_session(prepared)


def _is_due(ctx: Context, number: int) -> bool:
    """Whether to request a proposal for an experiment now."""
    pending, control = ctx.journal.pending, ctx.control
    is_done = pending.prepared is not None or pending.has_failed(number) or len(pending.refusals_of(number)) >= ATTEMPTS
    is_free = ctx.prefetch.error is None and control.requested is RequestedState.GO and not control.ends_now
    would_be_outdated = any(outdates_proposals(request.event) for request in ctx.journal.requests.values())
    return ctx.config.ahead and is_free and not would_be_outdated and not is_done and ctx.prefetch.has_more()
