"""What a command prints, on disk and capped: its beginning and its end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loop.errors import MachineFailure

KEEP_BYTES = 256 * 1024  # of output, at its beginning and again at its end


@dataclass
class Output:
    """The log on disk: the beginning at once, the end when the command is over."""

    path: Path
    total: int = 0
    tail: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        with _written(self.path):
            self._file = self.path.open("wb", buffering=0)

    def add(self, data: bytes) -> None:
        room = max(0, KEEP_BYTES - self.total)
        self.total += len(data)
        with _written(self.path):
            self._file.write(data[:room])
        self.tail += data[room:]
        if len(self.tail) > 2 * KEEP_BYTES:
            del self.tail[:-KEEP_BYTES]

    def free(self) -> int:
        """Bytes that are free on the disk of the log, also where a command has removed its folder."""
        disk = os.fstatvfs(self._file.fileno())
        return disk.f_bavail * disk.f_frsize

    def close(self) -> None:
        del self.tail[:-KEEP_BYTES]
        left_out = self.total - KEEP_BYTES - len(self.tail)
        with _written(self.path), self._file:
            self._file.write(f"\n… {left_out} bytes left out …\n".encode() if left_out > 0 else b"")
            self._file.write(self.tail)


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MachineFailure(
            f"The log {path} cannot be written: {error.strerror}: make room, then start again."
        ) from error
