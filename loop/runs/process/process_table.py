"""Processes by number and start, and the processes of a run by their HOME."""

import contextlib
import os
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from loop.runs.process.guardian import process_stats, stat_fields

ROUNDS = 200  # of killing, 10 ms apart


@dataclass(frozen=True)
class ProcessIdentity:
    """Distinguishes a process from a later one with its number; zero and empty if the system does not tell."""

    started: int  # ticks since boot
    boot_id: str


def process_identity(pid: int) -> ProcessIdentity:
    """The identity of a process; `started` is zero if it does not exist."""
    try:
        return ProcessIdentity(started=int(stat_fields(pid)[22 - 3]), boot_id=boot_id())
    except (OSError, IndexError):
        return ProcessIdentity(started=0, boot_id=boot_id())


def boot_id() -> str:
    """The kernel's boot id."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def wait_for_end(pid: int, *, seconds: float) -> bool:
    """Wait for the end of a child that is not reaped yet; whether it ended. No wait if the system has no pidfd."""
    try:
        handle = os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux, or an old one
        return False
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(1000 * seconds))
    finally:
        os.close(handle)


def is_running(home: Path) -> bool:
    """Whether any process has this HOME."""
    return bool(_processes_of(home))


def kill_run(home: Path) -> int:
    """Kill every process of the run with this HOME, and all their descendants; how many were found.

    Each run has a home of its own, so this finds its processes also after their guardian was killed or stopped. Linux
    only; not promised for a process that hides its environment.
    """
    killed: set[int] = set()
    for _ in range(ROUNDS):
        found = _with_descendants(_processes_of(home)) - _with_ancestors(os.getpid())
        if not found:
            break
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= found
        time.sleep(0.01)
    return len(killed)


def _processes_of(home: Path) -> set[int]:
    variable = os.fsencode(f"HOME={home}")
    return {pid for pid in _parents() if variable in _environment(pid)}


def _environment(pid: int) -> list[bytes]:
    """A process's environment; empty if it is a zombie, has ended, or is another user's."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _with_descendants(roots: set[int]) -> set[int]:
    parents, found = _parents(), set(roots)
    while new := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= new
    return found


def _with_ancestors(pid: int) -> set[int]:
    parents, found = _parents(), set[int]()
    while pid and pid not in found:
        found.add(pid)
        pid = parents.get(pid, 0)
    return found


def _parents() -> dict[int, int]:
    """Process -> its parent, without zombies; empty if the system has no /proc."""
    with contextlib.suppress(OSError):
        return {pid: int(stat[4 - 3]) for pid, stat in process_stats().items() if stat[3 - 3] != b"Z"}
    return {}
