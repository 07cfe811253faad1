"""Events to stored bytes and back: JSON, compact, UTF-8, fields in declared order.

JSON has no NaN and no infinity, and msgspec would write them as null, which reads back as "absent". So `encode` refuses
an event that holds a non-finite number, before it can become a metric.
"""

import math
from collections.abc import Iterator
from functools import cache

import msgspec
import msgspec.inspect
import msgspec.structs

from journal.errors import JournalError, UnknownEvent
from journal.events import CATALOGUE, Event
from journal.store.upcast import upcast

_WITHOUT_FLOATS = (
    msgspec.inspect.StrType,
    msgspec.inspect.IntType,
    msgspec.inspect.BoolType,
    msgspec.inspect.NoneType,
    msgspec.inspect.LiteralType,
)
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
    if b"null" in payload:  # msgspec writes a non-finite number as null
        for field in _float_fields(type(event)):
            _refuse_non_finite(getattr(event, field), f"{event.NAME}.{field}")
    return payload


def decode(name: str, schema: int, payload: bytes | str) -> Event:
    """The event of a payload. Raises UnknownEvent for a name, schema or shape that this program does not know."""
    try:
        decoder = _decoders.get((name, schema))
        if decoder is not None:
            return decoder(payload)
        if name not in CATALOGUE:
            raise UnknownEvent(f"{name}@{schema} is no event of this program: upgrade to read this journal.")
        return msgspec.convert(upcast(name, schema, msgspec.json.decode(payload, type=dict)), CATALOGUE[name])
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise UnknownEvent(f"A stored {name}@{schema} cannot be read ({error}): run `ar-journal verify`.") from error


@cache
def _float_fields(kind: type) -> tuple[str, ...]:
    """The fields whose values can hold a float, directly or nested."""
    return tuple(
        field.name
        for field in msgspec.structs.fields(kind)
        if not _has_no_floats(msgspec.inspect.type_info(field.type))
    )


def _has_no_floats(info: msgspec.inspect.Type) -> bool:
    parts = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    return all(isinstance(part, _WITHOUT_FLOATS) for part in parts)


def _refuse_non_finite(value: object, path: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise JournalError(f"{path} holds {value}, which is not a finite number: record a failure instead.")
    for key, item in _items(value):
        _refuse_non_finite(item, f"{path}{key}")


def _items(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((f".{key}", item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        yield from (("", item) for item in value)
    elif isinstance(value, msgspec.Struct):
        yield from ((f".{field}", getattr(value, field)) for field in _float_fields(type(value)))
