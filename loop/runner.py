"""Running a command under a guardian: own session, wall clock owned by the loop, output capped and on disk.

The command sees an allow-listed environment, so no key, token or agent of the user's. What it forks ends with it
(`loop.lifeline`), also when the loop is killed.
"""

import json
import os
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from loop import lifeline
from loop.telemetry import Lines, Word

Reason = Literal["exited", "timeout", "flood", "asked", "now"]
Ask = Literal["asked", "now"]

KEEP_BYTES = 256 * 1024  # of output, at its beginning and again at its end
FLOOD_BYTES = 256 * 1024 * 1024  # of output in all, after which the command is ended
TICK_SECONDS = 0.1  # how often the loop looks up from waiting
TERM_SECONDS = 2.0  # between asking a command to end and ending it
ALLOWED = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME", "CUDA_PATH",
    "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VIRTUAL_ENV", "CONDA_PREFIX",
)  # fmt: skip
_SHELL = set("|&;<>()$`\n*?[#~")


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run, where, for how long at most."""

    line: str  # as the brief says it; a shell is used only where it needs one
    folder: Path
    environment: Mapping[str, str]
    log: Path
    seconds: float  # of wall clock, by the monotonic clock
    telemetry: bool = False  # pass a descriptor, named in AR_TELEMETRY_FD


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a command ended. `signal` is the one that killed it; bytes and seconds."""

    reason: Reason
    exit_code: int | None
    signal: int | None
    wall_seconds: float
    cpu_seconds: float | None
    peak_memory: int | None
    output_bytes: int


@dataclass(frozen=True, kw_only=True)
class Watcher:
    """What the loop wants to hear while a command runs."""

    launched: Callable[[int], None] = lambda _pid: None
    word: Callable[[Word], None] = lambda _word: None
    tick: Callable[[], Ask | None] = lambda: None  # returns "asked" to end the run in peace, "now" to end it at once


def environment(folder: Path, *, more: Mapping[str, str]) -> dict[str, str]:
    """The allow-listed environment of a run whose own files live in `folder`."""
    allowed = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    return {
        **allowed,
        "PATH": search_path(),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def search_path() -> str:
    """PATH of a run: an activated environment's programs first, else those beside this interpreter."""
    given = os.environ.get("PATH", os.defpath)
    return given if os.environ.get("VIRTUAL_ENV") else f"{Path(sys.executable).parent}{os.pathsep}{given}"


def missing_program(line: str) -> str | None:
    """The program of a command line, if it is nowhere to be found."""
    words = [word for word in shlex.split(line) if "=" not in word.split("/")[0]]
    program = words[0] if words else line
    found = shutil.which(program, path=search_path()) or set(line) & _SHELL
    return None if found else program


def run(command: Command, watcher: Watcher) -> Ending:
    """Run a command to its end, whatever that is. Never raises for what the command does."""
    with _Process(command) as process:
        watcher.launched(process.pid)
        return process.watch(watcher)


@dataclass
class _Output:
    """The log on disk: the beginning at once, the end when the command is over."""

    path: Path
    total: int = 0
    tail: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._file = self.path.open("wb", buffering=0)

    def add(self, data: bytes) -> None:
        room = max(0, KEEP_BYTES - self.total)
        self.total += len(data)
        self._file.write(data[:room])
        self.tail += data[room:]
        if len(self.tail) > 2 * KEEP_BYTES:
            del self.tail[:-KEEP_BYTES]

    def close(self) -> None:
        left_out = self.total - KEEP_BYTES - len(self.tail)
        if left_out > 0:
            self._file.write(f"\n… {left_out} bytes left out …\n".encode())
        self._file.write(bytes(self.tail[-KEEP_BYTES:]))
        self._file.close()


class _Process:
    def __init__(self, command: Command) -> None:
        self._command = command
        self._started = time.monotonic()
        self._output = _Output(command.log)
        self._lines = Lines()
        self._channel, other = socket.socketpair()
        said, says = os.pipe2(os.O_CLOEXEC)
        words, tells = os.pipe2(os.O_CLOEXEC)
        env = dict(command.environment)
        kept = str(tells) if command.telemetry else ""
        if command.telemetry:
            env["AR_TELEMETRY_FD"] = str(tells)
        self._guardian = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                lifeline.__file__,
                str(other.fileno()),
                kept,
                "--",
                *_argv(command.line),
            ],
            cwd=command.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=says,
            stderr=says,
            pass_fds=(other.fileno(), *([tells] if kept else [])),
            start_new_session=True,
        )
        other.close()
        os.close(says)
        os.close(tells)
        self.pid = self._guardian.pid
        self._selector = selectors.DefaultSelector()
        for source, name in ((said, "output"), (words, "telemetry")):
            os.set_blocking(source, False)
            self._selector.register(source, selectors.EVENT_READ, name)
        self._selector.register(self._channel, selectors.EVENT_READ, "guardian")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Closing the socket ends whatever still runs."""
        self._channel.close()
        self._guardian.wait()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, int):
                os.close(key.fileobj)
        self._selector.close()
        self._output.close()

    def watch(self, watcher: Watcher) -> Ending:
        reason: Reason = "exited"
        killed_at: float | None = None
        told = b""
        while not told.endswith(b"\n"):
            for key, _ in self._selector.select(TICK_SECONDS):
                data = self._take(key.fileobj)
                if key.data == "guardian":
                    told += data
                    if not data:
                        return self._ending(reason, {})
                else:
                    self._hear(key.data, data, watcher)
            now = time.monotonic()
            if reason == "exited" and (why := self._why_end(watcher, now=now)):
                reason, killed_at = why, now + (TERM_SECONDS if why != "now" else 0)
                self._say(b"T")
            if killed_at is not None and now >= killed_at:
                self._say(b"K")
                killed_at = float("inf")
        self._drain(watcher)
        return self._ending(reason, json.loads(told))

    def _why_end(self, watcher: Watcher, *, now: float) -> Reason | None:
        if now - self._started > self._command.seconds:
            return "timeout"
        if self._output.total > FLOOD_BYTES:
            return "flood"
        return watcher.tick()

    def _take(self, source: object) -> bytes:
        try:
            return self._channel.recv(4096) if source is self._channel else os.read(int(source), 1 << 16)  # type: ignore[call-overload]
        except BlockingIOError:
            return b""
        except ConnectionResetError:
            return b""

    def _hear(self, name: str, data: bytes, watcher: Watcher) -> None:
        if name == "output":
            self._output.add(data)
        for word in self._lines.feed(data) if name == "telemetry" else ():
            watcher.word(word)
        if not data:
            source = next(key.fileobj for key in self._selector.get_map().values() if key.data == name)
            self._selector.unregister(source)
            os.close(int(source))  # type: ignore[arg-type]

    def _drain(self, watcher: Watcher) -> None:
        """Take what is left in the pipes, at most their own size."""
        for key in list(self._selector.get_map().values()):
            while key.data != "guardian" and (data := self._take(key.fileobj)):
                self._hear(key.data, data, watcher)

    def _say(self, word: bytes) -> None:
        try:
            self._channel.sendall(word)
        except OSError:
            return  # the guardian is gone: its end is about to be read

    def _ending(self, reason: Reason, told: Mapping[str, object]) -> Ending:
        return Ending(
            reason=reason,
            exit_code=_int(told.get("exit_code")),
            signal=_int(told.get("signal")) if told else signal.SIGKILL,
            wall_seconds=time.monotonic() - self._started,
            cpu_seconds=float(str(told["cpu_seconds"])) if "cpu_seconds" in told else None,
            peak_memory=_int(told.get("peak_memory")),
            output_bytes=self._output.total,
        )


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _argv(line: str) -> list[str]:
    return ["/bin/sh", "-c", line] if set(line) & _SHELL or "=" in line.split(maxsplit=1)[0] else shlex.split(line)
