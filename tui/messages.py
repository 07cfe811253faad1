"""Everything that reaches the application from its threads, typed."""

from dataclasses import dataclass

from textual.message import Message

from journal.query.sql import Answer


class Fresh(Message):
    """The journal has moved on: the application's mailbox holds how it stands."""


@dataclass
class Answered(Message):
    """A query came back: its number, its answer or why there is none, and the seconds that it took."""

    number: int
    answer: Answer | None
    error: str
    seconds: float
