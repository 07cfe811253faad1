"""Telling one process from a later one with the same number, and ending what a dead loop left behind."""

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path


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


def alive(pid: int, known: Identity) -> bool:
    """Whether exactly this process still runs."""
    return known.started != 0 and identity(pid) == known


def end(pid: int, known: Identity) -> bool:
    """Kill exactly this process group; True if it was there. Its guardian's closed socket ends the rest."""
    if not alive(pid, known):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return True
