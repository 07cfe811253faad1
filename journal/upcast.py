"""Old shapes of stored events climb to the present one, a single step at a time. Pure.

A step is a function from a payload of schema n to one of schema n + 1. Payloads are never rewritten in the journal.
"""

from collections.abc import Callable, Mapping

from journal.errors import UnknownEvent
from journal.events import CATALOGUE

Payload = dict[str, object]
Step = Callable[[Payload], Payload]

STEPS: dict[tuple[str, int], Step] = {}  # (stored name, schema it starts from) -> step


def upcast(name: str, schema: int, payload: Payload, *, steps: Mapping[tuple[str, int], Step] = STEPS) -> Payload:
    """The payload in the shape this program knows. Raises UnknownEvent where no road leads there."""
    known = CATALOGUE[name].SCHEMA
    if schema > known:
        raise UnknownEvent(
            f"{name}@{schema} was written by a newer program (this one knows {name}@{known}): upgrade to read this journal."
        )
    for step in range(schema, known):
        payload = steps[name, step](payload)
    return payload
