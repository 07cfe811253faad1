"""What people ask of a running loop, and what it answers. The loop acknowledges each request in the journal."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from enum import Enum
from types import FrameType

from journal.events import (
    Acknowledged,
    BranchFromAcknowledged,
    BranchFromRequested,
    DirectionAcknowledged,
    DirectionAdded,
    DirectionWithdrawn,
    Event,
    Intent,
    PauseAcknowledged,
    PauseRequested,
    RequestWithdrawn,
    ResumeAcknowledged,
    ResumeRequested,
    SkipAcknowledged,
    SkipRequested,
    StopAcknowledged,
    StopRequested,
    VetoAcknowledged,
    VetoRequested,
    WithdrawalAcknowledged,
)
from journal.events.recorded import Recorded
from loop.contracts import BASELINE
from loop.runs.process.runner import EndRequest
from loop.runtime.session_journal import SessionJournal
from loop.runtime.withdrawals import Answer, answer_withdrawals

NOTED = "the next proposal takes it into account"
POLL_SECONDS = 0.5  # between two reads of the journal while a run trains

ACKNOWLEDGEMENTS: dict[type[Intent], type[Acknowledged]] = {
    DirectionAdded: DirectionAcknowledged,
    DirectionWithdrawn: DirectionAcknowledged,
    PauseRequested: PauseAcknowledged,
    ResumeRequested: ResumeAcknowledged,
    SkipRequested: SkipAcknowledged,
    StopRequested: StopAcknowledged,
    VetoRequested: VetoAcknowledged,
    BranchFromRequested: BranchFromAcknowledged,
    RequestWithdrawn: WithdrawalAcknowledged,
}
BRANCH_REQUESTS = (BranchFromRequested, VetoRequested)  # `loop.session.steering` answers them between two experiments


class RequestedState(Enum):
    """What the session does after the experiment in flight."""

    GO = "go"
    PAUSE = "pause"
    STOP = "stop"


class Control:
    """Answers requests, and holds what they ask for until the loop does it.

    Ctrl-C sets `is_interrupted`. An error of the machine sets `is_abandoned`: no experiment in flight can be recorded.
    """

    def __init__(self, journal: SessionJournal, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._journal = journal
        self._monotonic = monotonic
        self._last_read = 0.0
        self._skips: set[int] = set()
        self._stop_now = False
        self._in_flight: list[int] = []
        self.requested = RequestedState.GO
        self.is_interrupted = False
        self.is_abandoned = False

    def interrupt(self) -> None:
        """End the run in flight at once, and pause the session."""
        self.is_interrupted = True

    @property
    def ends_now(self) -> bool:
        """Whether a person ends the run in flight at once."""
        return self.is_interrupted or self._stop_now

    @contextmanager
    def in_flight(self, experiment: int) -> Iterator[None]:
        """Count an experiment as in flight."""
        self._in_flight.append(experiment)
        try:
            yield
        finally:
            self._in_flight.remove(experiment)

    def poll(self, experiment: int) -> EndRequest | None:
        """How the run in flight is to end, if it is; reads the journal at most twice a second."""
        if self._monotonic() - self._last_read >= POLL_SECONDS:
            self.answer(experiment)
        if self.ends_now:
            return "interrupt"
        return "skip" if experiment in self._skips else None

    def wait(self, seconds: float) -> None:
        """Sleep; a signal ends the sleep early."""
        time.sleep(seconds)

    def answer(self, experiment: int | None = None) -> None:
        """Acknowledge every open request but those in BRANCH_REQUESTS; `experiment` is being proposed or in flight."""
        self._last_read = self._monotonic()
        self._journal.catch_up()
        in_flight = {*self._in_flight, *([] if experiment is None else [experiment])}
        self._answer_withdrawals()
        for position, recorded in self._open_requests():
            self._acknowledge(position, recorded.event, self._obey(recorded.event, in_flight))

    def answer_earlier(self) -> None:
        """Answer requests to a loop that has ended: directions still hold, a pause or a stop does not."""
        self._answer_withdrawals()
        for position, recorded in self._open_requests():
            is_direction = isinstance(recorded.event, DirectionAdded | DirectionWithdrawn)
            answer = Answer(NOTED) if is_direction else Answer("no loop was running", done=False)
            self._acknowledge(position, recorded.event, answer)

    def _answer_withdrawals(self) -> None:
        """Refuse what a person withdrew, before the loop does anything about it."""
        for position, request, answer in answer_withdrawals(self._journal.requests, self._journal.rows):
            self._acknowledge(position, request, answer)

    def _open_requests(self) -> list[tuple[int, Recorded]]:
        requests = sorted(self._journal.requests.items())
        return [(position, request) for position, request in requests if not isinstance(request.event, BRANCH_REQUESTS)]

    def _acknowledge(self, position: int, request: Event, answer: Answer) -> None:
        kind = ACKNOWLEDGEMENTS[type(request)]  # type: ignore[index]
        event = kind(session=request.session, request=position, outcome=answer.outcome, done=answer.done)
        self._journal.append_to_session(event)

    def _skip(self, experiment: int, in_flight: AbstractSet[int]) -> Answer:
        if experiment not in in_flight:
            return Answer(f"experiment {experiment} is not in flight", done=False)
        if experiment == BASELINE:
            return Answer("the session needs its baseline", done=False)
        self._skips.add(experiment)
        return Answer("skipped")

    def _obey(self, request: Event, in_flight: AbstractSet[int]) -> Answer:
        after = f"after the experiment{'s' * (len(in_flight) > 1)} in flight"
        match request:
            case PauseRequested():
                self.requested = RequestedState.PAUSE if self.requested is RequestedState.GO else self.requested
                return Answer(f"pausing {after}" if in_flight else "paused")
            case ResumeRequested():
                self.requested = RequestedState.GO if self.requested is RequestedState.PAUSE else self.requested
                return Answer("resumed")
            case StopRequested():
                self.requested, self._stop_now = RequestedState.STOP, self._stop_now or request.now
                return Answer("stopping now" if request.now or not in_flight else f"stopping {after}")
            case SkipRequested():
                return self._skip(request.experiment, in_flight)
            case _:
                return Answer(NOTED)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible(control: Control) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM, or a closed terminal) ends the run in flight and pauses; the second ends the loop at once.

    The second loses nothing that the journal has acknowledged, and the run's processes end with the loop.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        if control.is_interrupted:
            os._exit(128 + number)
        control.interrupt()

    under_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    numbers = [number for number in SIGNALS if not (under_nohup and number == signal.SIGHUP)]
    previous = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
