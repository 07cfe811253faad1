"""A run's guardian, a process of its own: `python -I -S guardian.py SOCKET_FD KEEP_FDS LIMITS -- COMMAND…`.

It starts the command in a session of its own, adopts all orphans of the command (child subreaper), and ends the whole tree
if the command ends, if the tree exceeds LIMITS (JSON, see `loop.runs.process.limits`), if the loop asks for it, or if the
loop dies and the socket closes. Then it sends one JSON line with how the command ended. It is small and single-threaded,
uses the standard library only and imports nothing of this project, so that it starts in milliseconds and is easy to audit.

Not promised: outside a sandbox's PID namespace, a process that starts copies of itself faster than the guardian kills them.
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
from collections.abc import Iterable
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
ROUNDS = 200  # of killing and reaping, 10 ms apart
IGNORED_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
CHECK_SECONDS = 0.1  # between two checks of the limits, each some 0.3 ms
STOPPED_SECONDS = 2.0  # by which a check is late: this process was stopped, and the machine with it
ASKED = (b"T", b"?")  # bytes of the loop that do not end the command at once
NEAR_CHECK_SECONDS = 0.02  # the same, near a limit
NEAR = 0.7  # share of a limit
TASKS = 8  # threads per process that the kernel's own limit allows
OOM_SCORE = b"800"  # /proc/PID/oom_score_adj: a system short of memory kills the run, not the loop
KEYCTL = {"x86_64": 250, "aarch64": 219}  # numbers of the system call
KEYCTL_JOIN_SESSION_KEYRING = 1  # linux/keyctl.h
PAGE = resource.getpagesize()
TICKS = os.sysconf("SC_CLK_TCK")  # of processor time in a second

LimitValues = dict[str, Any]
CpuTicks = dict[tuple[int, bytes], int]  # (process, its start) -> processor time in ticks


def main() -> int:
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)  # else the command could write to the loop in the guardian's name
    kept = [int(number) for number in sys.argv[2].split(",") if number]
    limits = json.loads(sys.argv[3])
    if cores := limits.get("cores"):
        os.sched_setaffinity(0, cores)  # the command inherits it
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in IGNORED_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # a command that signals its parent must not end its guardian
    wake, alarm = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(alarm)
    kills_before = _oom_kills()
    child = _start(sys.argv[5:], kept=kept, limits=limits)
    cpu_ticks: CpuTicks = {}
    report = _watch(child, channel=channel, wake=wake, limits=limits, cpu_ticks=cpu_ticks)
    usage = _end_all()
    if "exceeded" not in report and _oom_kills() > kills_before:
        report["exceeded"] = "memory"  # counts only for a command that was killed: the system may have chosen another
    report |= {"cpu_seconds": max(usage[0], sum(cpu_ticks.values()) / TICKS), "peak_memory": usage[1]}
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(report).encode() + b"\n")
    return 0


def _start(command: list[str], *, kept: list[int], limits: LimitValues) -> int:
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
        for number in (*IGNORED_SIGNALS, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        _set_limits(limits)
        for number in kept:
            os.set_inheritable(number, True)
        join_new_keyring()
        program = with_open_filter(command)
        os.execvp(program[0], program)  # noqa: S606  # no shell in between, on purpose
    except OSError as error:
        os.write(2, f"error: cannot start {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def join_new_keyring() -> None:
    """Leave the session keyring, which every process of the person shares: keys in it reach whoever holds it (keyrings(7))."""
    number = KEYCTL.get(os.uname().machine)
    if number is not None:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).syscall(number, KEYCTL_JOIN_SESSION_KEYRING, None)


def with_open_filter(command: list[str]) -> list[str]:
    """Bubblewrap takes a compiled seccomp filter as a descriptor: open the path in its place."""
    if command[0] != "bwrap" or "--seccomp" not in command:
        return command
    place = command.index("--seccomp") + 1
    descriptor = os.open(command[place], os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    return [*command[:place], str(descriptor), *command[place + 1 :]]


def _set_limits(limits: LimitValues) -> None:
    """The kernel's limits of the child: no core file, heap of one process, size of one file, tasks of the user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kinds = (resource.RLIMIT_DATA, limits.get("heap")), (resource.RLIMIT_FSIZE, limits.get("file"))
    for kind, value in (*kinds, (resource.RLIMIT_NPROC, _task_limit(limits.get("processes")))):
        if value is not None:
            hard = resource.getrlimit(kind)[1]
            limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (limit, limit))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb", buffering=0) as file:  # noqa: PTH123
        file.write(OOM_SCORE)


def _task_limit(processes: int | None) -> int | None:
    """The kernel's limit for this user's threads, those of other programs included; it does not hold for root.

    It stops a fork bomb between two checks. It is far above `processes`, so that it stops nothing else.
    """
    uid, tasks = os.getuid(), 0
    if processes is None:
        return None
    for pid, stat in process_stats().items():
        with contextlib.suppress(OSError):
            tasks += int(stat[20 - 3]) if os.stat(f"/proc/{pid}").st_uid == uid else 0  # noqa: PTH116
    return tasks + TASKS * processes


def _watch(
    child: int, *, channel: socket.socket, wake: int, limits: LimitValues, cpu_ticks: CpuTicks
) -> dict[str, object]:
    """Wait until the child ends, the tree exceeds a limit, or the loop sends K; see `_answer` for its other bytes."""
    killed: dict[str, object] = {"exit_code": None, "signal": int(signal.SIGKILL)}
    started, stopped = time.monotonic(), 0.0  # seconds in which this process was stopped, and everything beside it
    next_check = started + CHECK_SECONDS
    while True:
        ready, _, _ = select.select([channel.fileno(), wake], [], [], max(0.0, next_check - time.monotonic()))
        late = time.monotonic() - next_check
        stopped += late if late > STOPPED_SECONDS else 0.0
        elapsed = time.monotonic() - started - stopped
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            status = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if status is not None:
                key = "exit_code" if status.si_code == os.CLD_EXITED else "signal"
                return {"exit_code": None, "signal": None, key: status.si_status, "elapsed": elapsed}
        if channel.fileno() in ready:
            byte = channel.recv(1)
            if byte not in ASKED:
                return killed | {"elapsed": elapsed}
            _answer(byte, channel, child, elapsed=elapsed)
        if time.monotonic() >= next_check:
            shares = _shares(limits, cpu_ticks)
            if exceeded := next((name for name, share in shares.items() if share > 1), None):
                return killed | {"exceeded": exceeded, "elapsed": elapsed}
            next_check = time.monotonic() + (NEAR_CHECK_SECONDS if max(shares.values()) > NEAR else CHECK_SECONDS)


def _answer(byte: bytes, channel: socket.socket, child: int, *, elapsed: float) -> None:
    """Answer the loop: T terminates the child, ? asks for the seconds that it has run."""
    if byte == b"?":
        channel.sendall(json.dumps({"elapsed": elapsed}).encode() + b"\n")
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGTERM)


def _shares(limits: LimitValues, cpu_ticks: CpuTicks) -> dict[str, float]:
    """The tree's use of each limit, as a share. Shared pages count once, which is measured only if the cheap sum is high.

    Updates `cpu_ticks`: the system forgets the processor time of a child that nobody waits for.
    """
    tree = _tree()
    cpu_ticks.update({(pid, stat[22 - 3]): processor_ticks(stat) for pid, stat in tree.items()})
    _hold(tree, limits.get("cores"))
    processes, memory = limits.get("processes"), limits.get("memory")
    shares = {"processes": len(tree) / processes if processes else 0.0, "memory": 0.0}
    if memory:
        files = _in_memory_files(tree)
        shares["memory"] = (sum(map(_resident, tree)) + files) / memory
        if shares["memory"] > 1:
            sizes = [_proportional(pid) for pid in tree]
            resident, shared = sum(size for size, _ in sizes), sum(size for _, size in sizes)
            shares["memory"] = (resident + max(0, files - shared)) / memory
    return shares


def _tree() -> dict[int, list[bytes]]:
    """Descendant -> fields of /proc/PID/stat. Fast if the system lists children; a child that ends may hide another."""
    guardian, waiting = os.getpid(), [os.getpid()]
    if not os.path.exists(f"/proc/{guardian}/task/{guardian}/children"):  # noqa: PTH110  # CONFIG_PROC_CHILDREN
        processes = process_stats()
        return {pid: processes[pid] for pid in descendants(guardian, processes) if pid in processes}
    found: dict[int, list[bytes]] = {}
    while waiting:
        with contextlib.suppress(OSError):
            pid = waiting.pop()
            for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
                with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:  # noqa: PTH123
                    waiting += map(int, file.read().split())
        with contextlib.suppress(OSError, IndexError):
            found[pid] = stat_fields(pid)
    del found[guardian]
    return found


def _hold(tree: Iterable[int], cores: list[int] | None) -> None:
    """Set anew what a process may change of itself: its cores, and that the system kills it first if memory runs out."""
    for pid in tree:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/oom_score_adj", "r+b", buffering=0) as file:  # noqa: PTH123
            if file.read().strip() != OOM_SCORE:
                file.write(OOM_SCORE)
        with contextlib.suppress(OSError):
            for thread in map(int, os.listdir(f"/proc/{pid}/task")) if cores else ():  # noqa: PTH208
                if os.sched_getaffinity(thread) != set(cores or ()):
                    os.sched_setaffinity(thread, cores or ())


def _in_memory_files(tree: Iterable[int]) -> int:
    """Bytes in files that live in memory alone (memfd_create(2)): what is not mapped, no resident size counts."""
    sizes: dict[tuple[int, int], int] = {}
    for pid in tree:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
                path = f"/proc/{pid}/fd/{name}"
                with contextlib.suppress(OSError):
                    if os.readlink(path).startswith("/memfd:"):  # noqa: PTH115
                        status = os.stat(path)  # noqa: PTH116
                        sizes[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(sizes.values())


def _resident(pid: int) -> int:
    """Resident bytes (RSS)."""
    with contextlib.suppress(OSError, IndexError), open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * PAGE
    return 0


def _proportional(pid: int) -> tuple[int, int]:
    """(all, shared memory alone) in bytes, each shared page divided among its processes (PSS).

    Resident bytes and 0 if that may not be read.
    """
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123
        fields = dict(line.split()[:2] for line in file if line.startswith(b"Pss"))
        return int(fields.get(b"Pss:", 0)) * 1024, int(fields.get(b"Pss_Shmem:", 0)) * 1024
    return _resident(pid), 0


def _end_all() -> tuple[float, int]:
    """Kill and reap every descendant, adopted ones too; (CPU seconds, largest memory in bytes)."""
    seconds, memory = 0.0, 0
    for _ in range(ROUNDS):
        for pid in descendants(os.getpid(), process_stats()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while (reaped := os.wait4(-1, os.WNOHANG))[0]:
                usage = reaped[2]
                seconds += usage.ru_utime + usage.ru_stime
                memory = max(memory, usage.ru_maxrss * 1024)
        except ChildProcessError:
            break
        time.sleep(0.01)
    return seconds, memory


def process_stats() -> dict[int, list[bytes]]:
    """Process -> fields of /proc/PID/stat from the third on (proc(5))."""
    found: dict[int, list[bytes]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        with contextlib.suppress(OSError, IndexError):
            found[int(name)] = stat_fields(int(name))
    return found


def stat_fields(pid: int) -> list[bytes]:
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
        return file.read().rsplit(b")", 1)[1].split()


def processor_ticks(stat: list[bytes]) -> int:
    """Processor time so far."""
    return int(stat[14 - 3]) + int(stat[15 - 3])


def descendants(root: int, processes: dict[int, list[bytes]]) -> list[int]:
    found = {root}
    while new := {pid for pid, stat in processes.items() if int(stat[4 - 3]) in found} - found:
        found |= new
    return list(found - {root})


def _oom_kills() -> int:
    """Processes that the system has killed for memory since it started."""
    with contextlib.suppress(OSError), open("/proc/vmstat", "rb") as file:  # noqa: PTH123
        return next((int(line.split()[1]) for line in file if line.startswith(b"oom_kill ")), 0)
    return 0


def _prctl(option: int, value: int) -> None:
    """Linux only; elsewhere the session and the socket have to suffice."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
