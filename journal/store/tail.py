"""A live tail: wait until something has been committed, without busy polling and without an open cursor.

The writer opens a sentinel file after each COMMIT, and writes nothing: that would put a second file into the disk's next
flush. inotify (Linux, see inotify(7)) sees it close and wakes the reader, and `PRAGMA data_version` confirms. Where
inotify is missing, or a wake-up was lost, data_version is asked every `interval`.
"""

import ctypes
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from journal.events.recorded import Recorded
from journal.store import Reader, wake_file

INTERVAL = 0.25  # seconds between looks where nothing wakes us
IN_CLOSE_NOWRITE = 0x10
IN_NONBLOCK = 0x800
IN_CLOEXEC = 0x80000
EVENT_BYTES = 4_096  # more than a drained queue of one watched file holds at once


class Tail:
    """Waits for commits to one journal. One thread waits; any thread may `stop` it."""

    def __init__(self, path: Path, *, interval: float = INTERVAL, inotify: bool = True) -> None:
        self._reader = Reader(path)
        self._interval = interval
        self._seen = self._reader.data_version()
        self._stopped, self._stopper = os.pipe()
        self._watch = _watch(wake_file(path)) if inotify else None

    def wait(self, timeout: float | None = None) -> bool:
        """Block until something has been committed since the last call; False after `timeout` seconds or `stop`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if self._asleep(0):
            return False
        while not self._moved():
            left = self._interval if deadline is None else min(self._interval, deadline - time.monotonic())
            if left <= 0 or self._asleep(left):
                return False
        return True

    def stop(self) -> None:
        """End a wait that is going on, and every later one, from any thread."""
        os.write(self._stopper, b".")

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        for descriptor in (self._stopped, self._stopper, self._watch):
            if descriptor is not None:
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _moved(self) -> bool:
        version = self._reader.data_version()
        moved, self._seen = version != self._seen, version
        return moved

    def _asleep(self, seconds: float) -> bool:
        """Sleep until woken or the time is over; True if stopped."""
        watched = [self._stopped] if self._watch is None else [self._stopped, self._watch]
        ready, _, _ = select.select(watched, [], [], seconds)
        if self._watch is not None and self._watch in ready:
            os.read(self._watch, EVENT_BYTES)
        return self._stopped in ready


def follow(reader: Reader, *, after: int, tail: Tail) -> Iterator[Recorded]:
    """Events after a position, as they are committed, until the tail is stopped."""
    while True:
        for recorded in reader.read(after=after):
            after = recorded.position
            yield recorded
        if not tail.wait():
            return


def _watch(sentinel: Path) -> int | None:
    """A descriptor that becomes readable when the sentinel was opened and closed; None where that cannot be had."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = int(libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
        if descriptor < 0:
            return None
        if libc.inotify_add_watch(descriptor, os.fsencode(sentinel), IN_CLOSE_NOWRITE) < 0:
            os.close(descriptor)
            return None
    except (OSError, AttributeError):
        return None
    return descriptor
