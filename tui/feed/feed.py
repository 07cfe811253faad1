"""Follows the journal in its own thread, and delivers a snapshot after every change.

It reads in pages and without locks, so it cannot slow a loop down. If the file is gone, replaced, overwritten, locked or
written by a newer program, the feed reports this in the snapshot's `read_error` and tries again; no such error ends the feed.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from msgspec.structs import replace

from journal.errors import JournalError
from journal.store.lease import is_loop_running
from journal.store.tail import Tail
from tui.feed.archive import Archive
from tui.feed.file_watch import FileWatch
from tui.feed.preview import read_preview
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot

CHECK_SECONDS = 2.0  # between checks of the loop's process and of the file's identity
LONG_JOURNAL = 20_000  # events, about 0.2 s of folding, from which a preview pays
PROGRESS_SECONDS = 0.5  # of folding between two reports of its progress
FIRST_FRAME_SECONDS = 1.0  # that the fold of a long journal waits for the first frame
RETRY_SECONDS = 1.0

T = TypeVar("T")


class Feed:
    """A thread that folds the journal. Other threads may read `ledger` at or below a delivered position.

    `file_number` counts how often the file was opened: a connection from before may hold pages of another file.
    """

    def __init__(self, path: Path, deliver: Callable[[Snapshot], None]) -> None:
        self.path = path
        self.ledger = Ledger()
        self.file_number = 0
        self._deliver = deliver
        self.first_frame = threading.Event()  # set by the receiver once it shows the first snapshot
        self._stop = threading.Event()
        self._tail: Tail | None = None
        self._last = Snapshot()
        self._anchor = (0, "")  # the last folded position, and its hash
        self._checked = 0.0
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if (tail := self._tail) is not None:
            tail.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (JournalError, OSError) as error:
                self._update(read_error=f"{error}".rstrip(".") + ". Retrying.", is_loop_running=None)
                self._stop.wait(RETRY_SECONDS)

    def _follow(self) -> None:
        """Deliver until the feed is stopped, or another file takes the journal's place, or overwrites it."""
        archive = Archive(self.path)
        try:
            watch = FileWatch(self.path)
            with Tail(self.path) as self._tail:
                if archive.hash_at(self._anchor[0]) != self._anchor[1]:
                    self.ledger, self._anchor = Ledger(), (0, "")
                self.file_number += 1
                self._checked = 0.0
                self._check_loop()  # first: what a long journal shows while it is read depends on it
                self._catch_up(archive)
                while not self._stop.is_set() and not watch.is_replaced(archive.reader):
                    if self._tail.wait(CHECK_SECONDS):
                        self._catch_up(archive)
                    self._check_loop()
        finally:
            self._tail = None
            archive.close()

    def _catch_up(self, archive: Archive) -> None:
        """Fold new events. Of a long journal, first deliver a preview of its end."""
        ledger, head = self.ledger, archive.reader.head()[0]
        if head - ledger.position > LONG_JOURNAL and (preview := read_preview(archive, head=head)) is not None:
            self._send(preview)
            self.first_frame.wait(FIRST_FRAME_SECONDS)  # both threads need the interpreter, and the frame comes first
        reported = time.monotonic()
        for position in archive.advance(ledger, until=head):
            if position % 500 == 0 and time.monotonic() - reported > PROGRESS_SECONDS:
                if self._stop.is_set():
                    return
                self._check_loop()
                self._update(events_read=position)
                reported = time.monotonic()
        self._anchor = (ledger.position, archive.hash_at(ledger.position))
        self._send(archive.snapshot(ledger, ledger.position, head=head))

    def _send(self, snapshot: Snapshot) -> None:
        self._last = replace(snapshot, is_loop_running=self._last.is_loop_running)
        self._deliver(self._last)

    def _update(self, **fields: Any) -> None:
        """Deliver the last snapshot with other values, if they are new."""
        snapshot = replace(self._last, **fields)
        if snapshot != self._last:
            self._last = snapshot
            if snapshot.head or snapshot.read_error:
                self._deliver(snapshot)

    def _check_loop(self) -> None:
        """Report when the loop's process starts or ends."""
        if time.monotonic() - self._checked >= CHECK_SECONDS:
            self._checked = time.monotonic()
            self._update(is_loop_running=is_loop_running(self.path))


def read_snapshot(path: Path, *, position: int | None = None) -> Snapshot:
    """The journal now, or as of a position. Raises JournalError."""
    archive, ledger = Archive(path), Ledger()
    try:
        head = archive.reader.head()[0]
        for _ in archive.advance(ledger, until=head):
            pass
        if position is not None:
            return archive.snapshot(ledger, max(0, min(position, head)), head=head)
        return replace(archive.snapshot(ledger, head, head=head), is_loop_running=is_loop_running(path))
    finally:
        archive.close()


class LatestValue(Generic[T]):
    """Passes the latest value to another thread, so that new values do not queue up behind a terminal that hangs."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._lock = threading.Lock()

    def put(self, value: T) -> bool:
        """Replace the value. Returns whether there was none, so that the reader has to be notified."""
        with self._lock:
            was_empty, self._value = self._value is None, value
        return was_empty

    def take(self) -> T | None:
        """Remove and return the value."""
        with self._lock:
            value, self._value = self._value, None
        return value
