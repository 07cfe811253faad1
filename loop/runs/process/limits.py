"""The resource limits of a run; a run that exceeds one is ended."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loop.brief.config import Config

MEMORY_SHARE = 0.8  # of the machine's memory, or of its container's
SPARE_BYTES = 512 << 20  # of disk, which stay free for the journal
CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class ResourceLimits:
    """The limits of a command and of all that it starts; None for no limit. Memory and files in bytes."""

    memory: int | None = None  # resident, of the whole tree
    heap: int | None = None  # private memory of one process; never on a GPU, whose driver reserves address space
    processes: int | None = 1024
    file: int | None = None  # size of one file
    cores: tuple[int, ...] = ()  # usable processor cores; empty for all
    spare: int = 0  # minimum free bytes on the disk of the log


UNLIMITED = ResourceLimits(processes=None)


def run_limits(config: Config, *, gpu: bool, free: int, cores: tuple[int, ...] = ()) -> ResourceLimits:
    """The limits of a run of this brief on these cores; `free` is the free bytes of the disk that it writes to."""
    memory = run_memory(config)
    return ResourceLimits(
        memory=memory,
        heap=None if gpu else memory,
        processes=config.processes,
        file=max(0, free - SPARE_BYTES),
        cores=cores,
        spare=SPARE_BYTES,
    )


def run_memory(config: Config) -> int:
    """Maximum bytes of all processes of a run: the brief's value, at most MEMORY_SHARE of the machine's per worker."""
    share = int(MEMORY_SHARE * machine_memory() / config.workers)
    return share if config.memory is None else min(share, int(config.memory))


def tmpfs_bytes(config: Config) -> int:
    """Size of each private folder in memory: together with `run_memory` they fit into the machine."""
    return run_memory(config) // 8


def machine_memory() -> int:
    """Bytes of memory of this machine, container or control group."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in (CGROUPS / "memory" / "memory.limit_in_bytes", *_own_groups()):
        with contextlib.suppress(OSError, ValueError):  # "max" is no number
            sizes.append(int(path.read_text(encoding="ascii")))
    return min(sizes)


def _own_groups() -> Iterator[Path]:
    """`memory.max` of this process's control group (version 2) and of its ancestors."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
        for folder in (CGROUPS / own, *(CGROUPS / own).parents):
            if folder.is_relative_to(CGROUPS):
                yield folder / "memory.max"
