"""A brief that is there already: what of it stays when `init` writes its front matter anew."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from loop.brief.config import BRIEF_KEYS
from loop.errors import BadInput

MADE = ("goal", "metric", "direction", "train", "scope", "budget", "pattern", "inputs")  # found, asked or tried anew
OF_METRIC = ("evaluate", "target", "guard", "log")  # flags that mean little without the metric of before


@dataclass(frozen=True, kw_only=True)
class Existing:
    """The text that stays below the front matter, and the keys of before that `init` does not make."""

    text: str
    keys: Mapping[str, object] = field(default_factory=dict)
    left_out: Collection[str] = ()  # keys of before that are not in the new front matter


def read(path: Path, *, given: Collection[str], bare: bool, force: bool) -> Existing | None:
    """What stays of a brief; None where there is none. `given` are the keys that flags say anew.

    With `bare` a text without front matter may be completed, with `force` any. Raises BadInput where it must not.
    """
    if not path.exists():
        return None
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from error
    if not force and not (bare and not text.startswith("---")):
        raise BadInput(
            f"{path} exists: edit it, or move it away first. With --force its front matter is written anew, and your text "
            "stays."
        )
    matter, rest = _halves(text)
    old = {key: value for key, value in _keys(matter).items() if key not in {*MADE, *given}}
    kept = {key: value for key, value in old.items() if key in BRIEF_KEYS and key not in OF_METRIC}
    return Existing(text=rest, keys=kept, left_out=[key for key in old if key not in kept])


def _halves(text: str) -> tuple[str, str]:
    """The front matter, and the rest byte for byte."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].strip() != "---":
        return "", text
    end = next((number for number, line in enumerate(lines[1:], start=1) if line.strip() == "---"), None)
    return ("", text) if end is None else ("".join(lines[1:end]), "".join(lines[end + 1 :]))


def _keys(matter: str) -> dict[str, object]:
    """What a front matter says; nothing where it says nothing that can be read."""
    try:
        found = yaml.safe_load(matter)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}
