"""What the training runs on, found without torch."""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

NVIDIA = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Device:
    """`name` as torch names it, `words` for people."""

    name: str
    words: str


def find_device() -> Device:
    """The first CUDA device that may be used, else the CPU."""
    if _visible() and (models := _gpus()):
        return Device(name="cuda:0", words=", ".join(models))
    return Device(name="cpu", words=f"{os.cpu_count() or 1} CPU cores, {_processor()}")


def _visible() -> bool:
    return os.environ.get("CUDA_VISIBLE_DEVICES", "0") not in ("", "-1", "none")


def _gpus() -> list[str]:
    """Models as the driver names them; devices without that folder (containers) count where nvidia-smi is there."""
    files = sorted(NVIDIA.glob("*/information")) if NVIDIA.is_dir() else []
    lines = [
        line for file in files for line in file.read_text(errors="replace").splitlines() if line.startswith("Model:")
    ]
    if lines:
        return [line.removeprefix("Model:").strip() for line in lines]
    return ["an NVIDIA GPU"] if Path("/dev/nvidia0").exists() and shutil.which("nvidia-smi") else []


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
