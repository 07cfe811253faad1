"""Columns of many values in little memory: spans that begin and end, texts in one buffer, fewer of many. Pure."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct, field

T = TypeVar("T")

NEVER = 2**32 - 1  # a position no journal reaches; in four bytes, for a long journal has two spans an experiment


class Spans(Struct):
    """Things that begin one after the other and end in any order, numbered from 0: which of them go on at a position.

    An answer costs as much as the longest of them has others begin meanwhile.
    """

    begun: "array[int]" = field(default_factory=lambda: array("I"))
    ended: "array[int]" = field(default_factory=lambda: array("I"))
    unended: list[int] = field(default_factory=list)
    _oldest: "array[int]" = field(default_factory=lambda: array("I"))  # that went on when this one began

    def begin(self, at: int) -> None:
        """The next one begins; its position is written last, so that a reader in another thread finds it whole."""
        self.unended.append(len(self.begun))
        self._oldest.append(self.unended[0])
        self.ended.append(NEVER)
        self.begun.append(at)

    def end(self, one: int, at: int) -> None:
        """One of `unended` ends."""
        self.ended[one] = at
        self.unended.remove(one)

    def going(self, at: int) -> list[int]:
        """Those that have begun by a position and not ended, in the order of their beginnings."""
        last = bisect_right(self.begun, at) - 1
        return [one for one in range(self._oldest[last], last + 1) if self.ended[one] > at] if last >= 0 else []


class TextColumn:
    """Strings by row in one buffer: a hundred thousand short ones take half the memory of as many objects.

    It grows at its end; a string that replaces another is put there too.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._start = array("Q")
        self._length = array("L")

    def __len__(self) -> int:
        return len(self._start)

    def __getitem__(self, row: int) -> str:
        start = self._start[row]
        return self._bytes[start : start + self._length[row]].decode("utf-8", "surrogatepass")

    def __setitem__(self, row: int, text: str) -> None:
        raw = text.encode("utf-8", "surrogatepass")
        self._length[row] = 0  # a reader meanwhile finds the new text or none, never a mixture
        self._start[row] = len(self._bytes)
        self._bytes += raw
        self._length[row] = len(raw)

    def append(self, text: str) -> None:
        """A string for the next row."""
        self._start.append(0)
        self._length.append(0)
        self[len(self._start) - 1] = text


def thin(values: Sequence[T], *, limit: int) -> Sequence[T]:
    """At most about `limit` of the values, evenly taken, the last one always among them."""
    if len(values) <= limit:
        return values
    return [*values[:: -(-len(values) // limit)], values[-1]]
