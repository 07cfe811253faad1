"""Whose turn it is: the loop thinks one thought at a time, whatever trains meanwhile.

Only the thread that holds the turn reads the journal, decides, appends, or moves a ref. While a command runs nobody needs
it, so that several experiments train at once and every decision still stands on all that is recorded.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class Turn:
    """Held by one thread at a time: `with turn` takes it, `with turn.away()` lets others have it in between."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let others have the turn, and take it again at the end, whatever happened."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
