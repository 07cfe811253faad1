"""Export and import as JSON Lines: every event with its hash, then every sample. Pure, except that it reads the journal."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from journal import untrusted
from journal.console.local_time import recorded_time
from journal.errors import JournalError
from journal.events import control_stream, experiment_stream, session_stream
from journal.events.names import check_tag
from journal.events.recorded import Sample
from journal.store import Reader, Row
from journal.store.codec import decode
from journal.untrusted import JsonDecoder, UntrustedInput


class EventLine(msgspec.Struct):
    """A stored row as a line of JSON; `payload` keeps its stored bytes, which the hash covers."""

    position: int
    recorded_at: str
    stream: str
    version: int
    type: str
    schema: int
    idempotency: str | None
    payload: msgspec.Raw
    hash: str


class SampleArray(Sample, frozen=True, array_like=True):
    """A point of telemetry as an array, in the order of the table's columns."""


class SampleLine(msgspec.Struct, kw_only=True):
    """A point of telemetry as a line of JSON."""

    sample: SampleArray


_encoder = msgspec.json.Encoder()
_event_decoder: JsonDecoder[EventLine] = JsonDecoder(EventLine)
_sample_decoder: JsonDecoder[SampleLine] = JsonDecoder(SampleLine)


def export_lines(reader: Reader) -> Iterator[bytes]:
    """Every event, then every sample, one JSON object per line."""
    for row in reader.rows():
        yield _encoder.encode(EventLine(*row[:7], msgspec.Raw(row[7].encode()), row[8]))
    for sample in reader.all_samples():
        yield _encoder.encode({"sample": sample})


def read_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of an export. Raises JournalError for a line without an end."""
    try:
        yield from untrusted.lines(file)
    except UntrustedInput as error:
        raise JournalError(f"The file is no export: {error}.") from error


def event_rows(lines: Iterable[bytes]) -> Iterator[Row]:
    """The stored rows of the events in exported lines. Raises JournalError for a line that is not one."""
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith(b'{"sample"'):
            event = _decode(_event_decoder, line, number)
            yield (*msgspec.structs.astuple(event)[:7], _text(event.payload, number), event.hash)


def checked(rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows. Raises JournalError for an event without a time, or whose session is no tag or not its stream's."""
    for row in rows:
        recorded_time(row[1])
        event = decode(row[4], row[5], row[7])
        check_tag(event.session)
        if not _is_of_session(row[2], event.session):
            raise JournalError(
                f"The event at position {row[0]} is in the stream {row[2]!r:.80}, which is not of its session."
            )
        yield row


def samples(lines: Iterable[bytes]) -> Iterator[Sample]:
    """The telemetry in exported lines. Raises JournalError for a line that cannot be read."""
    for number, line in enumerate(lines, start=1):
        if line.startswith(b'{"sample"'):
            yield _decode(_sample_decoder, line, number).sample


def _is_of_session(stream: str, session: str) -> bool:
    """Whether a stream is of this session; an experiment's stream may hold an event about another experiment."""
    prefix = experiment_stream(session, 0).removesuffix("0")
    return stream in {session_stream(session), control_stream(session)} or stream.startswith(prefix)


def _text(payload: msgspec.Raw, number: int) -> str:
    try:
        return untrusted.text(bytes(payload))
    except UntrustedInput as error:
        raise JournalError(f"Line {number} is no exported event: {error}.") from error


def _decode(decoder: JsonDecoder[Any], line: bytes, number: int) -> Any:
    try:
        return decoder.decode(line)
    except UntrustedInput as error:
        raise JournalError(f"Line {number} is no exported event: {error}.") from error
