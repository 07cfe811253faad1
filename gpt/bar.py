"""A bar on the terminal while files come; a line for each whole file where there is no terminal."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

BLOCKS = 24  # characters of a full bar
EVERY = 0.1  # seconds between two drawings


@dataclass
class Bar:
    """Told by `Hub` how far a file has come; writes to `stream`."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _file: str = ""
    _began: float = 0.0
    _start: int = 0
    _drawn: float = 0.0

    def __call__(self, name: str, here: int, size: int | None) -> None:
        now = time.monotonic()
        if name != self._file:
            self._file, self._began, self._start, self._drawn = name, now, here, 0.0
        if here == size:
            self._end(f"{name}: {megabytes(here)}")
        elif self.stream.isatty() and now - self._drawn >= EVERY:
            self._drawn = now
            self.stream.write(f"\r{name}  {drawing(here, size)}  {self._rate(here, now)}\x1b[K")
            self.stream.flush()

    def say(self, words: str) -> None:
        """A line of its own, in the place of the bar."""
        self._end(words)

    def _rate(self, here: int, now: float) -> str:
        took = now - self._began
        return f"{megabytes(int((here - self._start) / took))}/s" if took > 1 else ""

    def _end(self, line: str) -> None:
        self.stream.write(f"\r{line}\x1b[K\n" if self.stream.isatty() else f"{line}\n")
        self.stream.flush()


def drawing(here: int, size: int | None) -> str:
    """How far a file has come, in characters that every terminal has."""
    if not size:
        return megabytes(here)
    full = BLOCKS * here // size
    return f"[{'#' * full}{'.' * (BLOCKS - full)}] {100 * here // size:3} %  {megabytes(here)} of {megabytes(size)}"


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
