"""A run's guardian, executed as a process of its own: `python -I -S lifeline.py SOCKET_FD KEEP_FDS -- COMMAND…`.

It is small and single-threaded on purpose. It starts the command in a session of its own, adopts whatever the command
leaves behind (child subreaper), and ends the whole tree when the command ends, when the loop says so, or when the loop
dies and the socket closes. Its last word on the socket is one JSON line with how the command ended. Standard library only;
imports nothing of this project, so that it starts in milliseconds and can be read in one sitting.

Not promised: a process that respawns itself faster than it is killed, outside a sandbox's PID namespace.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import time

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
ROUNDS = 200  # of killing and reaping, 10 ms apart


def main() -> int:
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)  # the command must not speak to the loop in the guardian's name
    kept = [int(number) for number in sys.argv[2].split(",") if number]
    command = sys.argv[4:]
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake, alarm = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(alarm)
    child = _start(command, kept=kept)
    status, usage = _watch(child, channel=channel, wake=wake)
    _end_all()
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(_told(status, usage)).encode() + b"\n")
    return 0


def _start(command: list[str], *, kept: list[int]) -> int:
    guardian = os.getpid()
    child = os.fork()
    if child:
        for number in kept:
            os.close(number)
        return child
    try:
        os.setsid()
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guardian:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for number in kept:
            os.set_inheritable(number, True)
        os.execvp(command[0], command)  # noqa: S606  # the whole point: no shell in between
    except OSError as error:
        os.write(2, f"error: cannot start {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _watch(child: int, *, channel: socket.socket, wake: int) -> "tuple[int | None, resource.struct_rusage | None]":
    """Wait for the child's end or the loop's word: T asks it to end, K or a closed socket ends it."""
    while True:
        ready, _, _ = select.select([channel.fileno(), wake], [], [])
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            pid, status, usage = os.wait4(child, os.WNOHANG)
            if pid == child:
                return status, usage
        if channel.fileno() in ready:
            word = channel.recv(1)
            if word != b"T":
                return None, None
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGTERM)


def _end_all() -> None:
    """Kill and reap every descendant; adopted ones appear as children of this process."""
    for _ in range(ROUNDS):
        for pid in _descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _descendants(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
            parents[int(name)] = int(file.read().rsplit(b")", 1)[1].split()[1])
    found = {root}
    while new := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= new
    return list(found - {root})


def _told(status: int | None, usage: "resource.struct_rusage | None") -> dict[str, object]:
    if status is None or usage is None:
        return {"exit_code": None, "signal": int(signal.SIGKILL)}
    code = os.waitstatus_to_exitcode(status)
    return {
        "exit_code": code if code >= 0 else None,
        "signal": -code if code < 0 else None,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory": usage.ru_maxrss * 1024,
    }


def _prctl(option: int, value: int) -> None:
    """Linux only; elsewhere the session and the socket must do."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
