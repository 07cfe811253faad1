"""A machine's profile: defaults of the brief, and constants that the session's first commit writes into the files in scope."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from journal.changes.knob import Knob
from journal.changes.python_knobs import knobs, replace_literal
from loop.brief.config import BRIEF_KEYS
from loop.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Profile:
    """`brief` holds defaults of a brief's keys, `priors` among them; `constants` are literals as source text, by name."""

    name: str = ""
    brief: Mapping[str, object] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> Profile:
    """Read a profile: TOML with `name`, `[brief]`, `[constants]` and `[priors]`. Raises BadInput."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"The profile {path} cannot be read: {error}.") from error
    brief, constants = data.get("brief", {}), data.get("constants", {})
    if not isinstance(brief, dict) or not isinstance(constants, dict):
        raise BadInput(f"The profile {path} cannot be read: `brief` and `constants` must be tables.")
    unknown = [key for key in brief if key not in BRIEF_KEYS]
    if unknown:
        raise BadInput(f"The profile {path} sets `{unknown[0]}`, which is not a key of a brief.")
    return Profile(
        name=str(data.get("name", path.stem)),
        brief={**brief, "priors": data["priors"]} if "priors" in data else brief,
        constants={name: _literal(value) for name, value in constants.items()},
    )


def apply_constants(constants: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str]:
    """The new texts of the files that the constants change. Raises BadInput for a name that no file defines."""
    texts = dict(files)
    for name, literal in constants.items():
        path, knob = next(
            ((path, knob) for path, text in texts.items() if (knob := _knob(path, text, name))), ("", None)
        )
        if knob is None:
            raise BadInput(f"The profile sets {name}, which no file in scope defines as `{name} = literal`.")
        texts[path] = replace_literal(texts[path], knob, literal)
    return {path: text for path, text in texts.items() if text != files[path]}


def _knob(path: str, text: str, name: str) -> Knob | None:
    return next((knob for knob in knobs(path, text) if knob.name == name), None)


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)
