"""What a training reports of itself, as JSON lines on a descriptor of its own. Pure.

The messages are claims, not evidence: the loop has its own clock and takes no metric from here. A line that is too long or
not JSON is dropped; a training may report nothing.
"""

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from journal.untrusted import JsonDecoder

LINE_LIMIT = 4_096  # bytes; longer lines are dropped
MAX_COUNT = 2**53  # what a float and SQLite hold exactly


class TrainingStarted(msgspec.Struct, frozen=True, tag="started", tag_field="event"):
    """The training's own clock starts."""

    startup_seconds: float | None = None
    budget: float | None = None
    parameters: int | None = None
    device: str | None = None


class TrainingStep(msgspec.Struct, frozen=True, tag="step", tag_field="event"):
    """One point of the curve. Seconds of training so far; bytes of memory."""

    step: int
    seconds: float
    progress: float | None = None
    loss: float | None = None
    tokens: int | None = None
    tokens_per_second: float | None = None
    mfu: float | None = None
    memory: int | None = None


class TrainingFinished(msgspec.Struct, frozen=True, tag="finished", tag_field="event"):
    """The training is over, and its checkpoint is written."""

    train_seconds: float | None = None
    tokens: int | None = None
    steps: int | None = None
    peak_memory: int | None = None


TelemetryMessage = TrainingStarted | TrainingStep | TrainingFinished
_decoder: JsonDecoder[TelemetryMessage] = JsonDecoder(TelemetryMessage, max_bytes=LINE_LIMIT)


class TelemetryReader:
    """Bytes in, messages out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[TelemetryMessage]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[: LINE_LIMIT + 1]  # still too long when its end comes, so the whole line is dropped
        for line in lines:
            message = parse_message(line)
            if message is not None:
                yield message


def parse_message(line: bytes) -> TelemetryMessage | None:
    """The message in a line, or None; None also if a number is not finite or not plausible."""
    message = _decoder.value(line)
    if message is None:
        return None
    fields = msgspec.structs.asdict(message)
    return message if all(_is_plausible(name, value) for name, value in fields.items()) else None


def _is_plausible(name: str, value: Any) -> bool:
    if isinstance(value, int):
        return 0 <= value < MAX_COUNT  # before any float: a longer number is no float
    return not isinstance(value, float) or (math.isfinite(value) and (name == "loss" or 0 <= value < MAX_COUNT))
