"""A command under a guardian: in a session of its own, on the loop's clock, with its output capped and on disk.

The command sees an allow-listed environment, so no key, token or agent of the user's. All that it forks ends with it
(`loop.runs.process.guardian`), also if the loop is killed.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from loop.errors import MachineFailure
from loop.runs.process import guardian, process_table
from loop.runs.process.environment import argv
from loop.runs.process.limits import UNLIMITED, ResourceLimits
from loop.runs.process.output import Output
from loop.runs.process.run_clock import RunClock
from loop.runs.process.telemetry import TelemetryMessage, TelemetryReader

EndRequest = Literal["skip", "interrupt", "timeout"]
EndReason = Literal["exited", "timeout", "flood", "skip", "interrupt", "memory", "processes", "disk"]

FLOOD_BYTES = 256 * 1024 * 1024  # of output in all, after which the command is ended
DRAINS = 64  # reads of a pipe after the end
TICK_SECONDS = 0.1  # between two polls
SHELL_SIGNAL = 128  # what a shell, and bubblewrap, add to the number of the signal that ended a command
AT_ONCE = ("interrupt", "disk")  # reasons that give a command no time to end by itself
TERM_SECONDS = 2.0  # between terminating a command and killing it
GUARDIAN_SECONDS = 3.0  # between telling the guardian to kill the command and killing it in the guardian's place
_EXCEEDED: dict[object, EndReason] = {"memory": "memory", "processes": "processes"}


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run, where, and for how long at most."""

    line: str  # as in the brief; a shell runs it only if it needs one
    folder: Path
    environment: Mapping[str, str]
    log: Path
    seconds: float  # of wall clock, by the monotonic clock
    telemetry: bool = False  # pass a descriptor, named in AR_TELEMETRY_FD
    limits: ResourceLimits = UNLIMITED
    clock: RunClock = field(default_factory=RunClock)
    prefix: tuple[str, ...] = ()  # the sandbox (see `loop.runs.sandbox.bubblewrap`)


@dataclass(frozen=True, kw_only=True)
class ExitStatus:
    """How a command ended; bytes and seconds."""

    reason: EndReason
    exit_code: int | None
    signal: int | None  # that killed it
    wall_seconds: float
    cpu_seconds: float | None
    peak_memory: int | None
    output_bytes: int


@dataclass(frozen=True, kw_only=True)
class CommandObserver:
    """Callbacks while a command runs; `poll` may end it."""

    on_launch: Callable[[int], None] = lambda _pid: None
    on_message: Callable[[TelemetryMessage], None] = lambda _message: None
    on_output: Callable[[bytes], None] = lambda _data: None
    poll: Callable[[], EndRequest | None] = lambda: None


def run(command: Command, observer: CommandObserver) -> ExitStatus:
    """Run a command to its end. Never raises for what the command does.

    Raises MachineFailure if no process can be started or the output cannot be written.
    """
    with _Process(command) as process:
        observer.on_launch(process.pid)
        return process.watch(observer)


class _Process:
    def __init__(self, command: Command) -> None:
        self._command = command
        self._output = Output(command.log)
        self._telemetry = TelemetryReader()
        self._words = b""  # of the guardian, not read yet
        self._asked_at: float | None = None  # when the loop asked it for the time
        self._reason: EndReason = "exited"
        self._kill_at: float | None = None
        self._channel, other = socket.socketpair()
        output, output_end = os.pipe2(os.O_CLOEXEC)
        telemetry, telemetry_end = os.pipe2(os.O_CLOEXEC)
        env = dict(command.environment)
        kept = str(telemetry_end) if command.telemetry else ""
        if command.telemetry:
            env["AR_TELEMETRY_FD"] = kept
        program = [sys.executable, "-I", "-S", guardian.__file__, str(other.fileno()), kept]
        program += [_as_json(command.limits), "--", *command.prefix, *argv(command.line)]
        try:
            self._guardian = subprocess.Popen(
                program,
                cwd=command.folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output_end,
                stderr=output_end,
                pass_fds=(other.fileno(), *([telemetry_end] if kept else [])),
                start_new_session=True,
            )
        except OSError as error:
            raise MachineFailure(
                f"No process can be started: {error.strerror}: check this machine's memory and process limits."
            ) from error
        other.close()
        os.close(output_end)
        os.close(telemetry_end)
        self.pid = self._guardian.pid
        self._selector = selectors.DefaultSelector()
        for source, name in ((output, "output"), (telemetry, "telemetry")):
            os.set_blocking(source, False)
            self._selector.register(source, selectors.EVENT_READ, name)
        self._selector.register(self._channel, selectors.EVENT_READ, "guardian")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Closing the socket ends whatever still runs."""
        self._channel.close()
        process_table.wait_for_end(self.pid, seconds=GUARDIAN_SECONDS)  # at once; `wait` alone would poll
        try:
            self._guardian.wait(GUARDIAN_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill_run()
            self._guardian.kill()
            self._guardian.wait()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, int):
                os.close(key.fileobj)
        self._selector.close()
        self._output.close()

    def watch(self, observer: CommandObserver) -> ExitStatus:
        while (report := self._report()) is None:
            if not self._read_all(observer):
                return self._end_without_guardian()
            if self._awaits_time():
                continue
            if self._reason == "exited" and (reason := self._end_reason(observer)):
                self._reason, self._kill_at = reason, time.monotonic() + (0 if reason in AT_ONCE else TERM_SECONDS)
                self._send(b"T")
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                self._send(b"K")
                if time.monotonic() >= self._kill_at + GUARDIAN_SECONDS:
                    return self._end_without_guardian()  # the command has stopped its guardian
        self._drain(observer)
        return self._exit_status(report)

    def _read_all(self, observer: CommandObserver) -> bool:
        """Wait a moment for output, telemetry and the guardian's words; false if the guardian has gone."""
        for key, _ in self._selector.select(TICK_SECONDS):
            data = self._read(key.fileobj)
            if key.data != "guardian":
                self._dispatch(key.data, data, observer)
            elif data:
                self._words += data
            else:
                return False
        return True

    def _report(self) -> dict[str, object] | None:
        """The guardian's last word, once it is there; takes in what it said before of the time."""
        while b"\n" in self._words:
            line, _, self._words = self._words.partition(b"\n")
            word: dict[str, object] = json.loads(line)
            if self._asked_at is not None:
                self._command.clock.set_elapsed(float(str(word["elapsed"])))
                self._asked_at = None
            if "exit_code" in word:
                return word
        return None

    def _awaits_time(self) -> bool:
        """Whether the loop was stopped and does not know yet for how long the command has run: nothing is judged until then."""
        if self._command.clock.look():
            self._asked_at = time.monotonic()
            self._send(b"?")
        return self._asked_at is not None and time.monotonic() - self._asked_at < GUARDIAN_SECONDS

    def _end_without_guardian(self) -> ExitStatus:
        self._kill_run()
        self._drain(CommandObserver())
        return self._exit_status({})

    def _kill_run(self) -> None:
        process_table.kill_run(Path(self._command.environment["HOME"]))

    def _end_reason(self, observer: CommandObserver) -> EndReason | None:
        if self._command.clock.elapsed() > self._command.seconds:
            return "timeout"
        if self._output.total_bytes > FLOOD_BYTES:
            return "flood"
        if self._command.limits.spare and self._output.free_bytes() < self._command.limits.spare:
            return "disk"
        return observer.poll()

    def _read(self, source: object) -> bytes:
        try:
            return self._channel.recv(4096) if source is self._channel else os.read(int(source), 1 << 16)  # type: ignore[call-overload]
        except (BlockingIOError, ConnectionResetError):
            return b""

    def _dispatch(self, name: str, data: bytes, observer: CommandObserver) -> None:
        if name == "output":
            self._output.append(data)
            observer.on_output(data)
        for message in self._telemetry.feed(data) if name == "telemetry" else ():
            observer.on_message(message)
        if not data:
            source = next(key.fileobj for key in self._selector.get_map().values() if key.data == name)
            self._selector.unregister(source)
            os.close(int(source))  # type: ignore[arg-type]

    def _drain(self, observer: CommandObserver) -> None:
        """Read the rest of the pipes, with a limit: a process that escaped may still write."""
        for key in [key for key in self._selector.get_map().values() if key.data != "guardian"]:
            for data in itertools.takewhile(len, (self._read(key.fileobj) for _ in range(DRAINS))):
                self._dispatch(key.data, data, observer)

    def _send(self, byte: bytes) -> None:
        try:
            self._channel.sendall(byte)
        except OSError:
            return  # the guardian has ended: its report is about to be read

    def _exit_status(self, report: Mapping[str, object]) -> ExitStatus:
        reason = self._reason
        exit_code, signal_number = _int(report.get("exit_code")), _int(report.get("signal"))
        if self._command.prefix and exit_code is not None and exit_code > SHELL_SIGNAL:
            signal_number, exit_code = exit_code - SHELL_SIGNAL, None
        if reason == "exited" and (not report or signal_number == signal.SIGKILL):
            reason = _EXCEEDED.get(report.get("exceeded"), reason)
        return ExitStatus(
            reason=reason,
            exit_code=exit_code,
            signal=signal_number if report else int(signal.SIGKILL),
            wall_seconds=self._command.clock.elapsed(),
            cpu_seconds=float(str(report["cpu_seconds"])) if "cpu_seconds" in report else None,
            peak_memory=_int(report.get("peak_memory")) or None,
            output_bytes=self._output.total_bytes,
        )


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _as_json(limits: ResourceLimits) -> str:
    return json.dumps({name: getattr(limits, name) for name in ("memory", "heap", "processes", "file", "cores")})
