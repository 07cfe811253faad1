"""A program in a pseudo-terminal of one's own: what it writes, byte for byte and when, and what it leaves behind."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
ESCAPE = re.compile(
    rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\|\x1b[=>()][0-9A-B]?"
)


LONGEST = 20.0  # seconds that a slow machine may need


class Terminal:
    """The outer end of a pseudo-terminal. `output` is all that was written to it so far."""

    def __init__(
        self, argv: Sequence[str], *, size: tuple[int, int] = (80, 24), env: dict[str, str] | None = None
    ) -> None:
        environ = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        for name in ("TMUX", "COLUMNS", "LINES", "NO_COLOR"):
            environ.pop(name, None)
        environ["XDG_CONFIG_HOME"] = "/proc/none"  # the options of whoever runs the tests
        environ |= env or {}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execvpe(argv[0], list(argv), environ)  # noqa: S606
        self.resize(*size)
        self.before = termios.tcgetattr(self.fd)
        self.output = b""
        self.code: int | None = None

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def send(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def read(self, seconds: float) -> bytes:
        """What is written within some time."""
        end, start = time.perf_counter() + seconds, len(self.output)
        while (left := end - time.perf_counter()) > 0 and self._take(left):
            pass
        return self.output[start:]

    def quiet(self, seconds: float = 0.3) -> None:
        """Read until nothing more has come for some time: what one act causes may come in several reads."""
        end = time.perf_counter() + LONGEST
        while self.read(seconds):
            if time.perf_counter() > end:
                raise TimeoutError("it never falls silent")

    def until(self, condition: Callable[[bytes], bool], *, seconds: float = 20.0) -> float:
        """Read until a condition on the output holds; the time when it did. Raises TimeoutError."""
        end = time.perf_counter() + seconds
        while not condition(self.output):
            if time.perf_counter() > end or not self._take(end - time.perf_counter()):
                raise TimeoutError(f"still not, after {len(self.output)} bytes: {self.text()[-400:]!r}")
        return time.perf_counter()

    def until_shown(self, text: str, *, after: int = 0, seconds: float = 20.0) -> float:
        """Read until a text has been written behind an offset of the output."""
        return self.until(lambda output: text in plain(output[after:]), seconds=seconds)

    def text(self) -> str:
        """All that was written, without control sequences."""
        return plain(self.output)

    def wait(self, *, seconds: float = 10.0) -> int:
        """Read to the end of the program; its exit code, or the negative number of the signal that ended it."""
        end = time.perf_counter() + seconds
        while self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.perf_counter() > end:
                raise TimeoutError("the program does not end")
            else:
                self._take(0.02)
        while self._is_ready() and self._take(0.0):
            pass
        return self.code

    def hang_up(self) -> None:
        """Take the terminal away, as a lost connection does."""
        os.close(self.fd)
        self.fd = -1

    def attributes(self) -> list:
        return termios.tcgetattr(self.fd)

    def close(self) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd >= 0:
            os.close(self.fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _is_ready(self) -> bool:
        return bool(select.select([self.fd], [], [], 0.05)[0])

    def _take(self, seconds: float) -> bool:
        """Read once; False at the end of the output."""
        ready, _, _ = select.select([self.fd], [], [], max(0.0, seconds))
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65_536)
        except OSError:
            return False
        self.output += data
        return bool(data)


def plain(output: bytes) -> str:
    """Written bytes without control sequences."""
    return ESCAPE.sub(b"", output).decode(errors="replace")
