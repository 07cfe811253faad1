"""Everything that reaches the application from outside it, typed."""

from dataclasses import dataclass

from textual.message import Message

from tui.snapshot import Snapshot


@dataclass
class Fresh(Message):
    """The journal has moved on: this is how it stands."""

    snapshot: Snapshot


@dataclass
class Answer(Message):
    """A query came back."""

    asked: int  # number of the question
    result: object
    seconds: float
