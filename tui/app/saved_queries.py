"""What outlives the screen: saved queries and the history of queries, one JSON file for the user. Never the journal."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

REMEMBERED = 200  # queries


class SavedQueries(Struct, frozen=True, kw_only=True):
    """Queries as (name, text), and those asked, the latest last."""

    saved: tuple[tuple[str, str], ...] = ()
    history: tuple[str, ...] = ()


def place(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's file: $XDG_STATE_HOME/ar/tui.json."""
    state = environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "ar" / "tui.json"


def read(path: Path) -> SavedQueries:
    """What was kept; nothing where the file is missing or is not ours."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return SavedQueries(
            saved=tuple((str(name), str(text)) for name, text in data["saved"].items()),
            history=tuple(map(str, data["history"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return SavedQueries()


def write(path: Path, settings: SavedQueries) -> None:
    """Keep it; a full or read-only disk costs the memory of queries, never the screen."""
    if path.exists() and not path.is_file():
        return  # a rename over /dev/null would replace it for the whole machine
    data = {"saved": dict(settings.saved), "history": list(settings.history[-REMEMBERED:])}
    beside = path.with_suffix(".part")
    if path.exists() and not path.is_file():
        return  # a device or a folder is not ours to replace
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(data, indent=1), encoding="utf-8")
        beside.replace(path)
    except OSError:
        return
