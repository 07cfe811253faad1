"""Old shapes of stored events climb to the present one, a single step at a time. Pure.

A step is a function from a payload of schema n to one of schema n + 1. Payloads are never rewritten in the journal.
"""

from collections.abc import Callable, Mapping

from journal.errors import UnknownEvent
from journal.events import CATALOGUE, Event

Payload = dict[str, object]
Upcast = Callable[[Payload], Payload]

STEPS: dict[tuple[str, int], Upcast] = {}  # (stored name, schema it starts from) -> step


def upcast(
    name: str,
    schema: int,
    payload: Payload,
    *,
    steps: Mapping[tuple[str, int], Upcast] = STEPS,
    catalogue: Mapping[str, type[Event]] = CATALOGUE,
) -> Payload:
    """The payload in the shape this program knows. Raises UnknownEvent where no road leads there."""
    known = catalogue[name].SCHEMA
    if schema > known:
        raise UnknownEvent(
            f"{name}@{schema} was written by a newer program (this one knows {name}@{known}): upgrade to read this journal."
        )
    for at in range(schema, known):
        step = steps.get((name, at))
        if step is None:
            raise UnknownEvent(
                f"No step leads from {name}@{at} to {name}@{at + 1}: this program is older or newer than the journal."
            )
        payload = step(payload)
    return payload
