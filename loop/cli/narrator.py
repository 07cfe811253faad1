"""The loop's voice on stderr: a line per event, and on a terminal one live line for what trains. stdout stays for data."""

import sys
import time
from typing import TextIO

from journal.events import RunFailed, RunFinished
from journal.events.recorded import Recorded
from journal.reports.narration import narrate
from loop.contracts import RunSpec
from loop.runs.process.telemetry import TrainingStep
from loop.runtime.session_journal import Listener

PLAIN_SECONDS = 5.0  # between lines about one run where nobody watches live
CLEAR = "\r\x1b[K"
BAR = 16  # characters
WIDTH = 120  # of the live line, shared by what trains at once


class Narrator(Listener):
    """Tells what happens. Text from models is made safe for a terminal: printable characters only."""

    def __init__(self, stream: TextIO | None = None, *, live: bool | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty() if live is None else live
        self._said = 0.0
        self._open = False
        self._training: dict[int, str] = {}  # how far each experiment in flight is

    def heard(self, recorded: Recorded) -> None:
        if isinstance(recorded.event, RunFinished | RunFailed):
            self._training.pop(recorded.event.experiment, None)
        line = narrate(recorded.event)
        if line is not None:
            clock = time.strftime("%H:%M:%S")
            self._write(f"{CLEAR if self._open else ''}{clock} {printable(line)}\n")
            self._open = False
            self._said = time.monotonic()

    def step(self, training: RunSpec, step: TrainingStep) -> None:
        self._training[training.experiment] = line = f"#{training.experiment} {_progress(step)}"
        if self._live:
            each = WIDTH // len(self._training)
            shown = " | ".join(line[: each - len(" | ")] for line in self._training.values())
            self._write(f"{CLEAR}{shown}")
            self._open = True
        elif time.monotonic() - self._said >= PLAIN_SECONDS:
            self._write(f"{time.strftime('%H:%M:%S')} {line}\n")
            self._said = time.monotonic()

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = open("/dev/null", "w", encoding="utf-8")  # noqa: PTH123, SIM115  # the terminal is gone; the night goes on


def printable(text: str) -> str:
    """The text in one line, control and formatting characters replaced."""
    return "".join(char if char.isprintable() else " " for char in text)


def _progress(step: TrainingStep) -> str:
    done = min(1.0, max(0.0, step.progress or 0.0))
    filled = round(done * BAR)
    loss = "" if step.loss is None else f" loss {step.loss:.4f}"
    speed = "" if step.tokens_per_second is None else f" {step.tokens_per_second:,.0f} tokens/s"
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {done:4.0%} step {step.step}{loss}{speed} {step.seconds:.0f} s"
