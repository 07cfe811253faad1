"""Events to stored bytes and back: JSON, compact, UTF-8, fields in declared order.

JSON has no NaN or infinity and msgspec would write them as null, which reads as "absent": a non-finite number in an event
is refused here, before it can become somebody's metric.
"""

import math
from collections.abc import Iterator

import msgspec

from journal.errors import JournalError, UnknownEvent
from journal.events import CATALOGUE, Event
from journal.upcast import upcast

_encode = msgspec.json.Encoder(order=None).encode
_decoders = {(name, kind.SCHEMA): msgspec.json.Decoder(kind, strict=True).decode for name, kind in CATALOGUE.items()}


def encode(event: Event) -> bytes:
    """The payload as stored. Raises JournalError for a number that is not finite, or text that is not Unicode."""
    try:
        payload = _encode(event)
    except UnicodeEncodeError as error:
        raise JournalError(
            f"{event.NAME} holds text that is not Unicode ({error.reason}): decode it with errors='replace'."
        ) from error
    if b"null" in payload:  # the only thing that a non-finite number can have become
        for where, value in _numbers(msgspec.to_builtins(event), event.NAME):
            if not math.isfinite(value):
                raise JournalError(f"{where} holds {value}, which is not a finite number: record a failure instead.")
    return payload


def decode(name: str, schema: int, payload: bytes | str) -> Event:
    """The event. Raises UnknownEvent for a name, schema or shape that this program does not know."""
    try:
        decoder = _decoders.get((name, schema))
        if decoder is not None:
            return decoder(payload)
        if name not in CATALOGUE:
            raise UnknownEvent(f"{name}@{schema} is no event of this program: upgrade to read this journal.")
        return msgspec.convert(upcast(name, schema, msgspec.json.decode(payload)), CATALOGUE[name])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UnknownEvent(f"A stored {name}@{schema} cannot be read ({error}): run `ar-journal verify`.") from error


def _numbers(value: object, where: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield where, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item, where)
