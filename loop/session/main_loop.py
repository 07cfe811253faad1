"""A night: recover, measure the baseline, then one experiment after the other until something ends it."""

import contextlib
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from journal.errors import JournalUnusable
from journal.events import ExperimentKept, SessionEnded, SessionPaused, SessionResumed, Verdict
from journal.reports import memory
from loop.brief import memory_block
from loop.errors import BadInput, MachineFailure, ProposerFailure, RunRefused, Stopped, WorkspaceError
from loop.experiment import ablation, commit_notes, prefetch
from loop.experiment.baseline import measure_baseline
from loop.experiment.lifecycle import propose_and_commit, run_to_verdict
from loop.runtime.context import Context
from loop.runtime.control import BETWEEN, POLL_SECONDS, RequestedState, interruptible
from loop.runtime.session_journal import SessionJournal
from loop.runtime.workers import WorkerPool
from loop.session import retention
from loop.session.brief_edits import apply_brief_edits
from loop.session.recovery import recover
from loop.session.steering import steer
from loop.session.stop_conditions import StopReason, reached


@dataclass(frozen=True)
class Start:
    """What this call of the loop counts from."""

    bound: int | None  # experiments of the session, after which it is over
    begun: int  # number of the last experiment before it
    since: float  # monotonic seconds


def run(ctx: Context, *, more: int | None = None) -> StopReason:
    """Run the session until it ends, or until `more` experiments are done in this call.

    Raises BadInput, RunRefused or WorkspaceError where only a person can go on: a branch moved by hand, a baseline without
    a metric, a machine that lost its sandbox. The session is paused before.
    """
    return _played(ctx, lambda: _night(ctx, more=more))


def retest(ctx: Context, *, more: int | None = None) -> StopReason:
    """Test the keeps that the incumbent is made of, or `more` of them. Ended sessions are ended again afterwards."""
    final = ctx.session.state == "ended"
    return _played(ctx, lambda: _ablations(ctx, more=more, final=final))


def _played(ctx: Context, night: Callable[[], StopReason]) -> StopReason:
    """Everything that may end a call of the loop, and its last word."""
    with ctx.lock, interruptible(ctx.control):
        try:
            ending = night()
        except Stopped:
            ending = StopReason("stopped by a person", final=ctx.control.requested is RequestedState.STOP)
        except ProposerFailure as failure:
            ending = StopReason(f"nothing left to propose: {failure}", final=True)
        except (BadInput, RunRefused, WorkspaceError) as refused:
            _close(ctx, StopReason(str(refused)))
            raise
        except (MachineFailure, JournalUnusable, OSError) as broken:
            ending = StopReason(_words(broken), broken=True)
        _close(ctx, ending)
    return ending


def _words(broken: Exception) -> str:
    if isinstance(broken, OSError):
        return f"{broken.filename or 'the machine'}: {broken.strerror}: make room or mend it, then start again."
    return str(broken)


def _night(ctx: Context, *, more: int | None) -> StopReason:
    if ctx.session.state == "paused":
        ctx.journal.append_to_session(SessionResumed(session=ctx.session.tag, reason="the loop was started again"))
    ctx.control.answer_old()
    recover(ctx)
    retention.clear(ctx.journal, ctx.folder)
    apply_brief_edits(ctx)
    measure_baseline(ctx)
    retention.prune(ctx)
    commit_notes.note(ctx.journal, ctx.workspace, metric=ctx.config.metric)
    _remember(ctx)
    start = _start(ctx.journal, more=more)
    ctx.prefetch.has_more = lambda: _bound(ctx, start) is None
    workers = WorkerPool(ctx)
    try:
        return _experiments(ctx, workers, start)
    except BaseException as error:
        ctx.prefetch.has_more = lambda: False
        workers.finish(error)
        with contextlib.suppress(WorkspaceError, OSError):  # the error is the one that is told
            _judged(ctx, workers)
        raise


def _experiments(ctx: Context, workers: WorkerPool, start: Start) -> StopReason:
    """One experiment after the other, as many at once as there are devices; proposed and committed one at a time."""
    while True:
        _judged(ctx, workers)
        ending = _over(ctx, workers, start)
        if ending is not None and not workers.numbers:
            return ending
        due = None if ending is not None else _due(ctx, workers)
        if due is not None:
            _begin(ctx, workers, due)
        elif workers.numbers:
            workers.wait()
        else:
            _hold(ctx)


def _begin(ctx: Context, workers: WorkerPool, number: int) -> None:
    """Propose and commit an experiment and take it up, or wait for the others where that has to be."""
    apply_brief_edits(ctx)
    try:
        commit = propose_and_commit(ctx, number)
    except ProposerFailure:
        if not workers.numbers:
            raise
        workers.wait_any()  # on a new incumbent there may be something to propose
    else:
        if not _settling(ctx.journal, workers):  # since the proposer was asked
            workers.start(number, _to_its_verdict(number, commit))


def _to_its_verdict(number: int, commit: str) -> Callable[[Context], Verdict]:
    return lambda ctx: run_to_verdict(ctx, number, commit)


def _judged(ctx: Context, workers: WorkerPool) -> None:
    """What follows the verdicts since the last look."""
    for number, verdict in workers.take_verdicts():
        _settled(ctx, number, verdict)


def _settled(ctx: Context, number: int, verdict: Verdict) -> None:
    """What follows a verdict, outside the journal."""
    if isinstance(verdict, ExperimentKept):
        commit_notes.note(ctx.journal, ctx.workspace, metric=ctx.config.metric)
    retention.prune(ctx, number)
    _remember(ctx)


def _ablations(ctx: Context, *, more: int | None, final: bool) -> StopReason:
    """One old keep after the other is left out of the incumbent."""
    if ctx.session.state != "open":
        ctx.journal.append_to_session(SessionResumed(session=ctx.session.tag, reason="its keeps are tested again"))
    ctx.control.answer_old()
    recover(ctx)
    ctx.prefetch.has_more = lambda: False
    left = len(ctx.state.experiments.rows) if more is None else more
    while not ctx.control.ends_now and ctx.control.requested is RequestedState.GO:
        number = min(_left_open(ctx.journal, WorkerPool(ctx)), default=None)
        if number is None and left > 0:
            number, left = ablation.open_next(ctx), left - 1
        if number is None:
            return StopReason("its keeps were tested again", final=final)
        run_to_verdict(ctx, number, propose_and_commit(ctx, number))
        _remember(ctx)
        ctx.control.answer()
    return StopReason("stopped by a person", final=final or ctx.control.requested is RequestedState.STOP)


def _start(journal: SessionJournal, *, more: int | None) -> Start:
    bound = None if more is None else journal.session.experiments + more
    return Start(bound=bound, begun=journal.next_number() - 1, since=time.monotonic())


def _over(ctx: Context, workers: WorkerPool, start: Start) -> StopReason | None:
    """Why to begin no more experiments, if there is a reason."""
    ctx.control.answer()
    if not workers.numbers:  # one whose verdict stands may still wait to move the branch
        steer(ctx)
    if ctx.control.interrupted:
        return StopReason("stopped by a person")
    if ctx.control.requested is RequestedState.STOP:
        return StopReason("stopped by a person", final=True)
    return None if _left_open(ctx.journal, workers) else _bound(ctx, start)


def _bound(ctx: Context, start: Start) -> StopReason | None:
    """The bound that is reached, if one is."""
    rows = ctx.journal.rows()
    hours = (time.monotonic() - start.since) / 3600
    return reached(ctx.session, rows, ctx.config, bound=start.bound, begun=start.begun, hours=hours)


def _hold(ctx: Context) -> None:
    """Wait, paused, until a person lets the loop go on or ends it."""
    tag = ctx.session.tag
    ctx.journal.append_to_session(SessionPaused(session=tag, reason="paused by a person"))
    while ctx.control.requested is RequestedState.PAUSE and not ctx.control.ends_now:
        prefetch.collect(ctx)
        ctx.control.wait(POLL_SECONDS)
        ctx.control.answer()
    if not ctx.control.ends_now and ctx.control.requested is RequestedState.GO:
        ctx.journal.append_to_session(SessionResumed(session=tag, reason="resumed by a person"))


def _due(ctx: Context, workers: WorkerPool) -> int | None:
    """The experiment to begin: one left open, else a new one; None where others have to end before."""
    if ctx.control.requested is not RequestedState.GO or workers.is_full:
        return None
    number = min(_left_open(ctx.journal, workers), default=ctx.journal.next_number())
    steered = any(isinstance(asked.event, BETWEEN) for asked in ctx.journal.requests.values())
    waits = workers.numbers and (
        steered or _settling(ctx.journal, workers) or _alone(ctx.journal, {number, *workers.numbers})
    )
    return None if waits else number


def _settling(journal: SessionJournal, workers: WorkerPool) -> bool:
    """Whether a verdict waits for somebody to leave the branch: a keep on top of it would move the branch first."""
    return any(row.status != "open" for row in journal.rows() if row.number in workers.numbers)


def _alone(journal: SessionJournal, numbers: AbstractSet[int]) -> bool:
    """Whether one of these is what a person asked for, or a test of a keep: nothing may move the incumbent under it."""
    return any(
        row.takes_back is not None or row.kind == ablation.KIND for row in journal.rows() if row.number in numbers
    )


def _left_open(journal: SessionJournal, workers: WorkerPool) -> list[int]:
    """Experiments without a verdict that are not in flight."""
    return [row.number for row in journal.rows() if row.status == "open" and row.number not in workers.numbers]


def _remember(ctx: Context) -> None:
    """Rewrite the brief's memory block; a brief that cannot be written costs no experiment."""
    with contextlib.suppress(OSError, BadInput):
        memory_block.write(ctx.brief.path, memory.render(ctx.state, ctx.session.tag), stage=ctx.folder)


def _close(ctx: Context, ending: StopReason) -> None:
    """Record why this call is over; a full disk cannot take the last word, and the journal is whole without it."""
    state, kind = ctx.session.state, SessionEnded if ending.final else SessionPaused
    with contextlib.suppress(JournalUnusable):
        prefetch.close(ctx, final=ending.final)
        if state == "open" or (state == "paused" and ending.final):
            ctx.journal.append_to_session(kind(session=ctx.session.tag, reason=ending.reason))
