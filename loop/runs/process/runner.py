"""Running a command under a guardian: own session, wall clock owned by the loop, output capped and on disk.

The command sees an allow-listed environment, so no key, token or agent of the user's. What it forks ends with it
(`loop.runs.process.guardian`), also when the loop is killed.
"""

import itertools
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from loop.errors import MachineFailure
from loop.runs.process import guardian, process_table
from loop.runs.process.environment import argv
from loop.runs.process.limits import UNLIMITED, ResourceLimits
from loop.runs.process.output import Output
from loop.runs.process.telemetry import Lines, Word

Reason = Literal["exited", "timeout", "flood", "asked", "now", "memory", "processes", "disk"]
EndRequest = Literal["asked", "now", "timeout"]

FLOOD_BYTES = 256 * 1024 * 1024  # of output in all, after which the command is ended
DRAINS = 64  # reads of a pipe after the end
TICK_SECONDS = 0.1  # how often the loop looks up from waiting
SIGNALLED = 128  # an exit code above it says which signal ended the command
_TAKEN: dict[object, Reason] = {"memory": "memory", "processes": "processes"}
AT_ONCE = ("now", "disk")  # reasons that leave a command no time to end in peace
TERM_SECONDS = 2.0  # between asking a command to end and ending it
DEAF_SECONDS = 3.0  # between telling a guardian to end the command and doing it in its place


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run, where, for how long at most."""

    line: str  # as the brief says it; a shell is used only where it needs one
    folder: Path
    environment: Mapping[str, str]
    log: Path
    seconds: float  # of wall clock, by the monotonic clock
    telemetry: bool = False  # pass a descriptor, named in AR_TELEMETRY_FD
    limits: ResourceLimits = UNLIMITED
    prefix: tuple[str, ...] = ()  # the sandbox (see `loop.runs.sandbox.bubblewrap`)


@dataclass(frozen=True, kw_only=True)
class ExitStatus:
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
    tick: Callable[[], EndRequest | None] = lambda: None  # "asked" or "timeout" ends the run in peace, "now" at once


def run(command: Command, watcher: Watcher) -> ExitStatus:
    """Run a command to its end, whatever that is. Never raises for what the command does.

    Raises WorldBroken where no process can be started or its output cannot be written.
    """
    with _Process(command) as running:
        watcher.launched(running.pid)
        return running.watch(watcher)


class _Process:
    def __init__(self, command: Command) -> None:
        self._command = command
        self._started = time.monotonic()
        self._output = Output(command.log)
        self._lines = Lines()
        self._channel, other = socket.socketpair()
        said, says = os.pipe2(os.O_CLOEXEC)
        words, tells = os.pipe2(os.O_CLOEXEC)
        env = dict(command.environment)
        kept = str(tells) if command.telemetry else ""
        if command.telemetry:
            env["AR_TELEMETRY_FD"] = str(tells)
        program = [sys.executable, "-I", "-S", guardian.__file__, str(other.fileno()), kept]
        program += [_as_json(command.limits), "--", *command.prefix, *argv(command.line)]
        try:
            self._guardian = subprocess.Popen(
                program,
                cwd=command.folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=says,
                stderr=says,
                pass_fds=(other.fileno(), *([tells] if kept else [])),
                start_new_session=True,
            )
        except OSError as error:
            raise MachineFailure(
                f"No process can be started: {error.strerror}: is this machine out of memory?"
            ) from error
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
        process_table.ends(self.pid, seconds=DEAF_SECONDS)  # at once, where `wait` would look every now and then
        try:
            self._guardian.wait(DEAF_SECONDS)
        except subprocess.TimeoutExpired:
            process_table.sweep(Path(self._command.environment["HOME"]))
            self._guardian.kill()
            self._guardian.wait()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, int):
                os.close(key.fileobj)
        self._selector.close()
        self._output.close()

    def watch(self, watcher: Watcher) -> ExitStatus:
        reason: Reason = "exited"
        killed_at: float | None = None
        told = b""
        while not told.endswith(b"\n"):
            for key, _ in self._selector.select(TICK_SECONDS):
                data = self._take(key.fileobj)
                if key.data == "guardian":
                    told += data
                    if not data:
                        return self._orphaned(reason)
                else:
                    self._hear(key.data, data, watcher)
            now = time.monotonic()
            if reason == "exited" and (why := self._why_end(watcher, now=now)):
                reason, killed_at = why, now + (0 if why in AT_ONCE else TERM_SECONDS)
                self._say(b"T")
            if killed_at is not None and now >= killed_at + DEAF_SECONDS:
                return self._orphaned(reason)  # the command has stopped its guardian
            if killed_at is not None and now >= killed_at:
                self._say(b"K")
        self._drain(watcher)
        return self._ending(reason, json.loads(told))

    def _orphaned(self, reason: Reason) -> ExitStatus:
        """End what a guardian that was killed or stopped cannot end."""
        process_table.sweep(Path(self._command.environment["HOME"]))
        self._drain(Watcher())
        return self._ending(reason, {})

    def _why_end(self, watcher: Watcher, *, now: float) -> Reason | None:
        if now - self._started > self._command.seconds:
            return "timeout"
        if self._output.total > FLOOD_BYTES:
            return "flood"
        if self._command.limits.spare and self._output.free() < self._command.limits.spare:
            return "disk"
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
        """Take what is left in the pipes: a few reads, should somebody have escaped who still writes."""
        for key in [key for key in self._selector.get_map().values() if key.data != "guardian"]:
            for data in itertools.takewhile(len, (self._take(key.fileobj) for _ in range(DRAINS))):
                self._hear(key.data, data, watcher)

    def _say(self, word: bytes) -> None:
        try:
            self._channel.sendall(word)
        except OSError:
            return  # the guardian is gone: its end is about to be read

    def _ending(self, reason: Reason, told: Mapping[str, object]) -> ExitStatus:
        exit_code, killed_by = _int(told.get("exit_code")), _int(told.get("signal"))
        if self._command.prefix and exit_code is not None and exit_code > SIGNALLED:
            killed_by, exit_code = exit_code - SIGNALLED, None  # bubblewrap says it as a shell does
        if reason == "exited" and (not told or killed_by == signal.SIGKILL):
            reason = _TAKEN.get(told.get("taken"), reason)
        return ExitStatus(
            reason=reason,
            exit_code=exit_code,
            signal=killed_by if told else int(signal.SIGKILL),
            wall_seconds=time.monotonic() - self._started,
            cpu_seconds=float(str(told["cpu_seconds"])) if "cpu_seconds" in told else None,
            peak_memory=_int(told.get("peak_memory")) or None,
            output_bytes=self._output.total,
        )


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _as_json(limits: ResourceLimits) -> str:
    return json.dumps({name: getattr(limits, name) for name in ("memory", "heap", "processes", "file", "cores")})
