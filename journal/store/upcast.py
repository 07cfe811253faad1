"""Old shapes of stored events become the present shape, one schema at a time. Pure.

A step turns a payload of schema n into one of schema n + 1. Payloads are never rewritten in the journal.
"""

from collections.abc import Callable, Mapping

from journal.errors import UnknownEvent
from journal.events import CATALOGUE, Event

Payload = dict[str, object]
Upcast = Callable[[Payload], Payload]


def _paused_without_until(payload: Payload) -> Payload:
    """Schema 2 of SessionPaused has no `until`, which no loop has ever set."""
    return {key: value for key, value in payload.items() if key != "until"}


# (stored name, schema that the step starts from) -> step
STEPS: dict[tuple[str, int], Upcast] = {("SessionPaused", 1): _paused_without_until}


def upcast(
    name: str,
    schema: int,
    payload: Payload,
    *,
    steps: Mapping[tuple[str, int], Upcast] = STEPS,
    catalogue: Mapping[str, type[Event]] = CATALOGUE,
) -> Payload:
    """The payload in the shape that this program knows. Raises UnknownEvent if no steps lead to it."""
    latest = catalogue[name].SCHEMA
    if schema > latest:
        raise UnknownEvent(
            f"{name}@{schema} was written by a newer program (this one knows {name}@{latest}): upgrade to read this journal."
        )
    for start in range(schema, latest):
        step = steps.get((name, start))
        if step is None:
            raise UnknownEvent(
                f"No step leads from {name}@{start} to {name}@{start + 1}: this program is older or newer than the journal."
            )
        payload = step(payload)
    return payload
