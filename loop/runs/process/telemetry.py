"""What a training says of itself, as JSON lines on a descriptor of its own. Pure.

The words are claims, not evidence: the loop keeps its own clock and takes no metric from here. A line that is too long or
no JSON is dropped; a training that says nothing is still a training.
"""

import math
from collections.abc import Iterator
from typing import Any

import msgspec

LINE_LIMIT = 4_096  # bytes; longer lines are dropped
LARGEST = 2**53  # of any count: what a float and SQLite hold exactly


class Started(msgspec.Struct, frozen=True, tag="started", tag_field="event"):
    """The training clock starts."""

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


class Finished(msgspec.Struct, frozen=True, tag="finished", tag_field="event"):
    """The training is over, and wrote its checkpoint."""

    train_seconds: float | None = None
    tokens: int | None = None
    steps: int | None = None
    peak_memory: int | None = None


Word = Started | TrainingStep | Finished
_decoder: msgspec.json.Decoder[Word] = msgspec.json.Decoder(Word)


class Lines:
    """Bytes in, words out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Word]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[: LINE_LIMIT + 1]  # still too long when its end comes, so it is dropped whole
        for line in lines:
            word = understand(line)
            if word is not None:
                yield word


def understand(line: bytes) -> Word | None:
    """The word in a line, or None. Numbers that are not finite or not sensible are no word."""
    if not line.strip() or len(line) > LINE_LIMIT:
        return None
    try:
        word = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return word if all(_sensible(name, value) for name, value in msgspec.structs.asdict(word).items()) else None


def _sensible(name: str, value: Any) -> bool:
    if not isinstance(value, int | float):
        return True
    return math.isfinite(value) and (name == "loss" or 0 <= value < LARGEST)
