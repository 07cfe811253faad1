"""Whatever a stranger wrote, as a value or as nothing: telemetry, agents' notes, imports, answers, transcripts.

A decoder alone is no defence: nesting exhausts the stack, an integer of thousands of digits overflows the float that it is
compared with, and each library raises errors of its own. So bytes, depth and digits have limits that are checked before
decoding, and every failure is one kind. The module imports nothing of this project, because the journal and the loop decode.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

import msgspec

MAX_BYTES = 64 << 20
MAX_DEPTH = 64  # of nested arrays and objects; what reads the value may recurse, too
MAX_DIGITS = 400  # in a row, outside strings: the largest float has 309 before its point
BOM = "\ufeff"

# A string, a bracket, or a number that is too long. A string without an end is one token, so that the scan stays linear.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\(?:.|\Z))*+(?:"|\Z)|[\[\]{}]|[0-9]{%d}' % (MAX_DIGITS + 1), re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_DEEPER = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}

T = TypeVar("T")


class UntrustedInput(ValueError):
    """The input is no value of the expected kind; the message is a clause that says why."""


class JsonDecoder(Generic[T]):
    """JSON as values of one type. `strict` refuses a text where a number is due, and the like."""

    def __init__(self, kind: Any, *, max_bytes: int = MAX_BYTES, strict: bool = True) -> None:
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(kind, strict=strict).decode
        self._max_bytes = max_bytes

    def value(self, data: bytes | str) -> T | None:
        """The value, or None."""
        try:
            return self.decode(data)
        except UntrustedInput:
            return None

    def decode(self, data: bytes | str) -> T:
        """The value. Raises UntrustedInput, and nothing else."""
        try:
            encoded = data.removeprefix(BOM).encode() if isinstance(data, str) else data.removeprefix(b"\xef\xbb\xbf")
            _check_limits(encoded, self._max_bytes)
            return self._decode(encoded)
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError, MemoryError) as error:
            raise UntrustedInput(" ".join(str(error).split()) or type(error).__name__) from error


def read_file(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The content of a plain file; no link is followed, and no pipe waited for. Raises UntrustedInput."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UntrustedInput("it is not a plain file")
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, UntrustedInput):
            raise
        raise UntrustedInput(
            f"it cannot be opened as a plain file ({getattr(error, 'strerror', None) or error})"
        ) from error
    if len(data) > max_bytes:
        raise UntrustedInput(f"it is larger than {max_bytes:,} bytes")
    return data


def text(data: bytes, *, max_bytes: int = MAX_BYTES) -> str:
    """UTF-8 text without its byte-order mark. Raises UntrustedInput."""
    if len(data) > max_bytes:
        raise UntrustedInput(f"it is larger than {max_bytes:,} bytes")
    try:
        return data.decode().removeprefix(BOM)
    except UnicodeDecodeError as error:
        raise UntrustedInput(f"it is not UTF-8 text ({error.reason} at byte {error.start})") from error


def number(written: str) -> float | None:
    """A finite decimal number; None for anything else, such as `nan`, `1_000` or `0x1f`."""
    stripped = written.strip()
    if len(stripped) > MAX_DIGITS or not _NUMBER.fullmatch(stripped):
        return None
    value = float(stripped)
    return value if abs(value) != float("inf") else None


def lines(file: BinaryIO, *, max_bytes: int = MAX_BYTES) -> Iterator[bytes]:
    """The lines of a file. Raises UntrustedInput for a line that is too long, before it fills the memory."""
    while line := file.readline(max_bytes + 1):
        if len(line) > max_bytes:
            raise UntrustedInput(f"a line is longer than {max_bytes:,} bytes")
        yield line


def _check_limits(data: bytes, max_bytes: int) -> None:
    """Raise UntrustedInput for too many bytes, nested values or digits."""
    if len(data) > max_bytes:
        raise UntrustedInput(f"it is larger than {max_bytes:,} bytes")
    if len(data) <= MAX_DIGITS and data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _TOKEN.finditer(data):
        token = match[0]
        depth += _DEEPER.get(token, 0)
        if depth > MAX_DEPTH:
            raise UntrustedInput(f"it nests values more than {MAX_DEPTH} deep")
        if token[:1].isdigit():
            raise UntrustedInput(f"it has a number of more than {MAX_DIGITS} digits")
