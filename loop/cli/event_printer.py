"""What `ar-loop run` prints to stderr: a line per event, and on a terminal one live line for the runs in flight."""

import sys
import time
from typing import TextIO

from journal.console.local_time import local_clock
from journal.console.text import one_line
from journal.events import RunFailed, RunFinished, SessionEnded
from journal.events.recorded import Recorded
from journal.reports.narration import narrate
from journal.store import utc_now
from loop.contracts import RunSpec
from loop.runs.process.telemetry import TrainingStep

STEP_SECONDS = 5.0  # between two lines about a run, if there is no live line
CLEAR = "\r\x1b[K"
BAR = 16  # characters
WIDTH = 120  # of the live line, which the runs in flight share
LINE = 4_000  # characters of an event's line


class EventPrinter:
    """Prints events and the progress of runs; text from models is made safe for a terminal."""

    def __init__(self, stream: TextIO | None = None, *, live: bool | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_live = self._stream.isatty() if live is None else live
        self._last_line = 0.0  # monotonic seconds
        self._has_live_line = False
        self._progress: dict[int, str] = {}  # by experiment in flight
        self._session_ended: Recorded | None = None

    def on_event(self, recorded: Recorded) -> None:
        """Print an event. The end of the session waits for `finish`: an error that ends the call tells the reason itself."""
        if isinstance(recorded.event, RunFinished | RunFailed):
            self._progress.pop(recorded.event.experiment, None)
        if isinstance(recorded.event, SessionEnded):
            self._session_ended = recorded
        else:
            self._print(recorded)

    def finish(self) -> None:
        """Print the end of the session, if it has ended."""
        if self._session_ended is not None:
            self._print(self._session_ended)

    def step(self, spec: RunSpec, step: TrainingStep) -> None:
        """Print how far a run is."""
        self._progress[spec.experiment] = line = f"#{spec.experiment} {_progress(step)}"
        if self._is_live:
            width = WIDTH // len(self._progress)
            self._write(CLEAR + " | ".join(line[: width - len(" | ")] for line in self._progress.values()))
            self._has_live_line = True
        elif time.monotonic() - self._last_line >= STEP_SECONDS:
            self._write_line(line)

    def _print(self, recorded: Recorded) -> None:
        line = narrate(recorded.event)
        if line is not None:
            self._write_line(one_line(line, width=LINE))

    def _write_line(self, line: str) -> None:
        self._write(f"{CLEAR if self._has_live_line else ''}{local_clock(utc_now().isoformat())} {line}\n")
        self._has_live_line = False
        self._last_line = time.monotonic()

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = open("/dev/null", "w", encoding="utf-8")  # noqa: PTH123, SIM115  # the loop outlives its terminal


def _progress(step: TrainingStep) -> str:
    share = min(1.0, max(0.0, step.progress or 0.0))
    filled = round(share * BAR)
    loss = "" if step.loss is None else f" loss {step.loss:.4f}"
    speed = "" if step.tokens_per_second is None else f" {step.tokens_per_second:,.0f} tokens/s"
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {share:4.0%} step {step.step}{loss}{speed} {step.seconds:.0f} s"
