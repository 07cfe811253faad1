"""The numbers of a run: its metric, and those that the brief's guards look at; from its output, or from files that it wrote.

A repository may hold the log of an earlier run under the same name. `mark` gives such a file the oldest of times when the
commit is exported, so that it cannot pass for this run's. What a run left is not trusted: no symbolic link, no pipe, nothing
outside its folder is opened.
"""

import contextlib
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loop.brief import guards, metric
from loop.brief.config import Config
from loop.brief.metric import MetricSource
from loop.brief.metric_candidates import candidates, named
from loop.runs.measure import CommandResult
from loop.runs.outcome import NoMetric

MOST_BYTES = 32 << 20  # of a file's end that are read


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The metric, and `values` by the names that the guards use."""

    metric: float
    values: dict[str, float] = field(default_factory=dict)


def sources(config: Config) -> dict[str, MetricSource]:
    """Where each number stands that a brief asks for besides its metric."""
    names = [guards.parse(text).name for text in config.guard]
    return {name: metric.of_name(name, config) for name in names}


def files(config: Config) -> set[str]:
    """The files that numbers are read from."""
    return {source.file for source in (metric.of_metric(config), *sources(config).values()) if source.file}


def read(config: Config, *, trained: CommandResult, told: CommandResult, folders: Sequence[Path]) -> Numbers | NoMetric:
    """What a run that has ended well comes to: what it took in training, and what `told` printed or wrote below `folders`."""
    found: dict[str, float] = {}
    for name, source in {"": metric.of_metric(config), **sources(config)}.items():
        value = _own(source.what, trained, told) if source.kind == "own" else _said(source, told, folders)
        if value is None:
            hint = "" if name or config.pattern or config.log else _hint(config.metric, told.tail)
            return NoMetric(kind="no_metric", reason=_missing(source, name, folders) + hint)
        found[name] = value
    return Numbers(metric=found.pop(""), values=found)


def _own(name: str, trained: CommandResult, told: CommandResult) -> float | None:
    return {
        "exit_code": told.ending.exit_code,
        "wall_seconds": trained.ending.wall_seconds,
        "cpu_seconds": trained.ending.cpu_seconds,
        "peak_memory": trained.ending.peak_memory,
    }[name]


def _said(source: MetricSource, told: CommandResult, folders: Sequence[Path]) -> float | None:
    text = read_output_file(folders, source.file) if source.file else told.tail
    return None if text is None else metric.find_in(source, text)


def _hint(name: str, text: str) -> str:
    """The pattern that finds what a person seems to mean, where the output prints it under a longer name."""
    meant = named(name, candidates(text))
    return f"; it prints `{meant.name}` {meant.value:g}: write pattern: '{meant.pattern}'" if meant else ""


def _missing(source: MetricSource, guard: str, folders: Sequence[Path]) -> str:
    absent = source.file is not None and read_output_file(folders, source.file) is None
    words = f"there is no file {source.file} that this run wrote" if absent else source.missing()
    return f"{words}, for the guard on {guard}" if guard else words


def mark(folder: Path, names: Iterable[str]) -> None:
    """Mark files that a fresh export already holds as not this run's."""
    for name in names:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.utime(folder / name, ns=(0, 0), follow_symlinks=False)


def read_output_file(folders: Iterable[Path], name: str) -> str | None:
    """The text that the run wrote under a name below the first of these folders that has it; None where there is none."""
    return next((text for folder in folders if (text := _text(folder, name)) is not None), None)


def _text(folder: Path, name: str) -> str | None:
    path = folder / name
    try:
        if path.resolve() != folder.resolve() / name:
            return None
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_mtime_ns == 0:
            return None
        file.seek(max(0, found.st_size - MOST_BYTES))
        return file.read().decode("utf-8-sig", "replace")
