"""Follows the journal in a thread of its own and delivers a snapshot whenever it has moved on.

Reading is paged and lock-free; nothing here can slow a loop down. Whatever goes wrong with the file (gone, replaced, locked,
written by a newer program) is told in the snapshot's `trouble` and tried again; it never ends the feed.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from journal.errors import JournalError
from journal.store import Reader
from tui.archive import Archive
from tui.ledger import Ledger
from tui.snapshot import Snapshot

POLL = 0.25  # seconds between looks at the journal's data version
PATIENCE = 0.2  # seconds of folding after which what is known so far is shown
RETRY = 1.0  # seconds before a journal in trouble is tried again

Deliver = Callable[[Snapshot], None]


class Feed:
    """A thread that folds the journal. `ledger` may be read by others, at or below a delivered position."""

    def __init__(self, path: Path, deliver: Deliver) -> None:
        self.path = path
        self.ledger = Ledger()
        self._deliver = deliver
        self._stop = threading.Event()
        self._last = Snapshot()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (JournalError, sqlite3.Error, OSError) as error:
                self._tell(f"{error}".rstrip(".") + ". Trying again.")
                self._stop.wait(RETRY)

    def _tell(self, trouble: str) -> None:
        if trouble != self._last.trouble:
            self._last = replace(self._last, trouble=trouble)
            self._deliver(self._last)

    def _follow(self) -> None:
        archive = Archive(self.path)
        identity = _identity(self.path)
        try:
            self._begin(archive.reader)
            version = -1
            while not self._stop.is_set() and _identity(self.path) == identity:
                seen = archive.reader.data_version()
                if seen != version:
                    version = seen
                    self._catch_up(archive)
                self._stop.wait(POLL)
        finally:
            archive.close()

    def _begin(self, reader: Reader) -> None:
        """Start over if this is not the journal that the ledger was folded from."""
        if reader.head()[0] < self.ledger.position:
            self.ledger = Ledger()

    def _catch_up(self, archive: Archive) -> None:
        ledger, head = self.ledger, archive.reader.head()[0]
        shown = time.monotonic()
        for recorded in archive.reader.read(after=ledger.position, until=head):
            ledger.apply(recorded)
            if recorded.position % 1_000 == 0 and time.monotonic() - shown > PATIENCE:
                self._show(archive, head)
                shown = time.monotonic()
                if self._stop.is_set():
                    return
        self._show(archive, head)

    def _show(self, archive: Archive, head: int) -> None:
        self._last = archive.snapshot(self.ledger, self.ledger.position, head=head)
        self._deliver(self._last)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def look_once(path: Path, *, position: int | None = None) -> Snapshot:
    """The journal as it stands, or stood at a position. Raises JournalError."""
    archive, ledger = Archive(path), Ledger()
    try:
        head = archive.reader.head()[0]
        for recorded in archive.reader.read(until=head):
            ledger.apply(recorded)
        return archive.snapshot(ledger, head if position is None else min(position, head), head=head)
    finally:
        archive.close()
