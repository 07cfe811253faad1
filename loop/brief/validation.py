"""The values of a brief's keys: converted, checked, and refused in a sentence that names the place at fault. Pure."""

import math
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping

import msgspec
import regex

from loop.brief import guards
from loop.brief.config import Config, expected_value
from loop.brief.metric.source import PROCESS_METRICS, metric_source, named_source
from loop.brief.prices import parse_prices
from loop.brief.priors import parse_priors
from loop.errors import BadInput

LISTS = ("scope", "locked", "inputs", "command_env", "guard", "groups")
DURATIONS = ("budget", "startup", "deadline")
MAX_DURATION = 1e7  # in any unit
MIN_MEMORY = 16e6  # bytes: less than an interpreter takes
_DURATION = re.compile(r"^(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|m|h)$")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"^(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>MB|GB|MiB|GiB)$")
_BYTES = {"MB": 1e6, "GB": 1e9, "MiB": 2.0**20, "GiB": 2.0**30}
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_RESERVED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "AR_OUT", "AR_BUDGET", "AR_DEVICE", "AR_TELEMETRY_FD")
_DIRECTIONS = {"lower": "minimize", "min": "minimize", "higher": "maximize", "max": "maximize"}
_PLACEHOLDERS: dict[str, object] = {"goal": "-", "metric": "-", "direction": "minimize"}

Place = Callable[[str], str]  # key -> the place of its value, as a sentence about it begins


def build_config(values: Mapping[str, object], *, place: Place) -> Config:
    """The configuration of a brief's values and defaults. Raises BadInput with the place at fault."""
    cleaned = {key: clean_value(key, value, where=place(key)) for key, value in values.items()}
    config = msgspec.convert(cleaned, Config, strict=False)
    _check(config, place=place)
    return config


def clean_value(key: str, value: object, *, where: str) -> object:
    """The value of one key, converted to its type. Raises BadInput."""
    cleaned = _convert(key, value, where=where)
    try:
        msgspec.convert({**_PLACEHOLDERS, key: cleaned}, Config, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"{where}: `{key}: {value}` cannot be used: write {expected_value(key)}.") from error
    return cleaned


def _convert(key: str, value: object, *, where: str) -> object:
    if key in DURATIONS:
        return parse_duration(value, where=f"{where}: `{key}`")
    if key == "memory":
        return _size(value, where=f"{where}: `{key}`")
    if key in ("prices", "priors"):
        return (parse_prices if key == "prices" else parse_priors)(value, where=f"{where}: `{key}`")
    if key in LISTS:
        return [value] if isinstance(value, str) else value
    if key in ("goal", "metric") and (value is None or not str(value).strip()):
        raise BadInput(f"{where}: `{key}` is empty: write a few words.")
    if key == "direction" and isinstance(value, str):
        return _DIRECTIONS.get(value.lower(), value.lower())
    return value


def parse_duration(value: object, *, where: str) -> float:
    """A time such as 20s, 5m or 1h in seconds. Raises BadInput, which begins with `where`."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < MAX_DURATION:
        return float(value)
    match = _DURATION.match(str(value).strip())
    if match is None or not 0 < float(match["number"]) < MAX_DURATION:
        raise BadInput(f"{where} is `{value}`: write a time such as 20s, 5m or 1h.")
    return float(match["number"]) * _SECONDS[match["unit"]]


def _size(value: object, *, where: str) -> float:
    match = _SIZE.match(str(value).strip())
    size = float(match["number"]) * _BYTES[match["unit"]] if match else 0.0
    if not MIN_MEMORY <= size < 2**60:
        raise BadInput(f"{where} is `{value}`: write a size such as 500MB, 8GB or 64GiB.")
    return size


def _check(config: Config, *, place: Place) -> None:
    """Refuse what is wrong with values of the right type."""
    for key, is_wrong, advice in _objections(config):
        if is_wrong:
            raise BadInput(f"{place(key)}: {advice}")
    for key in ("train", "evaluate", "command"):
        _check_command(getattr(config, key), where=f"{place(key)}: `{key}`")
    for text in config.guard:
        _check_guard(text, config, where=place("guard"))
    _check_pattern(config, where=place("pattern"))


Objection = tuple[str, bool, str]  # key, whether its value is wrong, what to write


def _objections(config: Config) -> tuple[Objection, ...]:
    return (*_numbers(config), *_names(config), *_combinations(config))


def _numbers(config: Config) -> tuple[Objection, ...]:
    limit, target = config.experiments, config.target
    return (
        ("baseline_runs", config.baseline_runs < 1, "`baseline_runs` must be at least 1; 3 runs give a σ."),
        ("experiments", limit is not None and limit < 0, "`experiments` must be 0 or more."),
        (
            "hours",
            config.hours is not None and not 0 < config.hours < math.inf,
            "`hours` must be a time, such as 8 or 0.5.",
        ),
        ("failures", config.failures < 0, "`failures` must be 0 or more; 0 means no limit."),
        ("plateau", (config.plateau or 1) < 1, "`plateau` must be at least 1, such as 25."),
        ("target", target is not None and not math.isfinite(target), "`target` must be a finite number."),
        (
            "noise_floor",
            config.noise_floor is not None and not 0 <= config.noise_floor < math.inf,
            "`noise_floor` must be a gain in the metric's unit, such as 0.002.",
        ),
        ("keep", not 0 <= config.keep < 100, "`keep` must be a number of standard errors, such as 1.8."),
        ("reruns", config.reruns < 0, "`reruns` must be 0 or more."),
        ("max_cost", not 0 <= config.max_cost < math.inf, "`max_cost` must be 0 dollars or more."),
        ("max_output", config.max_output < 1024, "`max_output` must be at least 1024 tokens."),
        ("processes", config.processes < 8, "`processes` must be at least 8."),
        ("checkpoints", config.checkpoints < 0, "`checkpoints` must be 0 or more."),
        ("workers", config.workers < 1, "`workers` must be at least 1."),
        ("max_lines", config.max_lines < 1, "`max_lines` must be at least 1."),
        ("max_literal_bytes", config.max_literal_bytes < 100, "`max_literal_bytes` must be at least 100."),
    )


def _names(config: Config) -> tuple[Objection, ...]:
    return (
        ("scope", not config.scope, "the scope is empty: name at least one file that a change may edit."),
        (
            "command_env",
            not all(_VARIABLE.fullmatch(name) and name not in _RESERVED for name in config.command_env),
            "`command_env` must name variables such as OPENAI_API_KEY; the loop sets PATH, HOME and the like itself.",
        ),
        (
            "seed_env",
            not _VARIABLE.fullmatch(config.seed_env) or config.seed_env in _RESERVED,
            f"`{config.seed_env}` cannot name the seed's environment variable: use capitals, such as AR_SEED.",
        ),
        ("log", not _is_below(config.log), "`log` must be a file below the run's folder, such as `log.txt`."),
        (
            "notes",
            not _is_below(config.notes),
            "`notes` must be a file below the repository's root, such as `notes.md`.",
        ),
    )


def _combinations(config: Config) -> tuple[Objection, ...]:
    return (
        (
            "workers",
            config.workers > 1 and config.rollback == "revert",
            "`workers` above 1 needs `rollback: reset`: parallel experiments cannot be reverted in sequence.",
        ),
        (
            "groups",
            bool(config.groups) and config.atomic == "free",
            "`groups` needs `atomic: knob`: without it, any values may move together.",
        ),
        (
            "proposer",
            config.proposer == "command" and not config.command,
            "`proposer: command` needs the agent's command line under `command`.",
        ),
    )


def _check_command(line: str | None, *, where: str) -> None:
    if line is None:
        return
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise BadInput(f"{where} is not a command line: {str(error).lower()} in `{line}`.") from error
    if not words:
        raise BadInput(f"{where} is empty: write the command, such as `python train.py`.")


def _is_below(path: str | None) -> bool:
    """Whether a path, if there is one, stays below the folder that it is relative to."""
    parts = ("" if path is None else path).split("/")
    return path is None or not (path.startswith(("/", "~")) or ".." in parts or posixpath.normpath(path) == ".")


def _check_guard(text: str, config: Config, *, where: str) -> None:
    try:
        guard = guards.parse(text)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    if not _is_below(named_source(guard.name, config).file):
        raise BadInput(f"{where}: the file of `{guard.name}` must be below the run's folder.")


def _check_pattern(config: Config, *, where: str) -> None:
    source = metric_source(config)
    if not _is_below(source.file) or (source.kind == "csv" and not source.file):
        raise BadInput(f"{where}: `{config.pattern}` names no file below the run's folder: write csv:results.csv.")
    if source.kind == "json" and not source.key:
        raise BadInput(f"{where}: `{config.pattern}` names no key: write json:accuracy.")
    if source.line is None:
        return
    try:
        groups = source.line.compiled().groups
    except regex.error as error:
        raise BadInput(f"{where}: the pattern is not a regular expression: {error}.") from error
    if groups != 1:
        problem = f"the pattern needs exactly one group, around the number; it has {groups}"
        raise BadInput(f"{where}: {problem}. Or write json:KEY, csv:FILE, {', '.join(PROCESS_METRICS)}.")
