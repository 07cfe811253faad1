"""What people ask of a running loop, and its answers. Each request is acknowledged in the journal."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from enum import Enum
from types import FrameType
from typing import NamedTuple

from journal.events import (
    Acknowledged,
    BranchFromRequested,
    DirectionAcknowledged,
    DirectionAdded,
    DirectionWithdrawn,
    Event,
    Intent,
    PauseAcknowledged,
    PauseRequested,
    ResumeAcknowledged,
    ResumeRequested,
    SkipAcknowledged,
    SkipRequested,
    StopAcknowledged,
    StopRequested,
    VetoRequested,
)
from journal.events.recorded import Recorded
from loop.contracts import BASELINE
from loop.runs.process.runner import EndRequest
from loop.runtime.session_journal import SessionJournal

TOLD = "told to the next proposal"
POLL_SECONDS = 0.5  # between looks at the journal while a run trains

ANSWERS: dict[type[Intent], type[Acknowledged]] = {
    DirectionAdded: DirectionAcknowledged,
    DirectionWithdrawn: DirectionAcknowledged,
    PauseRequested: PauseAcknowledged,
    ResumeRequested: ResumeAcknowledged,
    SkipRequested: SkipAcknowledged,
    StopRequested: StopAcknowledged,
}
BETWEEN = (BranchFromRequested, VetoRequested)  # answered between two experiments, by `loop.session.steering`


class Answer(NamedTuple):
    """The loop's answer to a request; `done` is false if it refuses."""

    outcome: str
    done: bool = True


class RequestedState(Enum):
    """What the session is to do at the next boundary between experiments."""

    GO = "go"
    PAUSE = "pause"
    STOP = "stop"


class Control:
    """Answers requests and remembers what they ask for.

    `interrupted` is set by Ctrl-C, `given_up` where the machine is lost: nothing in flight can be recorded.
    """

    def __init__(self, journal: SessionJournal, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._journal = journal
        self._monotonic = monotonic
        self._looked = 0.0
        self._skips: set[int] = set()
        self._now = False
        self._flying: list[int] = []
        self.requested = RequestedState.GO
        self.interrupted = False
        self.given_up = False

    def interrupt(self) -> None:
        """Ctrl-C: the run in flight ends at once, and the session pauses."""
        self.interrupted = True

    @property
    def ends_now(self) -> bool:
        """Whether a person wants the run in flight ended at once."""
        return self.interrupted or self._now

    @contextmanager
    def in_flight(self, experiment: int) -> Iterator[None]:
        """While a run of an experiment is in flight."""
        self._flying.append(experiment)
        try:
            yield
        finally:
            self._flying.remove(experiment)

    def poll(self, experiment: int) -> EndRequest | None:
        """What to do with the run in flight; looks at the journal at most twice a second."""
        if self._monotonic() - self._looked >= POLL_SECONDS:
            self.answer(experiment)
        if self.ends_now:
            return "now"
        return "asked" if experiment in self._skips else None

    def wait(self, seconds: float) -> None:
        """Let some time pass; a signal ends the wait early."""
        time.sleep(seconds)

    def answer(self, experiment: int | None = None) -> None:
        """Acknowledge every open request that needs no boundary; `experiment` is one that is proposed or in flight."""
        self._looked = self._monotonic()
        self._journal.catch_up()
        flight = {*self._flying, *([] if experiment is None else [experiment])}
        for position, recorded in self._asked():
            self._acknowledge(position, recorded.event, self._take(recorded.event, flight))

    def answer_old(self) -> None:
        """Answer what was asked of a loop that has ended: directions and steering still hold, wishes do not."""
        for position, recorded in self._asked():
            directs = isinstance(recorded.event, DirectionAdded | DirectionWithdrawn)
            answer = Answer(TOLD) if directs else Answer("no loop ran that could do it", done=False)
            self._acknowledge(position, recorded.event, answer)

    def _asked(self) -> list[tuple[int, Recorded]]:
        requests = sorted(self._journal.requests.items())
        return [(position, recorded) for position, recorded in requests if not isinstance(recorded.event, BETWEEN)]

    def _acknowledge(self, position: int, request: Event, answer: Answer) -> None:
        kind = ANSWERS[type(request)]  # type: ignore[index]
        event = kind(session=request.session, request=position, outcome=answer.outcome, done=answer.done)
        self._journal.append_to_session(event)

    def _take_skip(self, experiment: int, flight: AbstractSet[int]) -> Answer:
        if experiment not in flight:
            return Answer(f"experiment {experiment} is not in flight", done=False)
        if experiment == BASELINE:
            return Answer("without its baseline the session has nothing to compare with", done=False)
        self._skips.add(experiment)
        return Answer("skipped")

    def _take(self, request: Event, flight: AbstractSet[int]) -> Answer:
        after = f"after the experiment{'s' * (len(flight) > 1)} in flight"
        match request:
            case PauseRequested():
                self.requested = RequestedState.PAUSE if self.requested is RequestedState.GO else self.requested
                return Answer(f"pauses {after}" if flight else "paused")
            case ResumeRequested():
                self.requested = RequestedState.GO if self.requested is RequestedState.PAUSE else self.requested
                return Answer("goes on")
            case StopRequested():
                self.requested, self._now = RequestedState.STOP, self._now or request.now
                return Answer("stops now" if request.now or not flight else f"stops {after}")
            case SkipRequested():
                return self._take_skip(request.experiment, flight)
            case _:
                return Answer(TOLD)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible(control: Control) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM, or a closed terminal) ends the run in flight and pauses; the second ends the loop at once.

    Ended at once, nothing acknowledged is lost, and the run's processes end with the loop.
    """

    def heard(number: int, _frame: FrameType | None) -> None:
        if control.interrupted:
            os._exit(128 + number)
        control.interrupt()

    under_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    asked = [number for number in SIGNALS if not (under_nohup and number == signal.SIGHUP)]
    before = {number: signal.signal(number, heard) for number in asked}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
