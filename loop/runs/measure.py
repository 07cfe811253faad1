"""Running one command of a run and hearing what it says of itself, on the loop's own clock."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from loop.runs.process.runner import Command, EndRequest, ExitStatus, Watcher, run
from loop.runs.process.telemetry import Finished, Started, TrainingStep, Word
from loop.runs.time_budget import TimeBudget

STEP_SECONDS = 0.5  # between two points of the curve that are passed on; a training may send thousands a second
TAIL_BYTES = 64 * 1024  # of the output's end


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What the session wants to hear of a run."""

    launched: Callable[[int, Path], None] = lambda _pid, _folder: None
    step: Callable[[TrainingStep], None] = lambda _step: None
    tick: Callable[[], EndRequest | None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """A command that has ended, with its output's end and what it said of itself."""

    ending: ExitStatus
    tail: str
    finished: Finished | None = None
    last: TrainingStep | None = None
    startup_seconds: float | None = None  # by the loop's clock, None where the training did not say that it starts
    training_seconds: float = 0.0  # likewise
    late: str | None = None  # why the loop ended it, where its time was over
    overspent: str | None = None  # why it is no fair comparison, where it took more than the unchanged code
    guards: Mapping[str, float] = field(default_factory=dict)  # seconds by the loop's clock: training, wall, cpu

    @property
    def claimed_seconds(self) -> float | None:
        """Seconds of training by its own account."""
        said = self.finished.train_seconds if self.finished else None
        return said if said is not None or self.last is None else self.last.seconds


class TelemetryListener:
    """What a training says, and whether its time is over."""

    def __init__(self, watch: Watch, clock: TimeBudget | None) -> None:
        self._watch = watch
        self._clock = clock
        self._passed_on = float("-inf")
        self.late: str | None = None
        self.last: TrainingStep | None = None
        self.finished: Finished | None = None

    def hear(self, word: Word) -> None:
        match word:
            case Started() if self._clock is not None:
                self._clock.hear(word)
            case Finished():
                self.finished = word
            case TrainingStep():
                self.last = word
                if time.monotonic() - self._passed_on >= STEP_SECONDS:
                    self._passed_on = time.monotonic()
                    self._watch.step(word)

    def tick(self) -> EndRequest | None:
        self.late = self._clock.late() if self._clock is not None else None
        return "timeout" if self.late else self._watch.tick()


def measure(command: Command, watch: Watch, *, clock: TimeBudget | None = None) -> CommandResult:
    """Run a command to its end; with a clock, no longer than that allows."""
    ear = TelemetryListener(watch, clock)
    ending = run(
        command, Watcher(launched=lambda pid: watch.launched(pid, command.log.parent), word=ear.hear, tick=ear.tick)
    )
    told = CommandResult(ending=ending, tail=_tail(command.log), finished=ear.finished, last=ear.last, late=ear.late)
    if clock is None:
        return told
    cpu = ending.cpu_seconds
    guards = {"training": clock.training_seconds(), "wall": clock.wall_seconds()}
    return replace(
        told,
        startup_seconds=clock.startup_seconds(),
        training_seconds=clock.plausible(None if ear.late else told.claimed_seconds),
        overspent=clock.overspent(cpu),
        guards=guards if cpu is None else {**guards, "cpu": cpu},
    )


def _tail(log: Path) -> str:
    """The output's end; nothing where the command has removed its log, which without a sandbox it can."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
