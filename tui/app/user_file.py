"""A small JSON file of the user: read as an object or as nothing, replaced whole, and never worth an error."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from journal.untrusted import JsonDecoder

_DECODER: JsonDecoder[dict[str, Any]] = JsonDecoder(dict[str, Any])


def read(file: Path) -> dict[str, Any]:
    """The object in the file; empty if the file is missing or holds anything else."""
    try:
        return (
            _DECODER.value(file.read_bytes() if file.is_file() else b"") or {}
        )  # a link is followed: dotfiles are links
    except OSError:
        return {}


def write(file: Path, data: Mapping[str, Any]) -> None:
    """Replace the file. If the disk is full or read-only the data is lost, and the screen goes on."""
    if file.exists() and not file.is_file():
        return  # replacing a device such as /dev/null would replace it for the whole machine
    temporary = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(data, indent=1), encoding="utf-8")
        temporary.replace(file)
    except OSError:
        return
