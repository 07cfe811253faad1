"""`program.md`: YAML front matter, a person's text, and one generated block of memory."""

import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from loop.brief import yaml_text
from loop.brief.config import BRIEF_KEYS, REQUIRED, Config
from loop.brief.memory_block import without_block
from loop.brief.validation import LISTS, build_config
from loop.errors import BadInput

FILE_NAMES = ("program.md", "research.md")

_KEY_LINE = re.compile(r"^(?P<key>[A-Za-z][A-Za-z_]*)\s*:\s*(?P<value>\S.*)$")


@dataclass(frozen=True)
class BriefEntry:
    """The value of a key, and its line."""

    value: object
    line: int


@dataclass(frozen=True, kw_only=True)
class Brief:
    """A brief: `config` for the loop, `prose` for the proposer."""

    path: Path
    config: Config
    prose: str  # the text without front matter and memory block
    text: str  # the person's whole text: all but the memory block
    explicit_keys: frozenset[str]  # the keys that the brief itself sets

    @property
    def hash(self) -> str:
        """Of the person's text, without the blank lines that come with the first memory block."""
        return hashlib.sha256(self.text.strip().encode()).hexdigest()


def find(root: Path) -> Path:
    """The brief at the root of a repository. Raises BadInput if there is none."""
    for name in FILE_NAMES:
        if (root / name).is_file():
            return root / name
    raise BadInput(f"There is no {FILE_NAMES[0]} in {root}: write one with `ar-loop init`.")


def read(path: Path, *, defaults: Mapping[str, object] | None = None) -> Brief:
    """Read a brief; `defaults` are for the keys that it does not set. Raises BadInput."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from error
    return parse(text, path=path, defaults=defaults)


def parse(
    text: str, *, path: Path, defaults: Mapping[str, object] | None = None, places: Mapping[str, str] | None = None
) -> Brief:
    """The brief in a text; `places` names the origin of some keys, such as a flag. Raises BadInput with the place at fault."""
    human_text = without_block(text, path=path)
    entries, prose = _front_matter(human_text, path=path)
    for key, entry in entries.items():
        if key not in BRIEF_KEYS:
            raise BadInput(f"{path.name} line {entry.line}: there is no key `{key}`{_suggestion(key)}")
    for key in REQUIRED:
        if key not in entries:
            raise BadInput(f"{path.name} has no `{key}`: a brief needs the keys goal, metric and direction.")
    values = {**dict(defaults or {}), **{key: entry.value for key, entry in entries.items()}}

    def place(key: str) -> str:
        line = f"{path.name} line {entries[key].line}" if key in entries else None
        return (places or {}).get(key) or line or ("the profile" if key in values else path.name)

    config = build_config(values, place=place)
    return Brief(path=path, config=config, prose=prose, text=human_text, explicit_keys=frozenset(entries))


def _front_matter(text: str, *, path: Path) -> tuple[dict[str, BriefEntry], str]:
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].strip() != "---":
        return _key_lines(text, path=path), text
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() == "---":
            matter = "".join(lines[1 : number - 1])
            return _yaml_entries(matter, path=path), "".join(lines[number:]).strip()
    raise BadInput(f"{path.name} line 1: the front matter is not closed: end it with a line `---`.")


def _key_lines(text: str, *, path: Path) -> dict[str, BriefEntry]:
    """`Goal: …` lines of a brief without front matter; other prose with a colon is no key."""
    entries: dict[str, BriefEntry] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _KEY_LINE.match(line.lstrip("-* "))
        if match and (key := match["key"].lower()) in BRIEF_KEYS and key not in entries:
            value = _line_value(key, match["value"].strip(), where=f"{path.name} line {number}")
            entries[key] = BriefEntry(value, number)
    return entries


def _line_value(key: str, value: str, *, where: str) -> object:
    try:
        return yaml_text.value(value) if key in LISTS else value
    except yaml_text.NotYaml as error:
        raise BadInput(f"{where}: `{key}` is not a list: write {key}: [a.py, b.py].") from error


def _yaml_entries(matter: str, *, path: Path) -> dict[str, BriefEntry]:
    try:
        values = yaml_text.value(matter)
    except yaml_text.NotYaml as error:
        if error.line is None:
            raise BadInput(f"{path.name}: the front matter is not YAML: {error}.") from error
        hint = "; put a value with `: ` or ` #` in quotes" if "mapping values" in str(error) else ""
        raise BadInput(f"{path.name} line {error.line + 2}: this is not YAML: {error}{hint}.") from error
    node = yaml.compose(matter, Loader=yaml.SafeLoader)
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise BadInput(f"{path.name} line 2: the front matter must be `key: value` lines.")
    entries: dict[str, BriefEntry] = {}
    for key, _ in node.value:
        line, name = key.start_mark.line + 2, str(key.value)
        if name in entries:
            raise BadInput(f"{path.name} line {line}: `{name}` occurs twice.")
        entries[name] = BriefEntry(values.get(name), line)
    return entries


def _suggestion(key: str) -> str:
    close = difflib.get_close_matches(key, BRIEF_KEYS, n=1)
    return f"; did you mean `{close[0]}`?" if close else f": the keys are {', '.join(BRIEF_KEYS)}."
