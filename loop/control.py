"""What people ask of a running loop, and its answers. Each request is acknowledged in the journal."""

import time
from collections.abc import Callable
from enum import Enum

from journal.events import (
    Acknowledged,
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
    VetoAcknowledged,
    VetoRequested,
)
from loop.recorder import Recorder
from loop.runner import Ask

POLL_SECONDS = 0.5  # between looks at the journal while a run trains

ANSWERS: dict[type[Intent], type[Acknowledged]] = {
    DirectionAdded: DirectionAcknowledged,
    DirectionWithdrawn: DirectionAcknowledged,
    PauseRequested: PauseAcknowledged,
    ResumeRequested: ResumeAcknowledged,
    SkipRequested: SkipAcknowledged,
    StopRequested: StopAcknowledged,
    VetoRequested: VetoAcknowledged,
}


class Wish(Enum):
    """What the session is to do at the next boundary between experiments."""

    GO = "go"
    PAUSE = "pause"
    STOP = "stop"


class Control:
    """Answers requests and remembers what they ask for. `interrupted` is set by Ctrl-C."""

    def __init__(self, recorder: Recorder, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._recorder = recorder
        self._monotonic = monotonic
        self._looked = 0.0
        self._skip: int | None = None
        self._now = False
        self.wish = Wish.GO
        self.interrupted = False

    def interrupt(self) -> None:
        """Ctrl-C: the run in flight ends at once, and the session pauses."""
        self.interrupted = True

    @property
    def ends_now(self) -> bool:
        """Whether a person wants the run in flight ended at once."""
        return self.interrupted or self._now

    def during(self, experiment: int) -> Ask | None:
        """What to do with the run in flight; looks at the journal at most twice a second."""
        if self._monotonic() - self._looked >= POLL_SECONDS:
            self.answer(experiment)
        if self.ends_now:
            return "now"
        return "asked" if self._skip == experiment else None

    def wait(self, seconds: float) -> None:
        """Let some time pass; a signal ends the wait early."""
        time.sleep(seconds)

    def answer(self, experiment: int | None = None) -> None:
        """Acknowledge every open request; `experiment` is the one in flight."""
        self._looked = self._monotonic()
        self._recorder.catch_up()
        for position, recorded in sorted(self._recorder.requests.items()):
            outcome = self._take(recorded.event, experiment)
            answer = ANSWERS[type(recorded.event)]  # type: ignore[index]
            self._recorder.of_session(answer(session=recorded.event.session, request=position, outcome=outcome))

    def _take(self, request: Event, experiment: int | None) -> str:
        match request:
            case PauseRequested():
                self.wish = Wish.PAUSE if self.wish is Wish.GO else self.wish
                return "pauses after the experiment in flight" if experiment is not None else "paused"
            case ResumeRequested():
                self.wish = Wish.GO if self.wish is Wish.PAUSE else self.wish
                return "goes on"
            case StopRequested():
                self.wish, self._now = Wish.STOP, request.now
                return "stops now" if request.now or experiment is None else "stops after the experiment in flight"
            case SkipRequested():
                self._skip = request.experiment
                return (
                    "skipped"
                    if request.experiment == experiment
                    else f"experiment {request.experiment} is not in flight"
                )
            case DirectionAdded() | DirectionWithdrawn():
                return "told to the next proposal"
            case _:
                return "not done: this loop cannot take back a kept experiment while it runs"
