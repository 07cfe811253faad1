"""Room on the disk that runs write to: looked for before a run, given back after one that took too much."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from loop.errors import MachineFailure
from loop.runs.process import limits
from loop.runs.process.runner import TICK_SECONDS

OTHERS_SECONDS = 10.0  # for another run in flight to be ended and to give back what it took


class DiskSpace:
    """The disk of a folder; `shared` where several runs are in flight, `free` the bytes that are left on a path's disk."""

    def __init__(
        self,
        folder: Path,
        *,
        shared: bool,
        free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self._folder = folder
        self._patience = OTHERS_SECONDS if shared else 0.0
        self._free = free

    def left(self) -> int:
        """Bytes."""
        return self._free(self._folder)

    def make_sure(self) -> None:
        """Wait for another run that has filled the disk to be gone. Raises WorldBroken where the disk stays full."""
        until = time.monotonic() + self._patience
        while not self._is_enough():
            if time.monotonic() >= until:
                free = self.left() >> 20
                raise MachineFailure(
                    f"Only {free} MiB are free on the disk of {self._folder}: make room, then start again."
                )
            time.sleep(TICK_SECONDS)

    def give_back(self, run: Path) -> bool:
        """Remove what a run wrote; whether it was that which filled the disk, and not another run. Raises WorldBroken."""
        for path in run.iterdir() if run.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
        own = self._is_enough()
        self.make_sure()
        return own

    def _is_enough(self) -> bool:
        return self.left() >= 2 * limits.SPARE_BYTES
