"""The base class of all events."""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened in a session; `session` is the session's tag."""

    NAME: ClassVar[str]
    SCHEMA: ClassVar[int] = 1

    session: str
