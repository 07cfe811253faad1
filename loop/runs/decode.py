"""Bytes that a run wrote as text: UTF-8, or UTF-16 if the first bytes say so."""

import codecs

FIRST_BYTES = 64  # that show the encoding
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class TextDecoder:
    """Decodes text that comes in pieces. What cannot be decoded becomes U+FFFD."""

    def __init__(self) -> None:
        self._first = b""
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> str:
        if self._decoder is None:
            self._first += data
            if len(self._first) < 4:  # too few to tell
                return ""
            data, self._first = self._first, b""
            self._decoder = codecs.getincrementaldecoder(encoding(data))("replace")
        return self._decoder.decode(data)

    def finish(self) -> str:
        """The rest; nothing is fed after it."""
        if self._decoder is None:
            return self._first.decode(encoding(self._first), "replace")
        return self._decoder.decode(b"", final=True)


def encoding(data: bytes) -> str:
    """The encoding of a text by its first bytes: its mark, else the place of the zeros of Latin letters in UTF-16."""
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if marked:
        return marked
    first = data[:FIRST_BYTES]
    even, odd = first[::2], first[1::2]
    if len(first) >= 4 and not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if len(first) >= 4 and all(odd) and not any(even) else "utf-8"
