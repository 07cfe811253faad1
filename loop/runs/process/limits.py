"""What a run may take of this machine before it is ended."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loop.brief.config import Config

MEMORY_SHARE = 0.8  # of the machine's memory, or of what this container may use
SPARE_BYTES = 512 << 20  # of disk that must stay free for the journal
CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class ResourceLimits:
    """What a command and all that it starts may take; None for no limit. Memory and files in bytes."""

    memory: int | None = None  # of the whole tree, resident
    heap: int | None = None  # private memory of one process; never on a GPU, whose driver reserves address space
    processes: int | None = 1024
    file: int | None = None  # size of one file
    cores: tuple[int, ...] = ()  # of the processor, that they run on; empty for all
    spare: int = 0  # what must stay free on the disk of the log


UNLIMITED = ResourceLimits(processes=None)


def of_run(config: Config, *, gpu: bool, free: int, cores: tuple[int, ...] = ()) -> ResourceLimits:
    """What a run of this brief may take, on these cores; `free` bytes are left on the disk that it writes to."""
    memory = memory_of(config)
    return ResourceLimits(
        memory=memory,
        heap=None if gpu else memory,
        processes=config.processes,
        file=max(0, free - SPARE_BYTES),
        cores=cores,
        spare=SPARE_BYTES,
    )


def memory_of(config: Config) -> int:
    """Bytes that all processes of a run may take: as the brief says, or most of its share of the machine's."""
    most = int(MEMORY_SHARE * machine_memory() / config.workers)
    return most if config.memory is None else min(most, int(config.memory))


def private_folder(config: Config) -> int:
    """Bytes of each private folder in memory: with `memory_of` both are no more than the machine has."""
    return memory_of(config) // 8


def machine_memory() -> int:
    """Bytes that this process's machine, container or control group has."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in (CGROUPS / "memory" / "memory.limit_in_bytes", *_own_groups()):
        with contextlib.suppress(OSError, ValueError):  # "max" is no number
            found.append(int(path.read_text(encoding="ascii")))
    return min(found)


def _own_groups() -> Iterator[Path]:
    """`memory.max` of this process's control group (version 2) and of all around it."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
        for folder in (CGROUPS / own, *(CGROUPS / own).parents):
            if folder.is_relative_to(CGROUPS):
                yield folder / "memory.max"
