"""Compact columns: spans that open and close, texts in one buffer, and downsampling. Pure."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TypeVar

from msgspec import Struct, field

T = TypeVar("T")

NEVER = 2**32 - 1  # a position that no journal reaches; four bytes, because a long journal has two spans per experiment


class Spans(Struct):
    """Spans of positions, numbered from 0 in the order in which they open; they close in any order."""

    starts: "array[int]" = field(default_factory=lambda: array("I"))
    ends: "array[int]" = field(default_factory=lambda: array("I"))
    unclosed: list[int] = field(default_factory=list)
    _oldest: "array[int]" = field(default_factory=lambda: array("I"))  # span that was open at each start

    def open(self, position: int) -> None:
        """Open the next span. Its start is written last, so that a reader in another thread finds the span complete."""
        self.unclosed.append(len(self.starts))
        self._oldest.append(self.unclosed[0])
        self.ends.append(NEVER)
        self.starts.append(position)

    def close(self, index: int, position: int) -> None:
        """Close one of `unclosed`."""
        self.ends[index] = position
        self.unclosed.remove(index)

    def open_at(self, position: int) -> list[int]:
        """The spans that are open at a position, in the order in which they opened."""
        last = bisect_right(self.starts, position) - 1
        if last < 0:
            return []
        return [index for index in range(self._oldest[last], last + 1) if self.ends[index] > position]


class TextColumn:
    """Strings by row in one buffer: 100,000 short strings take half the memory that as many objects take.

    The buffer only grows; a string that replaces another is appended as well.
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
        self._length[row] = 0  # a reader in another thread finds the new text or none, never a mixture
        self._start[row] = len(self._bytes)
        self._bytes += raw
        self._length[row] = len(raw)

    def rows_with(self, word: str) -> Iterator[int]:
        """The rows that may hold a word, in any case, the latest first: the search runs over the buffer, so check each row.

        Cases are folded in ASCII only. A row whose text was replaced after later rows were added may be missed.
        """
        wanted, texts = word.lower().encode("utf-8", "surrogatepass"), bytes(self._bytes).lower()
        stop = len(texts)
        while wanted and (start := texts.rfind(wanted, 0, stop)) >= 0:
            row = max(0, bisect_right(self._start, start) - 1)
            yield row
            stop = min(self._start[row], start) + len(wanted) - 1

    def append(self, text: str) -> None:
        """Add a row."""
        self._start.append(0)
        self._length.append(0)
        self[len(self._start) - 1] = text


def downsample(values: Sequence[T], *, limit: int) -> Sequence[T]:
    """At most about `limit` of the values, evenly spaced, with the last value always among them."""
    if len(values) <= limit:
        return values
    return [*values[:: -(-len(values) // max(1, limit))], values[-1]]
