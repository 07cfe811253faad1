"""A run's telemetry on its way to the journal: thinned, and written about twice a second, whatever the training says."""

import time
from collections.abc import Callable

from msgspec.structs import asdict

from journal.store import Sample
from loop.contracts import Training
from loop.recorder import Recorder
from loop.telemetry import Step

WRITE_SECONDS = 0.5  # between two writes
APART_SECONDS = 0.05  # between two points that are kept: a training may speak a million times a second


class Curve:
    """The points of one run. `finish` writes what is left, the last point always."""

    def __init__(
        self, recorder: Recorder, training: Training, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._recorder = recorder
        self._training = training
        self._monotonic = monotonic
        self._waiting: list[Step] = []
        self._last: Step | None = None  # the newest point, kept or not
        self._kept = self._written = float("-inf")

    def add(self, step: Step) -> None:
        """Take in a point, and write those that wait if it is time."""
        now, self._last = self._monotonic(), step
        if now - self._kept >= APART_SECONDS:
            self._waiting.append(step)
            self._kept = now
        if now - self._written >= WRITE_SECONDS:
            self._write(now)

    def finish(self) -> None:
        """Write what is left."""
        if self._last is not None and self._last not in self._waiting:
            self._waiting.append(self._last)
        self._write(self._monotonic())

    def _write(self, now: float) -> None:
        points = [self._sample(step) for step in self._waiting]
        self._waiting.clear()
        self._written = now
        if points:
            self._recorder.samples(points)

    def _sample(self, step: Step) -> Sample:
        training = self._training
        return Sample(session=training.session, experiment=training.experiment, run=training.run, **asdict(step))
