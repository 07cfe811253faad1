"""What a run may take of this machine before it is ended."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

MEMORY_SHARE = 0.8  # of the machine's memory, or of what this container may use
SPARE_BYTES = 512 << 20  # of disk that must stay free for the journal
CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a command and all that it starts may take; None for no limit. Memory and files in bytes."""

    memory: int | None = None  # of the whole tree, resident
    heap: int | None = None  # private memory of one process; never on a GPU, whose driver reserves address space
    processes: int | None = 1024
    file: int | None = None  # size of one file
    spare: int = 0  # what must stay free on the disk of the log


UNLIMITED = Limits(processes=None)


def of_machine(*, gpu: bool, free: int) -> Limits:
    """Sensible limits; `free` bytes are left on the disk that the run writes to."""
    memory = int(MEMORY_SHARE * machine_memory())
    return Limits(memory=memory, heap=None if gpu else memory, file=max(0, free - SPARE_BYTES), spare=SPARE_BYTES)


def machine_memory() -> int:
    """Bytes that this process's machine or container has."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in CGROUPS:
        with contextlib.suppress(OSError, ValueError):
            found.append(int(Path(name).read_text(encoding="ascii")))
    return min(found)
