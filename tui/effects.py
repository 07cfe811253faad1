"""What a key asks the application to do beyond changing what is shown. Frozen values; only the application acts on them."""

from dataclasses import dataclass

from tui.ui import Confirm


@dataclass(frozen=True, slots=True)
class Quit:
    """Leave, with an exit code."""

    code: int = 0


@dataclass(frozen=True, slots=True)
class Copy:
    """Put text on the clipboard."""

    text: str


@dataclass(frozen=True, slots=True)
class Post:
    """Append the intent that was confirmed."""

    confirmed: Confirm


@dataclass(frozen=True, slots=True)
class Ask:
    """Put a query to the journal; `number` tells its answer from an earlier one's."""

    query: str
    number: int


@dataclass(frozen=True, slots=True)
class Save:
    """Keep a query under a name."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Seek:
    """Go to a time of the night, HH:MM[:SS] in UTC."""

    time: str


Effect = Quit | Copy | Post | Ask | Save | Seek
