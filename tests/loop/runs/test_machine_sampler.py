"""The machine is sampled once a second; a device that does not answer costs no run."""

from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from toys import TRAIN, Project

from journal.store import Reader
from loop.runs.machine import MachineSampler, nvidia_fields, processor_fields

NOW = datetime(2026, 11, 20, 21, 14, 3, tzinfo=UTC)
POWER_LIMIT, IDLE = 0x04, 0x01


class NvmlError(Exception):
    pass


def lost():
    raise NvmlError


class Nvml:
    """A driver with two GPUs; the second is lost, and the first reports no power."""

    NVMLError = NvmlError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, reasons=IDLE):
        self.reasons = reasons

    def nvmlDeviceGetCount(self):  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return index if index == 0 else lost()

    def nvmlDeviceGetMemoryInfo(self, _handle):  # noqa: N802
        return SimpleNamespace(used=30, total=80)

    def nvmlDeviceGetUtilizationRates(self, _handle):  # noqa: N802
        return SimpleNamespace(gpu=97)

    def nvmlDeviceGetTemperature(self, _handle, _sensor):  # noqa: N802
        return 71

    def nvmlDeviceGetPowerUsage(self, _handle):  # noqa: N802
        lost()

    def nvmlDeviceGetCurrentClocksEventReasons(self, _handle):  # noqa: N802
        return self.reasons


def test_a_gpu_that_answers_is_sampled_with_what_its_driver_reports():
    samples = list(nvidia_fields(Nvml()))

    assert samples == [
        {
            "device": "gpu:0",
            "utilization": 0.97,
            "memory": 30,
            "memory_total": 80,
            "temperature": 71.0,
            "power": None,
            "throttled": None,
        }
    ]


def test_a_gpu_that_lowers_its_clock_says_why():
    (sample,) = nvidia_fields(Nvml(POWER_LIMIT | 0x20))

    assert sample["throttled"] == "power limit, temperature"


def test_the_processor_of_this_machine_is_sampled():
    psutil = pytest.importorskip("psutil")

    (sample,) = processor_fields(psutil)

    assert 0 <= sample["utilization"] <= 1
    assert 0 < sample["memory"] < sample["memory_total"]


def test_a_second_passes_between_two_samples():
    seconds = iter((0.0, 0.0, 0.9, 1.1, 1.1))
    sampler = MachineSampler(
        (lambda: iter([{"device": "cpu", "utilization": 0.5}]),), monotonic=lambda: next(seconds), now=lambda: NOW
    )

    counts = [len(sampler.due_samples()) for _ in range(3)]

    assert counts == [1, 0, 1]


def test_the_time_of_a_sample_is_utc_to_the_millisecond():
    sampler = MachineSampler((lambda: iter([{"device": "cpu"}]),), now=lambda: NOW)

    (sample,) = sampler.due_samples()

    assert sample.sampled_at == "2026-11-20T21:14:03.000+00:00"


def test_a_run_in_flight_has_samples_of_its_machine(tmp_path):
    pytest.importorskip("psutil")
    slow = "import time\n" + TRAIN.replace("print(", "time.sleep(0.5)\nprint(")
    project = Project(tmp_path / "toy", train=slow)

    project.loop("run", "--experiments", "1")

    with closing(Reader(project.journal)) as reader:
        samples = reader.machine_samples(after="")
    assert {sample.device for sample in samples} >= {"cpu"}
    assert all(0 <= sample.utilization <= 1 for sample in samples if sample.device == "cpu")
