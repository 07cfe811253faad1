"""The options that the user chose on the screen and that hold the next time: theme, mouse and bell, in one JSON file."""

import json
from pathlib import Path
from typing import Any

import platformdirs
from msgspec.structs import replace

from tui.state.ui import DisplayOptions
from tui.terminal.themes import THEMES


def default_file() -> Path:
    """The file in the user's configuration folder."""
    return platformdirs.user_config_path("ar-loop") / "tui.json"


def read(file: Path, display: DisplayOptions) -> DisplayOptions:
    """The options with those of the file; unchanged if the file is missing or in another format."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return display
    return replace(display, **_known(data)) if isinstance(data, dict) else display


def _known(data: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    if data.get("theme") in THEMES:
        known["theme"] = data["theme"]
    for name, field in (("mouse", "has_mouse"), ("bell", "has_bell")):
        if isinstance(data.get(name), bool):
            known[field] = data[name]
    return known


def write(file: Path, display: DisplayOptions) -> None:
    """Save the options. If the disk is full or read-only they are lost, and the screen goes on."""
    if file.exists() and not file.is_file():
        return  # replacing a device such as /dev/null would replace it for the whole machine
    data = {"theme": display.theme, "mouse": display.has_mouse, "bell": display.has_bell}
    temporary = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(data, indent=1), encoding="utf-8")
        temporary.replace(file)
    except OSError:
        return
