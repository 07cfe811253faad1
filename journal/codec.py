"""Events to stored bytes and back: JSON, compact, UTF-8, fields in declared order.

JSON has no NaN or infinity and msgspec would write them as null, which reads as "absent": a non-finite number in an event
is refused here, before it can become somebody's metric.
"""

import math

import msgspec

from journal.errors import JournalError, UnknownEvent
from journal.events import CATALOGUE, Event
from journal.upcast import upcast

_encoder = msgspec.json.Encoder(order=None)
_decoders = {name: msgspec.json.Decoder(kind, strict=True) for name, kind in CATALOGUE.items()}


def encode(event: Event) -> bytes:
    """The payload as stored. Raises JournalError for a number that is not finite."""
    _refuse_non_finite(msgspec.to_builtins(event), event.NAME)
    return _encoder.encode(event)


def decode(name: str, schema: int, payload: bytes | str) -> Event:
    """The event. Raises UnknownEvent for a name or schema that this program does not know."""
    decoder = _decoders.get(name)
    if decoder is None:
        raise UnknownEvent(f"{name}@{schema} is no event of this program: upgrade to read this journal.")
    if schema == CATALOGUE[name].SCHEMA:
        return decoder.decode(payload)
    return msgspec.convert(upcast(name, schema, msgspec.json.decode(payload)), CATALOGUE[name])


def _refuse_non_finite(value: object, where: str) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise JournalError(f"{where} holds {value}, which is not a finite number: record a failure instead.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_non_finite(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_non_finite(item, where)
