"""What trainings run on, found without torch: the machine as one device, or a share of it for each of several workers."""

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


def find_device(*, driver: Path = NVIDIA) -> Device:
    """The first CUDA device that may be used, else the CPU; a run on it sees all that the loop sees."""
    gpus = _gpus(driver)
    if gpus:
        return Device(name="cuda:0", words=", ".join(words for _, words in gpus))
    return Device(name="cpu", words=f"{os.cpu_count() or 1} CPU cores, {_processor()}")


def share(workers: int, *, driver: Path = NVIDIA) -> tuple[Device, ...]:
    """A device for each of several workers: a GPU of its own, or as many processor cores as each other.

    Raises BadInput where there are more workers than that.
    """
    gpus, cores = _gpus(driver), sorted(os.sched_getaffinity(0))
    if workers == 1:
        return (find_device(driver=driver),)
    have = len(gpus) or len(cores)
    if workers > have:
        what = "GPU" if gpus else "processor core"
        raise BadInput(
            f"The brief says `workers: {workers}`, and this machine has {have} {what}{'s' * (have > 1)}, one for each "
            f"worker at least: say `workers: {have}` or fewer."
        )
    if gpus:
        return tuple(
            Device(name=f"cuda:{number}", words=words, gpu=gpu) for number, (gpu, words) in enumerate(gpus[:workers])
        )
    size = have // workers
    return tuple(_cores(cores[size * number : size * (number + 1)]) for number in range(workers))


def check(device: Device) -> None:
    """Raises WorldBroken where a worker's cores have been taken from this process since the session began."""
    if not set(device.cores) <= os.sched_getaffinity(0):
        raise MachineFailure(
            f"The processor cores of {device.name} are not this program's any more: free them, then go on."
        )


def _cores(own: Sequence[int]) -> Device:
    """A few processor cores; a run takes as many threads as it may use cores."""
    if len(own) == own[-1] - own[0] + 1:
        name = f"{own[0]}-{own[-1]}" if len(own) > 1 else f"{own[0]}"
    else:
        name = "+".join(map(str, own))
    words = f"{len(own)} CPU core{'s' * (len(own) > 1)}, {_processor()}"
    return Device(name=f"cpu:{name}", words=words, cores=tuple(own))


def _gpus(driver: Path) -> list[tuple[str, str]]:
    """(name, model) of each GPU that may be used; the name is one that CUDA_VISIBLE_DEVICES takes."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = _by_driver(driver) or _by_node()
    if said is None or not there:
        return there
    names = itertools.takewhile(_is_name, (word.strip() for word in said.split(",")))  # CUDA reads no further either
    wanted = dict.fromkeys(names)  # none twice
    models = {str(number): model for number, (_, model) in enumerate(there)} | dict(there)
    return [(word, models.get(word, "an NVIDIA GPU")) for word in wanted]


def _is_name(word: str) -> bool:
    """Whether CUDA takes this for a GPU: "-1", "none" or "NoDevFiles" say that there are no more."""
    return word.isdecimal() or word.startswith(("GPU-", "MIG-"))


def _by_driver(folder: Path) -> list[tuple[str, str]]:
    """As the driver names them: by UUID, which is the same in whatever order CUDA counts."""
    files = sorted(folder.glob("*/information"))
    found = []
    for number, file in enumerate(files):
        lines = [line.partition(":") for line in file.read_text(errors="replace").splitlines()]
        facts = {key.strip(): value.strip() for key, _, value in lines}
        uuid = facts.get("GPU UUID", "")
        found.append((uuid if uuid.startswith("GPU-") and "?" not in uuid else str(number), facts.get("Model", "")))
    return [(name, model or "an NVIDIA GPU") for name, model in found]


def _by_node() -> list[tuple[str, str]]:
    """As device nodes, where nvidia-smi is there too."""
    nodes = [node for node in NODES.glob("nvidia*") if node.name.removeprefix("nvidia").isdecimal()]
    return [(str(number), "an NVIDIA GPU") for number in range(len(nodes))] if shutil.which("nvidia-smi") else []


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
