"""One command of a run, measured on the loop's own clock, with what it reports of itself."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from journal.errors import JournalError
from loop.brief.metric.reading import Reading
from loop.brief.metric.source import MetricSource
from loop.brief.metric.terminal import shown
from loop.errors import LoopError
from loop.runs.decode import FIRST_BYTES, encoding
from loop.runs.output_search import OutputSearch
from loop.runs.process.runner import Command, CommandObserver, EndRequest, ExitStatus, run
from loop.runs.process.telemetry import TelemetryMessage, TrainingFinished, TrainingStarted, TrainingStep
from loop.runs.time_budget import TimeBudget

STEP_SECONDS = 0.5  # between two points of the curve that are passed on; a training may send thousands a second
TAIL_BYTES = 64 * 1024  # of the output's end


@dataclass(frozen=True, kw_only=True)
class RunObserver:
    """Callbacks of the session during a run; `poll` may end it."""

    on_launch: Callable[[int], None] = lambda _pid: None
    on_step: Callable[[TrainingStep], None] = lambda _step: None
    poll: Callable[[], EndRequest | None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """A command that has ended, the end of its output as a terminal shows it, and what it reported of itself."""

    status: ExitStatus
    tail: str
    log: Path | None = None
    readings: Mapping[str, Reading] = field(default_factory=dict)  # of the output, by the names of `sources`
    finished: TrainingFinished | None = None
    startup_seconds: float | None = None  # by the loop's clock; None if the training did not report its start
    training_seconds: float = 0.0  # by the loop's clock
    timeout_reason: str | None = None  # why the loop ended it, if its time was over
    listener_error: str | None = None  # of the session, on what it reported; the loop ended it
    overspent_reason: str | None = None  # why it is no fair comparison, if it took more than the unchanged code
    times: Mapping[str, float] = field(default_factory=dict)  # seconds by the loop's clock: training, wall, cpu


class TelemetryListener:
    """Takes in what a training reports, and polls whether its time is over."""

    def __init__(self, observer: RunObserver, budget: TimeBudget | None) -> None:
        self._observer = observer
        self._budget = budget
        self._last_passed_on = float("-inf")
        self._last_step: TrainingStep | None = None
        self.timeout_reason: str | None = None
        self.listener_error: str | None = None
        self.finished: TrainingFinished | None = None

    @property
    def claimed_seconds(self) -> float | None:
        """Seconds of training by its own account."""
        seconds = self.finished.train_seconds if self.finished else None
        return seconds if seconds is not None or self._last_step is None else self._last_step.seconds

    def on_message(self, message: TelemetryMessage) -> None:
        match message:
            case TrainingStarted() if self._budget is not None:
                self._budget.start_training()
            case TrainingFinished():
                self.finished = message
            case TrainingStep():
                self._last_step = message
                if time.monotonic() - self._last_passed_on >= STEP_SECONDS:
                    self._last_passed_on = time.monotonic()
                    self._pass_on(message)

    def _pass_on(self, step: TrainingStep) -> None:
        """Hand a point to the session. One that cannot be taken in costs this run, and never the session."""
        try:
            self._observer.on_step(step)
        except (LoopError, JournalError, OSError):  # of the loop and of the machine
            raise
        except Exception as error:  # noqa: BLE001 - whatever a training can make a listener do
            self.listener_error = f"{type(error).__name__}: {error}"[:200]

    def poll(self) -> EndRequest | None:
        self.timeout_reason = self._budget.timeout_reason() if self._budget is not None else None
        return "timeout" if self.timeout_reason or self.listener_error else self._observer.poll()


def measure(
    command: Command,
    observer: RunObserver,
    *,
    budget: TimeBudget | None = None,
    sources: Mapping[str, MetricSource] = MappingProxyType({}),
) -> CommandResult:
    """Run a command to its end, within the budget if there is one, and search its output for the numbers of `sources`."""
    listener, search = TelemetryListener(observer, budget), OutputSearch(sources)
    status = run(
        command,
        CommandObserver(
            on_launch=observer.on_launch,
            on_message=listener.on_message,
            on_output=search.feed,
            poll=listener.poll,
        ),
    )
    late, cpu = listener.timeout_reason, status.cpu_seconds
    result = CommandResult(
        status=status,
        tail=shown(log_text(command.log, last=TAIL_BYTES)),
        log=command.log,
        readings=search.readings(),
        finished=listener.finished,
        timeout_reason=late,
        listener_error=listener.listener_error,
    )
    if budget is None:
        return result
    times = {"training": budget.training_seconds(), "wall": budget.wall_seconds()}
    return replace(
        result,
        startup_seconds=budget.startup_seconds(),
        training_seconds=budget.credible_seconds(None if late else listener.claimed_seconds),
        overspent_reason=budget.overspent_reason(cpu),
        times=times if cpu is None else {**times, "cpu": cpu},
    )


def log_text(log: Path, *, last: int | None = None) -> str:
    """The text of a log, or its last bytes; empty if the command has removed its log, which it can without a sandbox."""
    try:
        with log.open("rb") as file:
            first = file.read(FIRST_BYTES)
            start = max(0, file.seek(0, os.SEEK_END) - last) if last else 0
            file.seek(start - start % 2)  # a whole character of UTF-16
            return file.read().decode(encoding(first), "replace")
    except FileNotFoundError:
        return ""
