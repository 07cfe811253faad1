"""What differs by machine: a profile's constants, written into the file in scope as the session's first commit."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from journal.changes.python_knobs import knobs, replace
from loop.brief.config import BRIEF_KEYS
from loop.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Profile:
    """`brief` stands in for keys that the brief does not set; `constants` are literals as source text, by name."""

    name: str = ""
    brief: Mapping[str, object] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> Profile:
    """Read a profile: TOML with `name`, `[brief]` and `[constants]`. Raises BadInput."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"The profile {path} cannot be read: {error}.") from error
    brief, constants = data.get("brief", {}), data.get("constants", {})
    if not isinstance(brief, dict) or not isinstance(constants, dict):
        raise BadInput(f"The profile {path} cannot be read: `brief` and `constants` are tables.")
    unknown = [key for key in brief if key not in BRIEF_KEYS]
    if unknown:
        raise BadInput(f"The profile {path} sets `{unknown[0]}`, which is no key of a brief.")
    return Profile(
        name=str(data.get("name", path.stem)),
        brief=brief,
        constants={name: _literal(value) for name, value in constants.items()},
    )


def write(constants: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str]:
    """The files that change when the constants are written into them. Raises BadInput for a name that none defines."""
    texts = dict(files)
    for name, literal in constants.items():
        path = next((path for path, text in texts.items() if _knob(path, text, name)), None)
        if path is None:
            raise BadInput(f"The profile sets {name}, which no file in scope defines as `{name} = literal`.")
        knob = _knob(path, texts[path], name)
        texts[path] = replace(texts[path], knob, literal)
    return {path: text for path, text in texts.items() if text != files[path]}


def _knob(path: str, text: str, name: str) -> Any:
    return next((knob for knob in knobs(path, text) if knob.name == name), None)


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)
