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
from loop.errors import BadInput, ProposerFailure, RunRefused, Stopped, WorkspaceError, WorldBroken
from loop.experiment import ablation, commit_notes, prefetch
from loop.experiment.baseline import measure_baseline
from loop.experiment.lifecycle import decide, tried
from loop.runtime.context import Lab
from loop.runtime.control import BETWEEN, POLL_SECONDS, Wish, interruptible
from loop.runtime.workers import Crew
from loop.session import retention
from loop.session.brief_edits import reread
from loop.session.recovery import recover
from loop.session.steering import steer
from loop.session.stop_conditions import Ending, reached


@dataclass(frozen=True)
class Start:
    """What this call of the loop counts from."""

    bound: int | None  # experiments of the session, after which it is over
    begun: int  # number of the last experiment before it
    since: float  # monotonic seconds


def run(lab: Lab, *, more: int | None = None) -> Ending:
    """Run the session until it ends, or until `more` experiments are done in this call.

    Raises BadInput, RunRefused or WorkspaceError where only a person can go on: a branch moved by hand, a baseline without
    a metric, a machine that lost its sandbox. The session is paused before.
    """
    return _played(lab, lambda: _night(lab, more=more))


def retest(lab: Lab, *, more: int | None = None) -> Ending:
    """Test the keeps that the incumbent is made of, or `more` of them. Ended sessions are ended again afterwards."""
    final = lab.session.state == "ended"
    return _played(lab, lambda: _ablations(lab, more=more, final=final))


def _played(lab: Lab, night: Callable[[], Ending]) -> Ending:
    """Everything that may end a call of the loop, and its last word."""
    with lab.turn, interruptible(lab.control):
        try:
            ending = night()
        except Stopped:
            ending = Ending("stopped by a person", final=lab.control.wish is Wish.STOP)
        except ProposerFailure as failure:
            ending = Ending(f"nothing left to propose: {failure}", final=True)
        except (BadInput, RunRefused, WorkspaceError) as refused:
            _close(lab, Ending(str(refused)))
            raise
        except (WorldBroken, JournalUnusable, OSError) as broken:
            ending = Ending(_words(broken), broken=True)
        _close(lab, ending)
    return ending


def _words(broken: Exception) -> str:
    if isinstance(broken, OSError):
        return f"{broken.filename or 'the machine'}: {broken.strerror}: make room or mend it, then start again."
    return str(broken)


def _night(lab: Lab, *, more: int | None) -> Ending:
    if lab.session.state == "paused":
        lab.recorder.of_session(SessionResumed(session=lab.session.tag, reason="the loop was started again"))
    lab.control.answer_old()
    recover(lab)
    retention.clear(lab)
    reread(lab)
    measure_baseline(lab)
    retention.prune(lab)
    commit_notes.note(lab)
    _remember(lab)
    start = _start(lab, more=more)
    lab.ahead.goes_on = lambda: _bound(lab, start) is None
    crew = Crew(lab)
    try:
        return _experiments(lab, crew, start)
    except BaseException as error:
        lab.ahead.goes_on = lambda: False
        crew.finish(error)
        with contextlib.suppress(WorkspaceError, OSError):  # the error is the one that is told
            _judged(lab, crew)
        raise


def _experiments(lab: Lab, crew: Crew, start: Start) -> Ending:
    """One experiment after the other, as many at once as there are devices; proposed and committed one at a time."""
    while True:
        _judged(lab, crew)
        ending = _over(lab, crew, start)
        if ending is not None and not crew.numbers:
            return ending
        due = None if ending is not None else _due(lab, crew)
        if due is not None:
            _begin(lab, crew, due)
        elif crew.numbers:
            crew.wait()
        else:
            _hold(lab)


def _begin(lab: Lab, crew: Crew, number: int) -> None:
    """Propose and commit an experiment and take it up, or wait for the others where that has to be."""
    reread(lab)
    try:
        commit = tried(lab, number)
    except ProposerFailure:
        if not crew.numbers:
            raise
        crew.one()  # on a new incumbent there may be something to propose
    else:
        if not _settling(lab, crew):  # since the proposer was asked
            crew.begin(number, _to_its_verdict(number, commit))


def _to_its_verdict(number: int, commit: str) -> Callable[[Lab], Verdict]:
    return lambda lab: decide(lab, number, commit)


def _judged(lab: Lab, crew: Crew) -> None:
    """What follows the verdicts since the last look."""
    for number, verdict in crew.judged():
        _settled(lab, number, verdict)


def _settled(lab: Lab, number: int, verdict: Verdict) -> None:
    """What follows a verdict, outside the journal."""
    if isinstance(verdict, ExperimentKept):
        commit_notes.note(lab)
    retention.prune(lab, number)
    _remember(lab)


def _ablations(lab: Lab, *, more: int | None, final: bool) -> Ending:
    """One old keep after the other is left out of the incumbent."""
    if lab.session.state != "open":
        lab.recorder.of_session(SessionResumed(session=lab.session.tag, reason="its keeps are tested again"))
    lab.control.answer_old()
    recover(lab)
    lab.ahead.goes_on = lambda: False
    left = len(lab.state.experiments.rows) if more is None else more
    while not lab.control.ends_now and lab.control.wish is Wish.GO:
        number = min(_left_open(lab, Crew(lab)), default=None)
        if number is None and left > 0:
            number, left = ablation.open_next(lab), left - 1
        if number is None:
            return Ending("its keeps were tested again", final=final)
        decide(lab, number, tried(lab, number))
        _remember(lab)
        lab.control.answer()
    return Ending("stopped by a person", final=final or lab.control.wish is Wish.STOP)


def _start(lab: Lab, *, more: int | None) -> Start:
    bound = None if more is None else lab.session.experiments + more
    return Start(bound=bound, begun=lab.upcoming() - 1, since=time.monotonic())


def _over(lab: Lab, crew: Crew, start: Start) -> Ending | None:
    """Why to begin no more experiments, if there is a reason."""
    lab.control.answer()
    if not crew.numbers:  # one whose verdict stands may still wait to move the branch
        steer(lab)
    if lab.control.interrupted:
        return Ending("stopped by a person")
    if lab.control.wish is Wish.STOP:
        return Ending("stopped by a person", final=True)
    return None if _left_open(lab, crew) else _bound(lab, start)


def _bound(lab: Lab, start: Start) -> Ending | None:
    """The bound that is reached, if one is."""
    rows = lab.rows()
    hours = (time.monotonic() - start.since) / 3600
    return reached(lab.session, rows, lab.config, bound=start.bound, begun=start.begun, hours=hours)


def _hold(lab: Lab) -> None:
    """Wait, paused, until a person lets the loop go on or ends it."""
    tag = lab.session.tag
    lab.recorder.of_session(SessionPaused(session=tag, reason="paused by a person"))
    while lab.control.wish is Wish.PAUSE and not lab.control.ends_now:
        prefetch.collect(lab)
        lab.control.wait(POLL_SECONDS)
        lab.control.answer()
    if not lab.control.ends_now and lab.control.wish is Wish.GO:
        lab.recorder.of_session(SessionResumed(session=tag, reason="resumed by a person"))


def _due(lab: Lab, crew: Crew) -> int | None:
    """The experiment to begin: one left open, else a new one; None where others have to end before."""
    if lab.control.wish is not Wish.GO or crew.full:
        return None
    number = min(_left_open(lab, crew), default=lab.upcoming())
    steered = any(isinstance(asked.event, BETWEEN) for asked in lab.recorder.requests.values())
    waits = crew.numbers and (steered or _settling(lab, crew) or _alone(lab, {number, *crew.numbers}))
    return None if waits else number


def _settling(lab: Lab, crew: Crew) -> bool:
    """Whether a verdict waits for somebody to leave the branch: a keep on top of it would move the branch first."""
    return any(row.status != "open" for row in lab.rows() if row.number in crew.numbers)


def _alone(lab: Lab, numbers: AbstractSet[int]) -> bool:
    """Whether one of these is what a person asked for, or a test of a keep: nothing may move the incumbent under it."""
    return any(row.takes_back is not None or row.kind == ablation.KIND for row in lab.rows() if row.number in numbers)


def _left_open(lab: Lab, crew: Crew) -> list[int]:
    """Experiments without a verdict that are not in flight."""
    return [row.number for row in lab.rows() if row.status == "open" and row.number not in crew.numbers]


def _remember(lab: Lab) -> None:
    """Rewrite the brief's memory block; a brief that cannot be written costs no experiment."""
    with contextlib.suppress(OSError, BadInput):
        memory_block.remember(lab.brief.path, memory.render(lab.state, lab.session.tag), stage=lab.folder)


def _close(lab: Lab, ending: Ending) -> None:
    """Record why this call is over; a full disk cannot take the last word, and the journal is whole without it."""
    state, kind = lab.session.state, SessionEnded if ending.final else SessionPaused
    with contextlib.suppress(JournalUnusable):
        prefetch.close(lab, final=ending.final)
        if state == "open" or (state == "paused" and ending.final):
            lab.recorder.of_session(kind(session=lab.session.tag, reason=ending.reason))
