"""The loop of a session: recover, measure the baseline, then run experiments until a limit or a person ends the call."""

import contextlib
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from journal.errors import JournalUnusable
from journal.events import ExperimentKept, SessionEnded, SessionPaused, SessionResumed
from journal.reports.memory import block as memory
from loop.brief import memory_block
from loop.errors import BadInput, MachineFailure, ProposerFailure, RunRefused, Stopped, WorkspaceError
from loop.experiment import ablation, commit_notes, prefetch
from loop.experiment.baseline import measure_baseline
from loop.experiment.lifecycle import propose_and_commit, run_to_verdict
from loop.runtime.context import Context
from loop.runtime.control import BRANCH_REQUESTS, POLL_SECONDS, RequestedState, interruptible
from loop.runtime.session_journal import SessionJournal
from loop.runtime.workers import WorkerPool
from loop.session import retention
from loop.session.brief_edits import apply_brief_edits
from loop.session.recovery import recover
from loop.session.steering import steer
from loop.session.stop_conditions import StopReason, limit_reached

STOPPED = "stopped by a person"


@dataclass(frozen=True)
class CallStart:
    """What the limits of this call of the loop count from."""

    limit: int | None  # experiments of the session after which the call ends
    last_number: int  # of the experiments before the call
    seconds: float  # monotonic


def run(ctx: Context, *, experiments: int | None = None) -> StopReason:
    """Run the session until it ends, or for so many experiments more.

    Pauses the session and raises BadInput, RunRefused or WorkspaceError if only a person can go on: somebody moved the
    branch, the baseline gives no metric, the machine has no sandbox any more.
    """
    return _run_call(ctx, lambda: _run_session(ctx, experiments=experiments))


def retest(ctx: Context, *, experiments: int | None = None) -> StopReason:
    """Test the kept changes of the incumbent, or so many of them. A session that had ended ends again."""
    final = ctx.session.state == "ended"
    return _run_call(ctx, lambda: _run_ablations(ctx, experiments=experiments, final=final))


def _run_call(ctx: Context, body: Callable[[], StopReason]) -> StopReason:
    """Run one call of the loop, and record why it ended."""
    with ctx.lock, interruptible(ctx.control):
        try:
            ending = body()
        except Stopped:
            ending = StopReason(STOPPED, final=ctx.control.requested is RequestedState.STOP)
        except ProposerFailure as failure:  # one that may pass does not end the session for good
            ending = StopReason(f"nothing left to propose: {failure}", final=ctx.proposer is ctx.fallback)
        except (BadInput, RunRefused, WorkspaceError) as refusal:
            _record_end(ctx, StopReason(str(refusal)))
            raise
        except (MachineFailure, JournalUnusable, OSError) as error:
            ending = StopReason(_machine_message(error), is_machine_failure=True)
        _record_end(ctx, ending)
    return ending


def _machine_message(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'the machine'}: {error.strerror}: free space or repair it, then run again."
    return str(error)


def _run_session(ctx: Context, *, experiments: int | None) -> StopReason:
    if ctx.session.state != "open":
        reason = "the loop was started again" + (" by its tag" if ctx.session.state == "ended" else "")
        ctx.journal.append_to_session(SessionResumed(session=ctx.session.tag, reason=reason))
    ctx.control.answer_earlier()
    recover(ctx)
    retention.remove_leftovers(ctx.journal, ctx.folder)
    apply_brief_edits(ctx)
    measure_baseline(ctx)
    retention.prune(ctx)
    commit_notes.write_notes(ctx.journal, ctx.workspace, metric=ctx.config.metric)
    _write_memory(ctx)
    limit = None if experiments is None else ctx.session.experiments + experiments
    start = CallStart(limit=limit, last_number=ctx.journal.next_number() - 1, seconds=time.monotonic())
    ctx.prefetch.has_more = lambda: _limit_reached(ctx, start) is None
    workers = WorkerPool(ctx)
    try:
        return _run_experiments(ctx, workers, start)
    except BaseException as error:
        ctx.prefetch.has_more = lambda: False
        workers.finish(error)
        with contextlib.suppress(WorkspaceError, OSError):  # the caller gets the first error
            _handle_verdicts(ctx, workers)
        raise


def _run_experiments(ctx: Context, workers: WorkerPool, start: CallStart) -> StopReason:
    """Run one experiment on each device at a time; propose and commit them one after the other."""
    while True:
        _handle_verdicts(ctx, workers)
        ending = _stop_reason(ctx, workers, start)
        if ending is not None and not workers.numbers:
            return ending
        number = None if ending is not None else _next_experiment(ctx, workers)
        if number is not None:
            _start_experiment(ctx, workers, number)
        elif workers.numbers:
            workers.wait()
        else:
            _wait_while_paused(ctx)


def _start_experiment(ctx: Context, workers: WorkerPool, number: int) -> None:
    """Propose and commit an experiment and give it to a worker; if there is nothing to propose, wait for a verdict."""
    apply_brief_edits(ctx)
    try:
        commit = propose_and_commit(ctx, number)
    except ProposerFailure:
        if ctx.control.requested is RequestedState.PAUSE:
            return
        if not workers.numbers:
            raise
        workers.wait_any()  # on a new incumbent there may be something to propose
    else:
        if not workers.has_unapplied_verdict():  # one may have come during the proposer's call
            workers.start(number, partial(run_to_verdict, number=number, commit=commit))


def _handle_verdicts(ctx: Context, workers: WorkerPool) -> None:
    """Write notes, checkpoints and memory for the verdicts since the last call."""
    for number, verdict in workers.take_verdicts():
        if isinstance(verdict, ExperimentKept):
            commit_notes.write_notes(ctx.journal, ctx.workspace, metric=ctx.config.metric)
        retention.prune(ctx, number)
        _write_memory(ctx)


def _run_ablations(ctx: Context, *, experiments: int | None, final: bool) -> StopReason:
    """Leave one kept change after the other out of the incumbent."""
    if ctx.session.state != "open":
        ctx.journal.append_to_session(
            SessionResumed(session=ctx.session.tag, reason="its kept changes are tested again")
        )
    ctx.control.answer_earlier()
    recover(ctx)
    ctx.prefetch.has_more = lambda: False
    left = len(ctx.state.experiments.rows) if experiments is None else experiments
    while not ctx.control.ends_now and ctx.control.requested is RequestedState.GO:
        number = min(WorkerPool(ctx).waiting_experiments(), default=None)
        if number is None and left > 0:
            number, left = ablation.propose_next(ctx), left - 1
        if number is None:
            return StopReason("its kept changes were tested again", final=final)
        run_to_verdict(ctx, number, propose_and_commit(ctx, number))
        _write_memory(ctx)
        ctx.control.answer()
    return StopReason(STOPPED, final=final or ctx.control.requested is RequestedState.STOP)


def _stop_reason(ctx: Context, workers: WorkerPool, start: CallStart) -> StopReason | None:
    """Why to start no more experiments, if there is a reason."""
    ctx.control.answer()
    if not workers.numbers:  # a verdict in flight may still move the branch
        steer(ctx)
    if ctx.control.is_interrupted:
        return StopReason(STOPPED)
    if ctx.control.requested is RequestedState.STOP:
        return StopReason(STOPPED, final=True)
    return None if workers.waiting_experiments() else _limit_reached(ctx, start)


def _limit_reached(ctx: Context, start: CallStart) -> StopReason | None:
    hours = (time.monotonic() - start.seconds) / 3600
    return limit_reached(
        ctx.session, ctx.journal.rows(), ctx.config, limit=start.limit, hours=hours, last_number=start.last_number
    )


def _wait_while_paused(ctx: Context) -> None:
    tag = ctx.session.tag
    ctx.journal.append_to_session(SessionPaused(session=tag, reason="paused by a person"))
    while ctx.control.requested is RequestedState.PAUSE and not ctx.control.ends_now:
        prefetch.collect(ctx)
        ctx.control.wait(POLL_SECONDS)
        ctx.control.answer()
    if not ctx.control.ends_now and ctx.control.requested is RequestedState.GO:
        ctx.journal.append_to_session(SessionResumed(session=tag, reason="resumed by a person"))


def _next_experiment(ctx: Context, workers: WorkerPool) -> int | None:
    """The number of the experiment to start: an interrupted one, else a new one; None if others have to end first."""
    if ctx.control.requested is not RequestedState.GO or workers.is_full:
        return None
    number = min(workers.waiting_experiments(), default=ctx.journal.next_number())
    branch_requested = any(isinstance(request.event, BRANCH_REQUESTS) for request in ctx.journal.requests.values())
    must_wait = workers.numbers and (
        branch_requested
        or workers.has_unapplied_verdict()
        or _needs_fixed_incumbent(ctx.journal, {number, *workers.numbers})
    )
    return None if must_wait else number


def _needs_fixed_incumbent(journal: SessionJournal, numbers: AbstractSet[int]) -> bool:
    """Whether one of these experiments carries out a veto or is an ablation: the incumbent may not move meanwhile."""
    rows = [row for row in journal.rows() if row.number in numbers]
    return any(row.takes_back is not None or row.kind == ablation.KIND for row in rows)


def _write_memory(ctx: Context) -> None:
    """Rewrite the memory block of the brief; a failure costs no experiment."""
    with contextlib.suppress(OSError, BadInput):
        memory_block.write(ctx.brief.path, memory.render(ctx.state, ctx.session.tag), temp_folder=ctx.folder)


def _record_end(ctx: Context, ending: StopReason) -> None:
    """Record why the call ended; the journal is complete without it if the disk is full."""
    state, kind = ctx.session.state, SessionEnded if ending.final else SessionPaused
    with contextlib.suppress(JournalUnusable):
        prefetch.close(ctx, final=ending.final)
        if state == "open" or (state == "paused" and ending.final):
            ctx.journal.append_to_session(kind(session=ctx.session.tag, reason=ending.reason))
