"""`program.md`: YAML front matter, a human's text, and one generated block of memory.

Everything outside the block's markers is the human's and is kept byte for byte.
"""

import difflib
import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from loop.config import KEYS, REQUIRED, Config
from loop.errors import BadInput

BEGIN = "<!-- memory:begin -->"
END = "<!-- memory:end -->"
NAMES = ("program.md", "research.md")

_PLAIN = re.compile(r"^(?P<key>[A-Za-z][A-Za-z_]*)\s*:\s*(?P<value>\S.*)$")
_DURATION = re.compile(r"^(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|m|h)$")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LISTS = ("scope", "locked", "inputs")
_DURATIONS = ("budget", "startup")


@dataclass(frozen=True, kw_only=True)
class Brief:
    """A brief as read: `config` for the machine, `human` for the proposer."""

    path: Path
    config: Config
    human: str  # the text without front matter and memory block
    text: str  # the human's whole text: everything but the generated block
    given: frozenset[str]  # the keys that the brief itself sets

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class _Entry:
    value: object
    line: int


def find(root: Path) -> Path:
    """The brief at the root of a repository. Raises BadInput where there is none."""
    for name in NAMES:
        if (root / name).is_file():
            return root / name
    raise BadInput(f"There is no {NAMES[0]} in {root}: write one with `ar-loop init`.")


def read(path: Path, *, defaults: Mapping[str, object] | None = None) -> Brief:
    """Read a brief; `defaults` (from a profile) stand in for keys that it does not set. Raises BadInput."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from error
    return parse(text, path=path, defaults=defaults)


def parse(text: str, *, path: Path, defaults: Mapping[str, object] | None = None) -> Brief:
    """The brief in a text. Raises BadInput with the line at fault."""
    outside = _outside(text, path=path)
    entries, human = _front_matter(outside, path=path)
    for key, entry in entries.items():
        if key not in KEYS:
            raise BadInput(f"{path.name} line {entry.line}: there is no key `{key}`{_meant(key)}")
    for key in REQUIRED:
        if key not in entries:
            raise BadInput(f"{path.name} says no `{key}`: a brief needs the three lines goal, metric and direction.")
    values = {**dict(defaults or {}), **{key: entry.value for key, entry in entries.items()}}
    config = _config(values, entries=entries, path=path)
    return Brief(path=path, config=config, human=human, text=outside, given=frozenset(entries))


def split(text: str) -> tuple[str, str | None, str]:
    """(before, memory, after) of a brief's text; memory is None where there is no block."""
    if BEGIN not in text:
        return text, None, ""
    before, _, rest = text.partition(BEGIN)
    memory, _, after = rest.partition(END)
    return before, memory, after


def remember(path: Path, memory: str) -> None:
    """Rewrite the generated block, atomically; the human's bytes stay as they are."""
    text = path.read_bytes().decode("utf-8")
    before, old, after = split(text)
    if old is None:
        before, after = before + ("" if before.endswith("\n") else "\n") + "\n", "\n"
    new = f"{before}{BEGIN}\n{memory.strip()}\n{END}{after}"
    if new != text:
        _replace(path, new)


def _replace(path: Path, text: str) -> None:
    target = path.resolve()  # a brief may be a symbolic link: write through it, do not replace it
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(target.stat().st_mode & 0o777)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _outside(text: str, *, path: Path) -> str:
    for marker in (BEGIN, END):
        if text.count(marker) > 1:
            raise BadInput(f"{path.name} has more than one `{marker}`: keep one memory block.")
    if (BEGIN in text) != (END in text) or text.find(BEGIN) > text.find(END):
        raise BadInput(f"{path.name}: the memory block is not closed: it goes from `{BEGIN}` to `{END}`.")
    before, _, after = split(text)
    return before + after


def _front_matter(text: str, *, path: Path) -> tuple[dict[str, _Entry], str]:
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].strip() != "---":
        return _plain_lines(text), text
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() == "---":
            matter = "".join(lines[1 : number - 1])
            return _yaml(matter, path=path), "".join(lines[number:]).strip()
    raise BadInput(f"{path.name} line 1: the front matter is not closed: end it with a line `---`.")


def _plain_lines(text: str) -> dict[str, _Entry]:
    """`Goal: …` lines of a brief without front matter; other prose with a colon is no key."""
    entries: dict[str, _Entry] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _PLAIN.match(line.lstrip("-* "))
        if match and (key := match["key"].lower()) in KEYS and key not in entries:
            entries[key] = _Entry(yaml.safe_load(match["value"]) if key in _LISTS else match["value"].strip(), number)
    return entries


def _yaml(matter: str, *, path: Path) -> dict[str, _Entry]:
    try:
        node = yaml.compose(matter, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 2
        raise BadInput(f"{path.name} line {line}: this is not YAML: {error.problem}.") from error
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise BadInput(f"{path.name} line 2: the front matter must be `key: value` lines.")
    loaded = yaml.safe_load(matter)
    entries: dict[str, _Entry] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 2
        if key.value in entries:
            raise BadInput(f"{path.name} line {line}: `{key.value}` is said twice.")
        entries[str(key.value)] = _Entry(loaded.get(key.value), line)
    return entries


def _config(values: dict[str, object], *, entries: dict[str, _Entry], path: Path) -> Config:
    cleaned: dict[str, object] = {}
    for key, value in values.items():
        where = f"{path.name} line {entries[key].line}" if key in entries else "the profile"
        cleaned[key] = _clean(key, value, where=where)
        try:
            msgspec.convert({**_STAND_IN, key: cleaned[key]}, Config, strict=False)
        except msgspec.ValidationError as error:
            raise BadInput(
                f"{where}: `{key}: {value}` cannot be used: {error}.".replace(f" - at `$.{key}`", "")
            ) from error
    config = msgspec.convert(cleaned, Config, strict=False)
    _check(config, entries=entries, path=path)
    return config


_STAND_IN: dict[str, object] = {"goal": "-", "metric": "-", "direction": "minimize"}


def _clean(key: str, value: object, *, where: str) -> object:
    if key in _DURATIONS:
        return _duration(value, where=f"{where}: `{key}`")
    if key in _LISTS:
        return [value] if isinstance(value, str) else value
    if key in ("goal", "metric") and (not isinstance(value, str) or not value.strip()):
        raise BadInput(f"{where}: `{key}` is empty: say it in words.")
    if key == "direction" and isinstance(value, str):
        return {"lower": "minimize", "min": "minimize", "higher": "maximize", "max": "maximize"}.get(
            value.lower(), value.lower()
        )
    return value


def _duration(value: object, *, where: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    match = _DURATION.match(str(value).strip())
    if match is None or float(match["number"]) == 0:
        raise BadInput(f"{where} is `{value}`: write a time such as 20s, 5m or 1h.")
    return float(match["number"]) * _SECONDS[match["unit"]]


def _check(config: Config, *, entries: dict[str, _Entry], path: Path) -> None:
    def at(key: str) -> str:
        return f"{path.name} line {entries[key].line}" if key in entries else path.name

    if not config.scope:
        raise BadInput(f"{at('scope')}: the scope is empty: name at least one file that may be edited.")
    if config.baseline_runs < 1:
        raise BadInput(f"{at('baseline_runs')}: the baseline needs at least one run (three give a σ).")
    if config.experiments is not None and config.experiments < 0:
        raise BadInput(f"{at('experiments')}: the bound is a number of experiments, zero or more.")
    if config.proposer == "command" and not config.command:
        raise BadInput(f"{at('proposer')}: `proposer: command` needs the agent's command line under `command`.")
    if not config.pattern.startswith("json:"):
        _check_pattern(config, where=at("pattern"))


def _check_pattern(config: Config, *, where: str) -> None:
    try:
        groups = re.compile(config.regex()).groups
    except re.error as error:
        raise BadInput(f"{where}: the pattern is no regular expression: {error}.") from error
    if groups != 1:
        raise BadInput(f"{where}: the pattern needs exactly one group, around the number; it has {groups}.")


def _meant(key: str) -> str:
    near = difflib.get_close_matches(key, KEYS, n=1)
    return f"; did you mean `{near[0]}`?" if near else f": the keys are {', '.join(KEYS)}."
