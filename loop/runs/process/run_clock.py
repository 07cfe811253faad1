"""The clock of one command: monotonic seconds, without those in which the loop was stopped and could not watch.

A stopped loop (Ctrl-Z, a paused container, a debugger) finds on its return that seconds have passed. If everything was stopped,
the command did not run in them either. The guardian, which runs beside the command, knows for how long it has run.
"""

import time
from collections.abc import Callable

STOPPED_SECONDS = 2.0  # between two looks of the loop, which are a tenth of a second apart: it was stopped, or held up


class RunClock:
    """Reads like `time.monotonic`. Starts at once."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._start = self._last_look = monotonic()
        self._offset = 0.0

    def __call__(self) -> float:
        return self._monotonic() - self._offset

    def elapsed(self) -> float:
        """Seconds since the start."""
        return self() - self._start

    def look(self) -> bool:
        """Whether the loop has been stopped since the last look."""
        last, self._last_look = self._last_look, self._monotonic()
        return self._last_look - last > STOPPED_SECONDS

    def set_elapsed(self, seconds: float) -> None:
        """Take the guardian's word for how long the command has run; never more than has passed."""
        self._offset = max(0.0, self._monotonic() - self._start - seconds)
