"""The keys of a brief: each value made clean and checked, with the place at fault in the sentence. Pure."""

import math
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping

import msgspec

from loop.brief import guards
from loop.brief.config import Config, wanted
from loop.brief.metric import OWN, of_metric, of_name
from loop.errors import BadInput

LISTS = ("scope", "locked", "inputs", "command_env", "guard", "groups")
FOREVER = 1e7  # no duration is this long, in any unit
DURATIONS = ("budget", "startup", "deadline")
_DURATION = re.compile(r"^(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|m|h)$")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"^(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>MB|GB|MiB|GiB)$")
_BYTES = {"MB": 1e6, "GB": 1e9, "MiB": 2.0**20, "GiB": 2.0**30}
LEAST_MEMORY = 16e6  # bytes: less than an interpreter takes
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_TAKEN = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "AR_OUT", "AR_BUDGET", "AR_DEVICE", "AR_TELEMETRY_FD")
_STAND_IN: dict[str, object] = {"goal": "-", "metric": "-", "direction": "minimize"}

Place = Callable[[str], str]  # where a key's value was said, as a sentence about it begins


def config_of(values: Mapping[str, object], *, place: Place) -> Config:
    """The configuration that a brief and its defaults ask for. Raises BadInput with the place at fault."""
    cleaned = {key: checked(key, value, where=place(key)) for key, value in values.items()}
    config = msgspec.convert(cleaned, Config, strict=False)
    _check(config, at=place)
    return config


def checked(key: str, value: object, *, where: str) -> object:
    """One key's value, made clean, of the right type by itself. Raises BadInput."""
    cleaned = _clean(key, value, where=where)
    try:
        msgspec.convert({**_STAND_IN, key: cleaned}, Config, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"{where}: `{key}: {value}` cannot be used: write {wanted(key)}.") from error
    return cleaned


def _clean(key: str, value: object, *, where: str) -> object:
    if key in DURATIONS:
        return _duration(value, where=f"{where}: `{key}`")
    if key == "memory":
        return _size(value, where=f"{where}: `{key}`")
    if key in LISTS:
        return [value] if isinstance(value, str) else value
    if key in ("goal", "metric") and (value is None or not str(value).strip()):
        raise BadInput(f"{where}: `{key}` is empty: say it in words.")
    if key == "direction" and isinstance(value, str):
        return {"lower": "minimize", "min": "minimize", "higher": "maximize", "max": "maximize"}.get(
            value.lower(), value.lower()
        )
    return value


def _duration(value: object, *, where: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < FOREVER:
        return float(value)
    match = _DURATION.match(str(value).strip())
    if match is None or not 0 < float(match["number"]) < FOREVER:
        raise BadInput(f"{where} is `{value}`: write a time such as 20s, 5m or 1h.")
    return float(match["number"]) * _SECONDS[match["unit"]]


def _size(value: object, *, where: str) -> float:
    match = _SIZE.match(str(value).strip())
    size = float(match["number"]) * _BYTES[match["unit"]] if match else 0.0
    if not LEAST_MEMORY <= size < 2**60:
        raise BadInput(f"{where} is `{value}`: write a size such as 500MB, 8GB or 64GiB.")
    return size


def _check(config: Config, *, at: Place) -> None:
    """Everything that is wrong with values of the right type."""
    for key, wrong, why in _objections(config):
        if wrong:
            raise BadInput(f"{at(key)}: {why}")
    for key in ("train", "evaluate", "command"):
        _check_command(getattr(config, key), where=f"{at(key)}: `{key}`")
    for text in config.guard:
        _check_guard(text, config, where=at("guard"))
    _check_pattern(config, where=at("pattern"))


def _objections(config: Config) -> tuple[tuple[str, bool, str], ...]:
    """(key, whether it is wrong, what to do)."""
    bound, target = config.experiments, config.target
    return (
        ("scope", not config.scope, "the scope is empty: name at least one file that may be edited."),
        ("baseline_runs", config.baseline_runs < 1, "the baseline needs at least one run (three give a σ)."),
        ("experiments", bound is not None and bound < 0, "the bound is a number of experiments, zero or more."),
        ("hours", config.hours is not None and not 0 < config.hours < math.inf, "`hours` is a time, such as 8 or 0.5."),
        ("failures", config.failures < 0, "`failures` is how many crashes in a row end a call; 0: none do."),
        ("plateau", (config.plateau or 1) < 1, "`plateau` is a number of experiments without a keep, such as 25."),
        ("target", target is not None and not math.isfinite(target), "the target is a finite number."),
        ("keep", not 0 <= config.keep < 100, "`keep` is how many standard errors a gain must exceed: such as 1.8."),
        (
            "reruns",
            config.reruns < 0,
            "`reruns` is how many pairs of re-runs a borderline gain may earn, zero or more.",
        ),
        ("max_cost", not 0 <= config.max_cost < math.inf, "`max_cost` is an amount of dollars, zero or more."),
        ("max_output", config.max_output < 1024, "`max_output` is a number of tokens: an answer needs 1024 at least."),
        (
            "command_env",
            not all(_VARIABLE.fullmatch(name) and name not in _TAKEN for name in config.command_env),
            "`command_env` names variables such as OPENAI_API_KEY; PATH, HOME and the like are the loop's own to set.",
        ),
        ("processes", config.processes < 8, "`processes` is how many a run may have at once: eight at least."),
        ("checkpoints", config.checkpoints < 0, "`checkpoints` is a number of kept experiments, zero or more."),
        ("workers", config.workers < 1, "at least one worker is needed."),
        (
            "workers",
            config.workers > 1 and config.rollback == "revert",
            "several workers go back by `rollback: reset` only: reverts are a line of commits, and theirs is none.",
        ),
        (
            "seed_env",
            not _VARIABLE.fullmatch(config.seed_env) or config.seed_env in _TAKEN,
            f"`{config.seed_env}` cannot name the seed's environment variable: use capitals, such as AR_SEED.",
        ),
        ("log", not _below(config.log), "`log` is a file that the run writes, by its path below the run's folder."),
        ("max_lines", config.max_lines is not None and config.max_lines < 1, "`max_lines` is a number of lines."),
        (
            "sampler",
            config.sampler == "tpe" and config.atomic == "knob",
            "`sampler: tpe` moves several values at once, and `atomic: knob` lets one move: leave one of the two out.",
        ),
        (
            "groups",
            bool(config.groups) and config.atomic == "free",
            "`groups` says which values may move together where `atomic: knob` lets others move alone only: say both.",
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
        raise BadInput(f"{where} is no command line: {str(error).lower()} in `{line}`.") from error
    if not words:
        raise BadInput(f"{where} is empty: write the command, such as `python train.py`.")


def _below(path: str | None) -> bool:
    """Whether a path, if there is one, stays below the folder that it is relative to."""
    parts = ("" if path is None else path).split("/")
    return path is None or not (path.startswith(("/", "~")) or ".." in parts or posixpath.normpath(path) == ".")


def _check_guard(text: str, config: Config, *, where: str) -> None:
    try:
        guard = guards.parse(text)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    if not _below(of_name(guard.name, config).file):
        raise BadInput(f"{where}: the file of `{guard.name}` must lie below the run's folder.")


def _check_pattern(config: Config, *, where: str) -> None:
    source = of_metric(config)
    if not _below(source.file) or (source.kind == "csv" and not source.file):
        raise BadInput(f"{where}: `{config.pattern}` names no file below the run's folder: write csv:results.csv.")
    if source.kind == "json" and not source.what:
        raise BadInput(f"{where}: `{config.pattern}` names no key: write json:accuracy.")
    if source.kind != "line":
        return
    try:
        groups = re.compile(config.regex()).groups
    except re.error as error:
        raise BadInput(f"{where}: the pattern is no regular expression: {error}.") from error
    if groups != 1:
        words = f"the pattern needs exactly one group, around the number; it has {groups}"
        raise BadInput(f"{where}: {words}. Or write json:KEY, csv:FILE, {', '.join(OWN)}.")
