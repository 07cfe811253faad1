"""The journal as JSON Lines: every event with its hash, then every sample; what an import reads back. Pure, but for reading."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from journal.errors import JournalError
from journal.events.recorded import Sample
from journal.store import Reader, Row


class Line(msgspec.Struct, kw_only=True):
    """An event as a line of JSON; `payload` keeps its stored bytes, on which the hash depends."""

    position: int
    recorded_at: str
    stream: str
    version: int
    type: str
    schema: int
    idempotency: str | None
    payload: msgspec.Raw
    hash: str


class Point(Sample, frozen=True, array_like=True):
    """A point of telemetry as an array, in the order of the table's columns."""


class SampleLine(msgspec.Struct, kw_only=True):
    """A point of telemetry as a line of JSON."""

    sample: Point


_encoder = msgspec.json.Encoder()
_line = msgspec.json.Decoder(Line)
_sample = msgspec.json.Decoder(SampleLine)


def lines(reader: Reader) -> Iterator[bytes]:
    """Every event, then every sample, one JSON object a line."""
    for row in reader.rows():
        position, at, stream, version, name, schema, key, payload, digest = row
        line = Line(
            position=position, recorded_at=at, stream=stream, version=version, type=name, schema=schema,
            idempotency=key, payload=msgspec.Raw(payload.encode()), hash=digest,
        )  # fmt: skip
        yield _encoder.encode(line)
    for sample in reader.all_samples():
        yield _encoder.encode({"sample": sample})


def rows(text: Iterable[bytes]) -> Iterator[Row]:
    """The stored rows of exported lines. Raises JournalError for a line that is none; telemetry passes by."""
    for number, line in enumerate(text, start=1):
        if line.strip() and not line.startswith(b'{"sample"'):
            found = _decode(_line, line, number)
            payload = bytes(found.payload).decode()
            yield (
                found.position, found.recorded_at, found.stream, found.version, found.type,
                found.schema, found.idempotency, payload, found.hash,
            )  # fmt: skip


def samples(text: Iterable[bytes]) -> Iterator[Sample]:
    """The telemetry of exported lines. Raises JournalError for a line that is none."""
    for number, line in enumerate(text, start=1):
        if line.startswith(b'{"sample"'):
            yield _decode(_sample, line, number).sample


def _decode(decoder: Any, line: bytes, number: int) -> Any:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise JournalError(f"Line {number} is no exported event: {error}.") from error
