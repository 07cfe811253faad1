"""Follows the journal in a thread of its own and delivers a snapshot whenever it has moved on.

Reading is paged and lock-free; nothing here can slow a loop down. Whatever goes wrong with the file (gone, replaced, locked,
written by a newer program) is told in the snapshot's `trouble` and tried again; it never ends the feed.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from msgspec.structs import replace

from journal.errors import JournalError
from journal.store.lease import loop_trouble
from journal.store.tail import Tail
from tui.feed.archive import Archive
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot

LOOK = 2.0  # seconds between looks at the loop's process and at the file itself
LONG = 20_000  # events, about 0.2 s of folding, beyond which a preview is worth its reading
PATIENCE = 0.5  # seconds of folding between two words about how far it is
POLITE = 1.0  # seconds that the fold of a long journal waits for the first frame
RETRY = 1.0  # seconds before a journal in trouble is tried again

Deliver = Callable[[Snapshot], None]
Identity = tuple[int, int] | None  # device and inode
Letter = TypeVar("Letter")


class Feed:
    """A thread that folds the journal. `ledger` may be read by others, at or below a delivered position."""

    def __init__(self, path: Path, deliver: Deliver) -> None:
        self.path = path
        self.ledger = Ledger()
        self._deliver = deliver
        self.shown = threading.Event()  # set by whoever shows the first snapshot
        self._stop = threading.Event()
        self._tail: Tail | None = None
        self._identity: Identity = None
        self._last = Snapshot()
        self._looked = 0.0
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
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
                self._tell(f"{error}".rstrip(".") + ". Trying again.")
                self._stop.wait(RETRY)

    def _tell(self, trouble: str) -> None:
        if trouble != self._last.trouble:
            self._last = replace(self._last, trouble=trouble)
            self._deliver(self._last)

    def _follow(self) -> None:
        """Until stopped, or until another file stands in the journal's place."""
        identity = _identity(self.path)
        archive = Archive(self.path)
        try:
            with Tail(self.path) as self._tail:
                if identity != self._identity or archive.reader.head()[0] < self.ledger.position:
                    self.ledger, self._identity = Ledger(), identity
                self._catch_up(archive)
                self._look()
                while not self._stop.is_set() and _identity(self.path) == identity:
                    if self._tail.wait(LOOK):
                        self._catch_up(archive)
                    self._look()
        finally:
            self._tail = None
            archive.close()

    def _catch_up(self, archive: Archive) -> None:
        """Fold what is new. A long journal is first shown by its end, and folded behind that."""
        ledger, head = self.ledger, archive.reader.head()[0]
        if head - ledger.position > LONG and (preview := archive.preview(head=head)) is not None:
            self._give(preview)
            self.shown.wait(POLITE)  # the first frame comes before the fold, which would take turns with it
        shown = time.monotonic()
        for position in archive.advance(ledger, until=head):
            if position % 500 == 0 and time.monotonic() - shown > PATIENCE:
                if self._stop.is_set():
                    return
                self._give(replace(self._last, read=position))
                shown = time.monotonic()
        self._give(archive.snapshot(ledger, ledger.position, head=head))

    def _give(self, snapshot: Snapshot) -> None:
        self._last = replace(snapshot, loop=self._last.loop)
        self._deliver(self._last)

    def _look(self) -> None:
        """Tell when the loop's process has gone, or has come."""
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        loop = loop_trouble(self.path)
        if loop != self._last.loop:
            self._last = replace(self._last, loop=loop)
            self._deliver(self._last)


def _identity(path: Path) -> Identity:
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
        for _ in archive.advance(ledger, until=head):
            pass
        snapshot = archive.snapshot(ledger, head if position is None else max(0, min(position, head)), head=head)
        return snapshot if position is not None else replace(snapshot, loop=loop_trouble(path))
    finally:
        archive.close()


class Mailbox(Generic[Letter]):
    """A terminal that hangs must not let what is new pile up behind it."""

    def __init__(self) -> None:
        self._letter: Letter | None = None
        self._lock = threading.Lock()  # held for as long as it takes to put a letter in or out

    def put(self, letter: Letter) -> bool:
        """Leave a letter; whether the box was empty, so that somebody has to be told."""
        with self._lock:
            was_empty, self._letter = self._letter is None, letter
        return was_empty

    def take(self) -> Letter | None:
        """The letter, once."""
        with self._lock:
            letter, self._letter = self._letter, None
        return letter
