"""The standard streams of a command, so that neither a closed stream, a full disk nor an encoding ends it with a traceback."""

import io
import os
import sys
from contextlib import suppress
from typing import Any

STANDARD = (0, 1, 2)


def prepare_streams() -> None:
    """Call it before anything opens a file: a closed descriptor would get that file, and messages would be written into it."""
    for descriptor in STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this descriptor
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - open as long as the program
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    _replace_bad_characters(sys.stdin, errors="replace")
    _replace_bad_characters(sys.stdout, errors="backslashreplace")
    sys.stderr = _lossy(sys.stderr)


class _LossyFile(io.FileIO):
    """Drops what cannot be written: a message that nobody can read is no reason to stop."""

    def write(self, data: Any) -> int:
        with suppress(OSError):
            super().write(data)
        return len(data)


def _lossy(stderr: Any) -> Any:
    encoding = getattr(stderr, "encoding", None) or "utf-8"
    buffer = io.BufferedWriter(_LossyFile(2, "w", closefd=False))
    return io.TextIOWrapper(buffer, encoding=encoding, errors="backslashreplace", line_buffering=True)


def _replace_bad_characters(stream: Any, *, errors: str) -> None:
    """A character that the encoding does not have becomes its code, e.g. with PYTHONIOENCODING=latin-1."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
        stream.reconfigure(errors=errors)
