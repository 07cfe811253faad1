"""The output of a command on disk, capped: its beginning and its end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from journal.permissions import open_file
from loop.errors import MachineFailure

KEEP_BYTES = 256 * 1024  # of the beginning, and again of the end


@dataclass
class Output:
    """The log file: it gets the beginning at once, and the end when the command is over. Raises MachineFailure."""

    path: Path
    total_bytes: int = 0
    tail: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        with _log_errors(self.path):
            descriptor = open_file(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            self._file = os.fdopen(descriptor, "wb", buffering=0)

    def append(self, data: bytes) -> None:
        left = max(0, KEEP_BYTES - self.total_bytes)
        self.total_bytes += len(data)
        with _log_errors(self.path):
            self._file.write(data[:left])
        self.tail += data[left:]
        if len(self.tail) > 2 * KEEP_BYTES:
            del self.tail[:-KEEP_BYTES]

    def free_bytes(self) -> int:
        """Free bytes on the disk of the log, also if the command has removed its folder."""
        disk = os.fstatvfs(self._file.fileno())
        return disk.f_bavail * disk.f_frsize

    def close(self) -> None:
        del self.tail[:-KEEP_BYTES]
        omitted = self.total_bytes - KEEP_BYTES - len(self.tail)
        with _log_errors(self.path), self._file:
            self._file.write(f"\n… {omitted} bytes left out …\n".encode() if omitted > 0 else b"")
            self._file.write(self.tail)


@contextmanager
def _log_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MachineFailure(
            f"The log {path} cannot be written: {error.strerror}: free some space, then start again."
        ) from error
