"""Free space on the disk that runs write to: checked before a run, and freed after a run that filled the disk."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from loop.errors import MachineFailure
from loop.runs.process.limits import SPARE_BYTES
from loop.runs.process.runner import TICK_SECONDS

WAIT_SECONDS = 10.0  # for another run in flight to end and free its space


class DiskSpace:
    """The disk of a folder; `shared` if several runs are in flight, `free` measures the free bytes of a path's disk."""

    def __init__(
        self,
        folder: Path,
        *,
        shared: bool,
        free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self._folder = folder
        self._wait_seconds = WAIT_SECONDS if shared else 0.0
        self._free = free

    def free_bytes(self) -> int:
        return self._free(self._folder)

    def wait_for_space(self) -> None:
        """Wait until another run that has filled the disk is gone. Raises MachineFailure if the disk stays full."""
        until = time.monotonic() + self._wait_seconds
        while not self._is_enough():
            if time.monotonic() >= until:
                free = self.free_bytes() >> 20
                raise MachineFailure(
                    f"Only {free} MiB are free on the disk of {self._folder}: free some space, then start again."
                )
            time.sleep(TICK_SECONDS)

    def clear_run(self, run: Path) -> bool:
        """Delete what a run wrote; whether that was enough, so that this run had filled the disk. Raises MachineFailure."""
        for path in run.iterdir() if run.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
        is_enough = self._is_enough()
        self.wait_for_space()
        return is_enough

    def _is_enough(self) -> bool:
        return self.free_bytes() >= 2 * SPARE_BYTES
