"""Effects of a key beyond a change of the screen. Frozen values, which only the application carries out."""

from msgspec import Struct

from tui.state.ui import Confirmation, Ui


class Quit(Struct, frozen=True):
    """End the program with an exit code."""

    code: int = 0


class CopyText(Struct, frozen=True):
    """Put text on the clipboard."""

    text: str


class PostIntent(Struct, frozen=True):
    """Append the confirmed intent to the journal."""

    confirmation: Confirmation


class RunQuery(Struct, frozen=True):
    """Run a query on the journal; `number` identifies its result."""

    query: str
    number: int


class SaveQueries(Struct, frozen=True):
    """Write the saved queries to the user's file."""


class SaveOptions(Struct, frozen=True):
    """Write the display options to the user's file."""


class SeekTime(Struct, frozen=True):
    """Replay the position at a time of day, HH:MM[:SS] in the zone of the screen."""

    time: str


Effect = Quit | CopyText | PostIntent | RunQuery | SaveQueries | SaveOptions | SeekTime
Outcome = tuple[Ui, tuple[Effect, ...]]
