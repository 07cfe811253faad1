"""What a key asks the application to do beyond changing what is shown. Frozen values; only the application acts on them."""

from msgspec import Struct

from tui.state.ui import Confirm


class Quit(Struct, frozen=True):
    """Leave, with an exit code."""

    code: int = 0


class Copy(Struct, frozen=True):
    """Put text on the clipboard."""

    text: str


class Post(Struct, frozen=True):
    """Append the intent that was confirmed."""

    confirmed: Confirm


class Ask(Struct, frozen=True):
    """Put a query to the journal; `number` tells its answer from an earlier one's."""

    query: str
    number: int


class Save(Struct, frozen=True):
    """Keep a query under a name."""

    name: str
    query: str


class Seek(Struct, frozen=True):
    """Go to a time of the night, HH:MM[:SS] in UTC."""

    time: str


Effect = Quit | Copy | Post | Ask | Save | Seek
