"""Fewer of many values, where more cannot be seen. Pure."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def thin(values: Sequence[T], *, limit: int) -> Sequence[T]:
    """At most about `limit` of the values, evenly taken, the last one always among them."""
    if len(values) <= limit:
        return values
    return [*values[:: -(-len(values) // limit)], values[-1]]
