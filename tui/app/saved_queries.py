"""The user's saved queries and query history, in one JSON file. The journal does not hold them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

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
        data = json.loads(file.read_text(encoding="utf-8"))
        return SavedQueries(
            saved=tuple((str(name), str(text)) for name, text in data["saved"].items()),
            history=tuple(map(str, data["history"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return SavedQueries()


def write(file: Path, queries: SavedQueries) -> None:
    """Save the queries. If the disk is full or read-only they are lost, and the screen goes on."""
    if file.exists() and not file.is_file():
        return  # replacing a device such as /dev/null would replace it for the whole machine
    data = {"saved": dict(queries.saved), "history": list(queries.history[-MAX_HISTORY:])}
    temporary = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(data, indent=1), encoding="utf-8")
        temporary.replace(file)
    except OSError:
        return
