"""What this machine has for a training, as far as this process may use it. Locked: experiments edit `gpt/train.py` alone."""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path


def cores() -> int:
    """Processors that this process may run on: a training that is bound to a few of them counts those alone."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers(most: int) -> int:
    """How many trainings of so many this machine takes at once: one for each core, and one where they find a GPU."""
    return 1 if any(Path("/dev").glob("nvidia[0-9]*")) else min(most, cores())


def profile() -> str:
    """The profile for what is there; `benchmarks/gpt_memory.py` estimates what each of them takes."""
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return "cpu"
    import torch  # noqa: PLC0415  (a second of import that a machine without a GPU need not wait for)

    if not torch.cuda.is_available():
        return "cpu"
    gibibytes = torch.cuda.get_device_properties(0).total_memory / 2**30
    return "gpu-80gb" if gibibytes > 70 else "gpu-24gb" if gibibytes > 10 else "cpu"


def lacking() -> str | None:
    """What `torch.compile` will miss on a GPU, in a sentence: Triton builds its launcher with gcc or clang and Python.h."""
    if not (shutil.which("gcc") or shutil.which("clang")):
        return "torch.compile needs a C compiler for a GPU: install gcc"
    scheme = sysconfig.get_default_scheme().replace("posix_local", "posix_prefix")  # Debian's, as Triton reads it
    header = Path(sysconfig.get_path("include", scheme)) / "Python.h"
    return None if header.is_file() else f"torch.compile needs {header} for a GPU: install the headers of this Python"
