"""One letter between two threads: the latest replaces what was not taken yet."""

import threading
from typing import Generic, TypeVar

Letter = TypeVar("Letter")


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
