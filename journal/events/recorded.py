"""What a reader of the journal gets: recorded events and points of telemetry. Pure values."""

import msgspec

from journal.events import Event


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event with its position in the journal."""

    position: int
    recorded_at: str  # ISO 8601, UTC
    stream: str
    version: int
    event: Event
    hash: str


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a run's telemetry: seconds of training, bytes of memory; None for what the trainer did not report."""

    session: str
    experiment: int
    run: int
    step: int
    seconds: float
    progress: float | None = None
    loss: float | None = None
    tokens: int | None = None
    tokens_per_second: float | None = None
    mfu: float | None = None
    memory: int | None = None


class MachineSample(msgspec.Struct, frozen=True, kw_only=True):
    """How busy a device of a machine is; None for what it does not report.

    `device` is cpu for all cores together, else a GPU by the number that the driver gives it, such as gpu:0.
    """

    sampled_at: str  # ISO 8601, UTC, to the millisecond
    host: str
    device: str
    utilization: float | None = None  # 0 to 1
    memory: int | None = None  # bytes in use
    memory_total: int | None = None
    temperature: float | None = None  # °C
    power: float | None = None  # watts
    throttled: str | None = None  # why the device lowers its clock; None if it does not
