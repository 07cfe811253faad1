"""The numbers that a run comes to: its metric, and those that the brief's guards look at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loop import guards, metric, written
from loop.config import Config
from loop.measure import Measured
from loop.metric import Source
from loop.outcome import Failure
from loop.setup.candidates import candidates, named


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The metric, and `values` by the names that the guards use."""

    metric: float
    values: dict[str, float] = field(default_factory=dict)


def sources(config: Config) -> dict[str, Source]:
    """Where each number stands that a brief asks for besides its metric."""
    names = [guards.parse(text).name for text in config.guard]
    return {name: metric.of_name(name, config) for name in names}


def files(config: Config) -> set[str]:
    """The files that numbers are read from."""
    return {source.file for source in (metric.of_metric(config), *sources(config).values()) if source.file}


def read(config: Config, *, trained: Measured, told: Measured, folders: Sequence[Path]) -> Numbers | Failure:
    """What a run that has ended well comes to: what it took in training, and what `told` printed or wrote below `folders`."""
    found: dict[str, float] = {}
    for name, source in {"": metric.of_metric(config), **sources(config)}.items():
        value = _own(source.what, trained, told) if source.kind == "own" else _said(source, told, folders)
        if value is None:
            hint = "" if name or config.pattern or config.log else _hint(config.metric, told.tail)
            return Failure(kind="no_metric", reason=_missing(source, name, folders) + hint)
        found[name] = value
    return Numbers(metric=found.pop(""), values=found)


def _own(name: str, trained: Measured, told: Measured) -> float | None:
    return {
        "exit_code": told.ending.exit_code,
        "wall_seconds": trained.ending.wall_seconds,
        "cpu_seconds": trained.ending.cpu_seconds,
        "peak_memory": trained.ending.peak_memory,
    }[name]


def _said(source: Source, told: Measured, folders: Sequence[Path]) -> float | None:
    text = written.read(folders, source.file) if source.file else told.tail
    return None if text is None else metric.find_in(source, text)


def _hint(name: str, text: str) -> str:
    """The pattern that finds what a person seems to mean, where the output prints it under a longer name."""
    meant = named(name, candidates(text))
    return f"; it prints `{meant.name}` {meant.value:g}: write pattern: '{meant.pattern}'" if meant else ""


def _missing(source: Source, guard: str, folders: Sequence[Path]) -> str:
    absent = source.file is not None and written.read(folders, source.file) is None
    words = f"there is no file {source.file} that this run wrote" if absent else source.missing()
    return f"{words}, for the guard on {guard}" if guard else words
