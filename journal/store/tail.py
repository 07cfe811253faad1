"""A live tail: wait until another process commits, without busy polling and without an open cursor.

After each COMMIT the writer opens and closes a sentinel file; it writes nothing there, because that would add a second
file to the disk's next flush. inotify (Linux, see inotify(7)) reports the close and wakes the reader, which confirms with
`PRAGMA data_version`. Without inotify, or if a wake-up is lost, the reader checks data_version every `interval`.
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

INTERVAL = 0.25  # seconds between checks of data_version
IN_CLOSE_NOWRITE = 0x10
IN_NONBLOCK = 0x800
IN_CLOEXEC = 0x80000
EVENT_BYTES = 4_096  # more than the queue of one watched file holds


class Tail:
    """Waits for commits to one journal. One thread waits; any thread may call `stop`."""

    def __init__(self, path: Path, *, interval: float = INTERVAL, inotify: bool = True) -> None:
        self._reader = Reader(path)
        self._interval = interval
        self._version = self._reader.data_version()
        self._stop_reader, self._stop_writer = os.pipe()
        self._watch = _watch(wake_file(path)) if inotify else None

    def wait(self, timeout: float | None = None) -> bool:
        """Block until a commit since the last call; False after `timeout` seconds or `stop`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if self._sleep(0):
            return False
        while not self._has_changed():
            seconds = self._interval if deadline is None else min(self._interval, deadline - time.monotonic())
            if seconds <= 0 or self._sleep(seconds):
                return False
        return True

    def stop(self) -> None:
        """End the current wait and every later one; any thread may call it."""
        os.write(self._stop_writer, b".")

    def close(self) -> None:
        """Close the files."""
        self._reader.close()
        for descriptor in (self._stop_reader, self._stop_writer, self._watch):
            if descriptor is not None:
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _has_changed(self) -> bool:
        version = self._reader.data_version()
        has_changed, self._version = version != self._version, version
        return has_changed

    def _sleep(self, seconds: float) -> bool:
        """Sleep until a wake-up or for so many seconds; True after `stop`."""
        watched = [self._stop_reader] if self._watch is None else [self._stop_reader, self._watch]
        ready, _, _ = select.select(watched, [], [], seconds)
        if self._watch is not None and self._watch in ready:
            os.read(self._watch, EVENT_BYTES)
        return self._stop_reader in ready


def follow(reader: Reader, *, after: int, tail: Tail) -> Iterator[Recorded]:
    """Events after a position, as they are committed, until `tail.stop()`."""
    while True:
        for recorded in reader.read(after=after):
            after = recorded.position
            yield recorded
        if not tail.wait():
            return


def _watch(sentinel: Path) -> int | None:
    """A descriptor that becomes readable after the sentinel is opened and closed; None without inotify."""
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
