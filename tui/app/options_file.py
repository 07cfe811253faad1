"""The options that the user chose on the screen and that hold the next time: theme, mouse and bell, in one JSON file."""

from pathlib import Path
from typing import Any

import platformdirs
from msgspec.structs import replace

from tui.app import user_file
from tui.state.ui import DisplayOptions
from tui.terminal.themes import THEMES


def default_file() -> Path:
    """The file in the user's configuration folder."""
    return platformdirs.user_config_path("ar-loop") / "tui.json"


def read(file: Path, display: DisplayOptions) -> DisplayOptions:
    """The options with those of the file; unchanged if the file is missing or in another format."""
    return replace(display, **_known(user_file.read(file)))


def _known(data: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    if data.get("theme") in THEMES:
        known["theme"] = data["theme"]
    for name, field in (("mouse", "has_mouse"), ("bell", "has_bell")):
        if isinstance(data.get(name), bool):
            known[field] = data[name]
    return known


def write(file: Path, display: DisplayOptions) -> None:
    """Save the options."""
    user_file.write(file, {"theme": display.theme, "mouse": display.has_mouse, "bell": display.has_bell})
