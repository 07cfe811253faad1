"""Things that begin one after the other and end in any order: which of them go on at a position. Pure."""

from array import array
from bisect import bisect_right

from msgspec import Struct, field

NEVER = 2**32 - 1  # a position no journal reaches; in four bytes, for a long journal has two spans an experiment


class Spans(Struct):
    """Numbered from 0 as they begin. An answer costs as much as the longest of them has others begin meanwhile."""

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
