"""A run's guardian, executed as a process of its own: `python -I -S guardian.py SOCKET_FD KEEP_FDS LIMITS -- COMMAND…`.

It is small and single-threaded on purpose. It starts the command in a session of its own, adopts whatever the command
leaves behind (child subreaper), and ends the whole tree when the command ends, when the tree takes more than LIMITS (JSON,
see `loop.runs.process.limits`), when the loop says so, or when the loop dies and the socket closes. Its last word on the
socket is one JSON line with how the command ended. Standard library only; imports nothing of this project, so that it starts in
milliseconds and can be read in one sitting.

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
POLITE = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
LOOK_SECONDS = 0.1  # between two looks at what the tree takes, each some 0.3 ms
SOON_SECONDS = 0.02  # the same, where it is near its limits
NEAR = 0.7  # share of a limit
TASKS = 8  # threads per process that the kernel's own limit leaves room for
FIRST_TO_DIE = b"800"  # /proc/PID/oom_score_adj: the system short of memory ends the run, not the loop
PAGE = resource.getpagesize()
TICKS = os.sysconf("SC_CLK_TCK")  # of processor time in a second

LimitValues = dict[str, int | None]
Seen = dict[tuple[int, bytes], int]  # processor time, ticks, by process and its start


def main() -> int:
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)  # the command must not speak to the loop in the guardian's name
    kept = [int(number) for number in sys.argv[2].split(",") if number]
    limits = json.loads(sys.argv[3])
    if cores := limits.pop("cores", None):
        os.sched_setaffinity(0, cores)  # the command's too
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in POLITE:
        signal.signal(number, signal.SIG_IGN)  # a command that signals its parent does not lose its guardian
    wake, alarm = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(alarm)
    killed_before = _killed_for_memory()
    child = _start(sys.argv[5:], kept=kept, limits=limits)
    seen: Seen = {}
    told = _watch(child, channel=channel, wake=wake, limits=limits, seen=seen)
    usage = _end_all()
    if "taken" not in told and _killed_for_memory() > killed_before:
        told["taken"] = "memory"  # which counts only for a command that was killed: the system may have chosen another
    told |= {"cpu_seconds": max(usage[0], sum(seen.values()) / TICKS), "peak_memory": usage[1]}
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(told).encode() + b"\n")
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
        for number in (*POLITE, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        _limit(limits)
        for number in kept:
            os.set_inheritable(number, True)
        os.execvp(command[0], command)  # noqa: S606  # the whole point: no shell in between
    except OSError as error:
        os.write(2, f"error: cannot start {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _limit(limits: LimitValues) -> None:
    """Limits that the kernel keeps, in the child: no core file, heap of one process, size of one file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kinds = (resource.RLIMIT_DATA, limits.get("heap")), (resource.RLIMIT_FSIZE, limits.get("file"))
    for kind, value in (*kinds, (resource.RLIMIT_NPROC, _tasks(limits.get("processes")))):
        if value is not None:
            hard = resource.getrlimit(kind)[1]
            least = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (least, least))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb", buffering=0) as file:  # noqa: PTH123
        file.write(FIRST_TO_DIE)


def _tasks(processes: int | None) -> int | None:
    """What the kernel may let this user have: it counts the user's threads, the run's or not; root is not held by it.

    A fork bomb between two looks meets it. Far above `processes`, so that nothing else does.
    """
    uid, mine = os.getuid(), 0
    if processes is None:
        return None
    for pid, stat in _processes().items():
        with contextlib.suppress(OSError):
            mine += int(stat[20 - 3]) if os.stat(f"/proc/{pid}").st_uid == uid else 0  # noqa: PTH116
    return mine + TASKS * processes


def _watch(child: int, *, channel: socket.socket, wake: int, limits: LimitValues, seen: Seen) -> dict[str, object]:
    """Wait for the child's end, for more taken than allowed, or for the loop's word: T asks it to end, else it is ended."""
    killed: dict[str, object] = {"exit_code": None, "signal": int(signal.SIGKILL)}
    look = time.monotonic() + LOOK_SECONDS
    while True:
        ready, _, _ = select.select([channel.fileno(), wake], [], [], max(0.0, look - time.monotonic()))
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            status = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if status is not None:
                by = "exit_code" if status.si_code == os.CLD_EXITED else "signal"
                return {"exit_code": None, "signal": None, by: status.si_status}
        if channel.fileno() in ready:
            if channel.recv(1) != b"T":
                return killed
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGTERM)
        if time.monotonic() >= look:
            shares = _taken(limits, seen)
            if taken := next((name for name, share in shares.items() if share > 1), None):
                return killed | {"taken": taken}
            look = time.monotonic() + (SOON_SECONDS if max(shares.values()) > NEAR else LOOK_SECONDS)


def _taken(limits: LimitValues, seen: Seen) -> dict[str, float]:
    """What the tree takes of each limit, as a share. Shared pages count once; that is asked where the cheap sum is high.

    `seen` takes in the processor time of each process, ticks: of a child that nobody waits for the system forgets it.
    """
    tree = _tree()
    seen.update({(pid, stat[22 - 3]): _ticks(stat) for pid, stat in tree.items()})
    most, memory = limits.get("processes"), limits.get("memory")
    shares = {"processes": len(tree) / most if most else 0.0, "memory": 0.0}
    if memory:
        shares["memory"] = sum(map(_resident, tree)) / memory
        if shares["memory"] > 1:
            shares["memory"] = sum(map(_share, tree)) / memory
    return shares


def _tree() -> dict[int, list[bytes]]:
    """Fields of /proc/PID/stat by descendant. Where the system lists children that is quick; one that ends may hide another."""
    guardian, waiting = os.getpid(), [os.getpid()]
    if not os.path.exists(f"/proc/{guardian}/task/{guardian}/children"):  # noqa: PTH110  # CONFIG_PROC_CHILDREN
        processes = _processes()
        return {pid: processes[pid] for pid in _descendants(guardian, processes) if pid in processes}
    found: dict[int, list[bytes]] = {}
    while waiting:
        with contextlib.suppress(OSError):
            pid = waiting.pop()
            for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
                with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:  # noqa: PTH123
                    waiting += map(int, file.read().split())
        with contextlib.suppress(OSError, IndexError):
            found[pid] = _stat(pid)
    del found[guardian]
    return found


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError), open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * PAGE
    return 0


def _share(pid: int) -> int:
    """Bytes, pages that several processes share divided among them (PSS); resident bytes where that may not be read."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123
        return sum(int(line.split()[1]) for line in file if line.startswith(b"Pss:")) * 1024
    return _resident(pid)


def _end_all() -> tuple[float, int]:
    """Kill and reap every descendant, adopted ones too; returns CPU seconds and the largest memory, bytes."""
    seconds, memory = 0.0, 0
    for _ in range(ROUNDS):
        for pid in _descendants(os.getpid(), _processes()):
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


def _processes() -> dict[int, list[bytes]]:
    """Fields of /proc/PID/stat from the third on (proc(5)), by process."""
    found: dict[int, list[bytes]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        with contextlib.suppress(OSError, IndexError):
            found[int(name)] = _stat(int(name))
    return found


def _stat(pid: int) -> list[bytes]:
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
        return file.read().rsplit(b")", 1)[1].split()


def _ticks(stat: list[bytes]) -> int:
    """Processor time so far."""
    return int(stat[14 - 3]) + int(stat[15 - 3])


def _descendants(root: int, processes: dict[int, list[bytes]]) -> list[int]:
    found = {root}
    while new := {pid for pid, stat in processes.items() if int(stat[4 - 3]) in found} - found:
        found |= new
    return list(found - {root})


def _killed_for_memory() -> int:
    with contextlib.suppress(OSError), open("/proc/vmstat", "rb") as file:  # noqa: PTH123
        return next((int(line.split()[1]) for line in file if line.startswith(b"oom_kill ")), 0)
    return 0


def _prctl(option: int, value: int) -> None:
    """Linux only; elsewhere the session and the socket must do."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
