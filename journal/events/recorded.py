"""What the journal hands out: an event with its place, and a point of telemetry. Pure values."""

import msgspec

from journal.events import Event


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event with its place in the journal."""

    position: int
    recorded_at: str  # ISO 8601, UTC
    stream: str
    version: int
    event: Event
    hash: str


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a run's telemetry. Seconds of training, bytes of memory; None where the trainer said nothing."""

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
