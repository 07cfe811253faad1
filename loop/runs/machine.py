"""Samples how busy the machine is while runs are in flight: with psutil, and with NVML where there is an NVIDIA GPU.

Both libraries are optional (extra `machine`): without one, its devices are not sampled. A device that does not answer costs
no run.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from journal.store import MachineSample

SAMPLE_SECONDS = 1.0
PROCESSOR_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal")  # names of Linux drivers
THROTTLES = (  # NVML's nvmlClocksEventReason* (nvml.h); an idle GPU and a setting of its owner are none
    (0x04, "power limit"),
    (0x20, "temperature"),
    (0x40, "temperature (hardware)"),
    (0x80, "power brake"),
    (0x08, "hardware slowdown"),
)

Source = Callable[[], Iterator[dict[str, Any]]]  # the fields of a sample of each device, without time and host


class MachineSampler:
    """Gives a sample of each device, at most one a second."""

    def __init__(
        self,
        sources: tuple[Source, ...],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sources, self._monotonic, self._now = sources, monotonic, now
        self._host = socket.gethostname()
        self._last = float("-inf")

    def due_samples(self) -> list[MachineSample]:
        """Samples of all devices; none within a second of the last ones."""
        if self._monotonic() - self._last < SAMPLE_SECONDS:
            return []
        self._last = self._monotonic()
        at = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        return [
            MachineSample(sampled_at=at, host=self._host, **fields) for source in self._sources for fields in source()
        ]


def machine_sampler(*, has_gpu: bool) -> MachineSampler:
    """A sampler of what this machine has and of what is installed for it."""
    return MachineSampler((*_processor_source(), *(_nvidia_source() if has_gpu else ())))


def _processor_source() -> tuple[Source, ...]:
    try:
        import psutil  # noqa: PLC0415 - optional
    except ImportError:
        return ()
    psutil.cpu_percent()  # the first call only starts its count
    return (lambda: processor_fields(psutil),)


def processor_fields(psutil: Any) -> Iterator[dict[str, Any]]:
    """All cores together, and the memory of the machine."""
    with contextlib.suppress(psutil.Error, OSError):
        memory = psutil.virtual_memory()
        yield {
            "device": "cpu",
            "utilization": psutil.cpu_percent() / 100,
            "memory": memory.total - memory.available,
            "memory_total": memory.total,
            "temperature": _processor_temperature(psutil),
        }


def _processor_temperature(psutil: Any) -> float | None:
    """The hottest sensor of the processor, in °C; None on a machine that has none."""
    sensors = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
    return max((each.current for name in PROCESSOR_SENSORS for each in sensors.get(name, ())), default=None)


def _nvidia_source() -> tuple[Source, ...]:
    try:
        import pynvml  # noqa: PLC0415 - optional

        pynvml.nvmlInit()
    except ImportError:
        return ()
    except pynvml.NVMLError:
        return ()
    return (lambda: nvidia_fields(pynvml),)


def nvidia_fields(nvml: Any) -> Iterator[dict[str, Any]]:
    """Each GPU that answers; a figure that its driver does not give is None."""
    with contextlib.suppress(nvml.NVMLError):
        for index in range(nvml.nvmlDeviceGetCount()):
            with contextlib.suppress(nvml.NVMLError):
                yield _gpu(nvml, nvml.nvmlDeviceGetHandleByIndex(index), index)


def _gpu(nvml: Any, handle: Any, index: int) -> dict[str, Any]:
    def ask(read: Callable[[], Any]) -> Any:
        with contextlib.suppress(nvml.NVMLError):
            return read()
        return None

    memory = ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    return {
        "device": f"gpu:{index}",
        "utilization": ask(lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100),
        "memory": memory.used if memory else None,
        "memory_total": memory.total if memory else None,
        "temperature": ask(lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))),
        "power": ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1_000),
        "throttled": ask(lambda: _throttles(nvml.nvmlDeviceGetCurrentClocksEventReasons(handle))),
    }


def _throttles(reasons: int) -> str | None:
    return ", ".join(words for bit, words in THROTTLES if reasons & bit) or None
