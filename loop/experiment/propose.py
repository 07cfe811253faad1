"""The first step: a proposal that passes the gate.

Each attempt tries the sources in order and takes the first proposal: a retry of a gain on the new incumbent, the prefetched
proposal, the proposer's answer to a call, the fallback's proposal, the proposer's answer to a later call. The loop then gates
and records that proposal once.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from journal.events import IdeaProposed, ProposalPrepared
from loop.contracts import BASELINE, Proposal, Rejected, Request
from loop.errors import ProposerFailure, Stopped
from loop.experiment import stale_base
from loop.experiment.prefetch import (
    ATTEMPTS,
    STEERED,
    TICK_SECONDS,
    collect,
    is_outdated,
    record_reports,
    start_call,
    wait,
)
from loop.experiment.request import build_request, gate_answer, recordable
from loop.llm.messages import PERMANENT
from loop.runtime.context import Context
from loop.runtime.control import RequestedState
from loop.runtime.experiment_log import ExperimentLog
from loop.runtime.proposal_events import (
    files_on,
    idea_proposed,
    idea_refused,
    proposal_dropped,
    proposer_failed,
    to_proposal,
)
from loop.runtime.proposer_call import require_valid_text
from loop.runtime.session_journal import SessionJournal

FALLBACK_ATTEMPTS = 3  # further attempts at one experiment, of the fallback or else of the proposer
RETRIES = 10  # calls that may fail, if the fallback has nothing to propose; then the session pauses
RETRY_SECONDS = 5.0  # before such a call, if the failure names no time


@dataclass(frozen=True)
class Submission:
    """A proposal and the request that it answers; `prepared_on` is the commit that a prefetched one was made on."""

    proposal: Proposal
    request: Request
    prepared_on: str | None = None


Source = Callable[[Context, int, ExperimentLog], Submission | None]


def propose(ctx: Context, number: int) -> IdeaProposed:
    """The experiment's proposal, made and recorded now if there is none. Raises ProposerFailure if none passes the gate.

    The attempts of an earlier call of the loop do not count: its person has started the loop again.
    """
    earlier = ctx.prefetch.earlier_attempts.setdefault(number, ctx.journal.log(number).attempts)
    while (log := ctx.journal.log(number)).idea is None:
        if log.attempts - earlier >= ATTEMPTS + FALLBACK_ATTEMPTS:
            raise ProposerFailure(f"No proposal passed the gate in {log.attempts} attempts.", kind="exhausted")
        _record(ctx, next(submission for source in SOURCES if (submission := source(ctx, number, log)) is not None))
    return log.idea


def _record(ctx: Context, submission: Submission) -> None:
    """Append a proposal with the gate's answer."""
    proposal, request = submission.proposal, submission.request
    answer = gate_answer(ctx, proposal, request)
    proposal = recordable(proposal, answer, ctx.config)
    idea = idea_proposed(proposal, request, answer, prepared_on=submission.prepared_on)
    ctx.journal.append(
        request.experiment, idea, *([idea_refused(idea, answer)] if isinstance(answer, Rejected) else [])
    )


def _retry(ctx: Context, number: int, log: ExperimentLog) -> Submission | None:
    """A change that gained on an earlier incumbent, on the new one."""
    if log.attempts > 0 or not (rows := stale_base.untried(ctx)):
        return None
    request = _request(ctx, number, log)
    proposal = stale_base.retry(ctx, rows, request)
    return Submission(proposal, request) if proposal else None


def _take_prefetched(ctx: Context, number: int, log: ExperimentLog) -> Submission | None:
    """The prefetched proposal on the present incumbent; recorded as dropped if it cannot be used."""
    if ctx.prefetch.call is not None:
        wait(ctx, ctx.prefetch.call)
        collect(ctx)
    ctx.prefetch.raise_error()
    prepared = ctx.journal.pending.prepared
    return None if prepared is None else _on_incumbent(ctx.journal, prepared, _request(ctx, number, log))


def _on_incumbent(journal: SessionJournal, prepared: ProposalPrepared, request: Request) -> Submission | None:
    if journal.pending.outdated_at > prepared.known:
        journal.append_to_session(proposal_dropped(prepared, "steered", STEERED))
        return None
    files = files_on(prepared, request.parent, request.files)
    if files is None:
        reason = f"its edits do not fit the new incumbent, {request.parent[:10]}"
        journal.append_to_session(proposal_dropped(prepared, "moved", reason))
        return None
    return Submission(to_proposal(prepared, files), request, prepared_on=prepared.parent)


def _ask_proposer(ctx: Context, number: int, log: ExperimentLog) -> Submission | None:
    """The proposer's answer. None if the call fails, or it is the fallback's turn."""
    return _call(ctx, number, log, is_over=lambda: _is_fallbacks_turn(ctx, number, log))


def _call(ctx: Context, number: int, log: ExperimentLog, *, is_over: Callable[[], bool]) -> Submission | None:
    """The proposer's answer; another call if a person or a new incumbent outdates the answer. None if the call fails."""
    while not is_over():
        if ctx.control.ends_now:
            raise Stopped
        call = start_call(ctx, number, attempt=log.attempts + 1)
        wait(ctx, call)
        record_reports(ctx)
        ctx.prefetch.failure = call.error if isinstance(call.error, ProposerFailure) else None
        if isinstance(call.error, ProposerFailure):
            ctx.prefetch.take_ended()
            ctx.journal.append(number, proposer_failed(call.request, call.proposer.name, call.error))
            return None
        is_current = not is_outdated(ctx.journal, call) and call.request.parent == ctx.session.incumbent
        if call.proposal is not None and is_current:
            ctx.prefetch.take_ended()
            return Submission(call.proposal, _request(ctx, number, log))
        if submission := _take_prefetched(ctx, number, log):
            return submission
    return None


def _is_fallbacks_turn(ctx: Context, number: int, log: ExperimentLog) -> bool:
    """Whether the fallback is the only proposer, or the other one has failed or used its attempts at this experiment."""
    pending = ctx.journal.pending
    attempts = log.attempts + len(pending.refusals_of(number))
    return ctx.proposer is ctx.fallback or pending.has_failed(number) or attempts >= ATTEMPTS


def _ask_fallback(ctx: Context, number: int, log: ExperimentLog) -> Submission | None:
    """The fallback's proposal; None if it has none and there is a proposer to ask again."""
    request = _request(ctx, number, log)
    try:
        return Submission(require_valid_text(ctx.fallback.propose(request)), request)
    except ProposerFailure:
        if ctx.proposer is ctx.fallback:
            raise
        return None


def _ask_again(ctx: Context, number: int, log: ExperimentLog) -> Submission:
    """The proposer's answer to a later call, as nothing else can propose. Raises the failure that it cannot wait out."""
    for _ in range(RETRIES):
        failure = ctx.prefetch.failure
        if failure is not None:
            _rest(ctx, number, failure)
        if submission := _call(ctx, number, log, is_over=lambda: False):
            return submission
    assert ctx.prefetch.failure is not None
    raise ctx.prefetch.failure


def _rest(ctx: Context, number: int, failure: ProposerFailure) -> None:
    """Wait until the proposer may be called again. Raises the failure if a person or a verdict in flight has to come first."""
    in_flight = any(row.status == "open" and row.number != number for row in ctx.journal.rows())
    if failure.kind in {*PERMANENT, "cost"} or in_flight:
        raise failure
    until = time.monotonic() + (failure.retry_after or RETRY_SECONDS)
    while (left := until - time.monotonic()) > 0:
        with ctx.lock.released():
            ctx.control.wait(min(TICK_SECONDS, left))
        if ctx.control.poll(BASELINE) == "interrupt" or ctx.control.requested is RequestedState.STOP:
            raise Stopped
        if ctx.control.requested is RequestedState.PAUSE or not ctx.prefetch.has_more():
            raise failure


def _request(ctx: Context, number: int, log: ExperimentLog) -> Request:
    return build_request(ctx, number, attempt=log.attempts + 1, state=ctx.state, refusals=log.refusals)


SOURCES: tuple[Source, ...] = (_retry, _take_prefetched, _ask_proposer, _ask_fallback, _ask_again)  # in this order
