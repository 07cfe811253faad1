"""The devices that runs use, found without torch: the whole machine, or a share of it for each worker."""

import itertools
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

from loop.contracts import Device
from loop.errors import BadInput, MachineFailure

NVIDIA = Path("/proc/driver/nvidia/gpus")
NODES = Path("/dev")  # a container may have the devices without the driver's folder
UNKNOWN_GPU = "an NVIDIA GPU"


def find_device(*, driver: Path = NVIDIA) -> Device:
    """The first visible CUDA device, else the CPU; a run on it sees all that the loop sees."""
    gpus = _gpus(driver)
    if gpus:
        return Device(name="cuda:0", description=", ".join(model for _, model in gpus))
    return Device(name="cpu", description=f"{os.cpu_count() or 1} CPU cores, {_processor()}")


def assign_devices(workers: int, *, driver: Path = NVIDIA) -> tuple[Device, ...]:
    """A device for each worker: a GPU of its own, or an equal share of the processor cores.

    Raises BadInput if there are more workers than GPUs, or than cores on a machine without GPUs.
    """
    gpus, cores = _gpus(driver), sorted(os.sched_getaffinity(0))
    if workers == 1:
        return (find_device(driver=driver),)
    count = len(gpus) or len(cores)
    if workers > count:
        kind = "GPU" if gpus else "processor core"
        raise BadInput(
            f"The brief says `workers: {workers}`, but this machine has {count} {kind}{'s' * (count > 1)} and each worker "
            f"needs one: write `workers: {count}` or fewer."
        )
    if gpus:
        return tuple(
            Device(name=f"cuda:{number}", description=model, gpu=gpu)
            for number, (gpu, model) in enumerate(gpus[:workers])
        )
    size = count // workers
    return tuple(_cpu_device(cores[size * number : size * (number + 1)]) for number in range(workers))


def check_cores(device: Device) -> None:
    """Raises MachineFailure if this process may not use a worker's cores any more."""
    if not set(device.cores) <= os.sched_getaffinity(0):
        raise MachineFailure(
            f"The loop may not use the processor cores of {device.name} any more: give them back to it, then start again."
        )


def _cpu_device(cores: Sequence[int]) -> Device:
    if len(cores) == cores[-1] - cores[0] + 1:
        name = f"{cores[0]}-{cores[-1]}" if len(cores) > 1 else f"{cores[0]}"
    else:
        name = "+".join(map(str, cores))
    description = f"{len(cores)} CPU core{'s' * (len(cores) > 1)}, {_processor()}"
    return Device(name=f"cpu:{name}", description=description, cores=tuple(cores))


def _gpus(driver: Path) -> list[tuple[str, str]]:
    """(name, model) of each visible GPU; the name is one that CUDA_VISIBLE_DEVICES takes."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    present = _gpus_by_driver(driver) or _gpus_by_node()
    if visible is None or not present:
        return present
    words = itertools.takewhile(_is_gpu_name, (word.strip() for word in visible.split(",")))  # CUDA stops there too
    models = {str(number): model for number, (_, model) in enumerate(present)} | dict(present)
    return [(name, models.get(name, UNKNOWN_GPU)) for name in dict.fromkeys(words)]


def _is_gpu_name(word: str) -> bool:
    """Whether CUDA takes a word for a GPU; "-1", "none" or "NoDevFiles" end the list."""
    return word.isdecimal() or word.startswith(("GPU-", "MIG-"))


def _gpus_by_driver(folder: Path) -> list[tuple[str, str]]:
    """By UUID, which does not depend on the order in which CUDA counts."""
    gpus = []
    for number, file in enumerate(sorted(folder.glob("*/information"))):
        lines = [line.partition(":") for line in file.read_text(errors="replace").splitlines()]
        facts = {key.strip(): value.strip() for key, _, value in lines}
        uuid = facts.get("GPU UUID", "")
        name = uuid if uuid.startswith("GPU-") and "?" not in uuid else str(number)
        gpus.append((name, facts.get("Model") or UNKNOWN_GPU))
    return gpus


def _gpus_by_node() -> list[tuple[str, str]]:
    """By device nodes, if nvidia-smi is installed too."""
    nodes = [node for node in NODES.glob("nvidia*") if node.name.removeprefix("nvidia").isdecimal()]
    return [(str(number), UNKNOWN_GPU) for number in range(len(nodes))] if shutil.which("nvidia-smi") else []


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
