"""Telling one process from a later one with the same number, and ending what a run left behind."""

import contextlib
import os
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 200  # of killing, 10 ms apart


@dataclass(frozen=True)
class Identity:
    """A process: its start in ticks since boot, and the boot. Zero and empty where the system does not tell."""

    started: int
    boot: str


def identity(pid: int) -> Identity:
    """The identity of a process; zero where it does not exist."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
        return Identity(started=int(fields[19]), boot=boot())
    except (OSError, ValueError, IndexError):
        return Identity(started=0, boot=boot())


def boot() -> str:
    """The kernel's boot id."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def alive(home: Path) -> bool:
    """Whether any process has this HOME."""
    return bool(_marked(os.fsencode(f"HOME={home}")))


def ends(pid: int, *, seconds: float) -> bool:
    """Wait for the end of a child that nobody has waited for yet; whether it came. No wait where the system cannot tell."""
    try:
        handle = os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux, or an old one
        return False
    try:
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        return bool(waiting.poll(1000 * seconds))
    finally:
        os.close(handle)


def sweep(home: Path) -> int:
    """Kill every process of the run whose HOME this is, and all below them; return how many were found.

    A run's environment names a home that no other process has, so that its processes are known also when their guardian
    was killed or stopped and they belong to nobody. Linux only; not promised for a process that hides its environment.
    """
    mark = os.fsencode(f"HOME={home}")
    killed: set[int] = set()
    for _ in range(ROUNDS):
        found = _below(_marked(mark)) - _above(os.getpid())
        if not found:
            break
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= found
        time.sleep(0.01)
    return len(killed)


def _marked(mark: bytes) -> set[int]:
    return {pid for pid in _parents() if mark in _environment(pid)}


def _environment(pid: int) -> list[bytes]:
    """A process's environment; empty where it is a zombie, has gone, or is somebody else's."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _below(roots: set[int]) -> set[int]:
    """These processes and all their descendants."""
    parents, found = _parents(), set(roots)
    while new := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= new
    return found


def _above(pid: int) -> set[int]:
    """A process and all its ancestors."""
    parents, found = _parents(), set[int]()
    while pid and pid not in found:
        found.add(pid)
        pid = parents.get(pid, 0)
    return found


def _parents() -> dict[int, int]:
    """Parent by process, zombies left out."""
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    except OSError:
        return {}
    parents = {}
    for name in names:
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = Path(f"/proc/{name}/stat").read_bytes().rsplit(b")", 1)[1].split()
            if fields[0] != b"Z":
                parents[int(name)] = int(fields[1])
    return parents
