"""The first step: a proposal that the gate lets through.

Each attempt asks the sources in order, and takes the first proposal: a gain on an old base tried again on the new one, what
was prepared while a run trained, what the proposer answers now, what the filler proposes. It is gated and recorded once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from journal.events import IdeaProposed, ProposalPrepared
from loop.contracts import Proposal, Rejected, Request
from loop.errors import ProposerFailure, Stopped
from loop.experiment import stale_base
from loop.experiment.prefetch import ATTEMPTS, STEERED, ask, collect, overtaken, wait
from loop.experiment.request import gated, request
from loop.runtime.context import Context
from loop.runtime.experiment_log import ExperimentLog
from loop.runtime.proposal_events import dropped, failed, idea_proposed, on_parent, refused, to_proposal
from loop.runtime.proposer_call import require_valid_text

FILLS = 3  # of the filler, before the loop gives up


@dataclass(frozen=True)
class Candidate:
    """A proposal and the request that it answers; `prepared_on` is the commit on which it was made before its turn."""

    proposal: Proposal
    request: Request
    prepared_on: str | None = None


Source = Callable[[Context, int, ExperimentLog], Candidate | None]


def propose(ctx: Context, number: int) -> IdeaProposed:
    """The proposal in force, or else one that is gated and recorded now. Raises ProposerFailure if none passes the gate."""
    while (log := ctx.journal.log(number)).proposed is None:
        if log.attempts >= ATTEMPTS + FILLS:
            raise ProposerFailure(f"No proposal passed the gate in {log.attempts} attempts.", kind="exhausted")
        _record(ctx, next(candidate for source in SOURCES if (candidate := source(ctx, number, log)) is not None))
    return log.proposed


def _record(ctx: Context, candidate: Candidate) -> None:
    """Append a proposal with the gate's answer."""
    proposal, request = candidate.proposal, candidate.request
    answer = gated(ctx, proposal, request)
    idea = idea_proposed(proposal, request, answer, prepared_on=candidate.prepared_on)
    ctx.journal.append(request.experiment, idea, *([refused(idea, answer)] if isinstance(answer, Rejected) else []))


def _retried(ctx: Context, number: int, log: ExperimentLog) -> Candidate | None:
    """A gain on a base that is the incumbent no more, on the new one."""
    if log.attempts > 0 or not (rows := stale_base.untried(ctx)):
        return None
    request = _request(ctx, number, log)
    proposal = stale_base.retry(ctx, rows, request)
    return Candidate(proposal, request) if proposal else None


def _prefetched(ctx: Context, number: int, log: ExperimentLog) -> Candidate | None:
    """What was prepared while a run trained, on the incumbent of now; recorded as dropped if it cannot be used."""
    if ctx.prefetch.call is not None:
        wait(ctx, ctx.prefetch.call)
        collect(ctx)
    ctx.prefetch.raise_broken()
    prepared = ctx.journal.pending.prepared
    return None if prepared is None else _usable(ctx, prepared, _request(ctx, number, log))


def _usable(ctx: Context, prepared: ProposalPrepared, request: Request) -> Candidate | None:
    if ctx.journal.pending.steered > prepared.known:
        ctx.journal.append_to_session(dropped(prepared, "steered", STEERED))
        return None
    texts = on_parent(prepared, request.parent, request.files)
    if texts is None:
        reason = f"its edits do not fit the new incumbent, {request.parent[:10]}"
        ctx.journal.append_to_session(dropped(prepared, "moved", reason))
        return None
    return Candidate(to_proposal(prepared, texts), request, prepared_on=prepared.parent)


def _asked(ctx: Context, number: int, log: ExperimentLog) -> Candidate | None:
    """What the proposer answers now; asked again while a person or a new incumbent overtakes it. None if it fails."""
    while not _is_the_fillers(ctx, number, log):
        if ctx.control.ends_now:
            raise Stopped
        call = ask(ctx, number, attempt=log.attempts + 1)
        wait(ctx, call)
        if isinstance(call.error, ProposerFailure):
            ctx.prefetch.take()
            ctx.journal.append(number, failed(call.request, call.proposer.name, call.error))
            return None
        if (
            call.proposal is not None
            and not overtaken(ctx.journal, call)
            and call.request.parent == ctx.session.incumbent
        ):
            ctx.prefetch.take()
            return Candidate(call.proposal, _request(ctx, number, log))
        if candidate := _prefetched(ctx, number, log):
            return candidate
    return None


def _is_the_fillers(ctx: Context, number: int, log: ExperimentLog) -> bool:
    """Whether the filler proposes: there is no other proposer, or it has had its attempts at this experiment."""
    pending = ctx.journal.pending
    had_its_attempts = log.attempts + len(pending.refused(number)) >= ATTEMPTS
    return ctx.proposer is ctx.filler or pending.has_failed(number) or had_its_attempts


def _filled(ctx: Context, number: int, log: ExperimentLog) -> Candidate:
    """The filler's proposal."""
    request = _request(ctx, number, log)
    return Candidate(require_valid_text(ctx.filler.propose(request)), request)


def _request(ctx: Context, number: int, log: ExperimentLog) -> Request:
    return request(ctx, number, attempt=log.attempts + 1, state=ctx.state, refusals=log.refusals)


SOURCES: tuple[Source, ...] = (_retried, _prefetched, _asked, _filled)  # in this order
