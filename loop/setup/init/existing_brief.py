"""An existing brief: which of its keys and texts stay when `init` rewrites its front matter."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loop.brief import yaml_text
from loop.brief.config import BRIEF_KEYS
from loop.errors import BadInput

REWRITTEN = ("goal", "metric", "direction", "train", "scope", "budget", "pattern", "inputs")
OF_METRIC = ("evaluate", "target", "guard", "log")  # make no sense with another metric


@dataclass(frozen=True, kw_only=True)
class ExistingBrief:
    """The text and the keys that stay."""

    text: str
    keys: Mapping[str, object] = field(default_factory=dict)
    dropped: Collection[str] = ()  # keys that are not in the new front matter


def read(path: Path, *, flags: Collection[str], allow_prose: bool, force: bool) -> ExistingBrief | None:
    """What stays of a brief; None if there is none. `flags` are the keys that flags of `init` replace.

    Raises BadInput if the brief exists, unless `force`, or `allow_prose` and the brief has no front matter.
    """
    if not path.exists():
        return None
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from error
    if not force and not (allow_prose and not text.startswith("---")):
        raise BadInput(
            f"{path} exists: edit it, move it away, or replace its front matter and keep its text with --force."
        )
    matter, rest = _split(text)
    old = {key: value for key, value in _keys(matter).items() if key not in {*REWRITTEN, *flags}}
    kept = {key: value for key, value in old.items() if key in BRIEF_KEYS and key not in OF_METRIC}
    return ExistingBrief(text=rest, keys=kept, dropped=[key for key in old if key not in kept])


def _split(text: str) -> tuple[str, str]:
    """The front matter without its fences, and the rest unchanged."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].strip() != "---":
        return "", text
    end = next((number for number, line in enumerate(lines[1:], start=1) if line.strip() == "---"), None)
    return ("", text) if end is None else ("".join(lines[1:end]), "".join(lines[end + 1 :]))


def _keys(matter: str) -> dict[str, object]:
    """The keys of a front matter; none if it cannot be parsed."""
    try:
        keys = yaml_text.value(matter)
    except yaml_text.NotYaml:
        return {}
    return {str(key): value for key, value in keys.items()} if isinstance(keys, dict) else {}
