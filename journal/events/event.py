"""What an event is."""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened. `session` is the tag of the session it belongs to."""

    NAME: ClassVar[str]
    SCHEMA: ClassVar[int] = 1

    session: str
