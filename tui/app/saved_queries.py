"""The user's saved queries and query history, in one JSON file. The journal does not hold them."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from tui.app import user_file

MAX_HISTORY = 200  # queries


class SavedQueries(Struct, frozen=True, kw_only=True):
    """Saved queries as (name, SQL), and the history, the latest last."""

    saved: tuple[tuple[str, str], ...] = ()
    history: tuple[str, ...] = ()


def default_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's file: $XDG_STATE_HOME/ar/tui.json."""
    state = environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "ar" / "tui.json"


def read(file: Path) -> SavedQueries:
    """The saved queries; empty if the file is missing or in another format."""
    try:
        data = user_file.read(file)
        return SavedQueries(
            saved=tuple((str(name), str(text)) for name, text in data["saved"].items()),
            history=tuple(map(str, data["history"])),
        )
    except (KeyError, TypeError, AttributeError):
        return SavedQueries()


def write(file: Path, queries: SavedQueries) -> None:
    """Save the queries."""
    user_file.write(file, {"saved": dict(queries.saved), "history": list(queries.history[-MAX_HISTORY:])})
