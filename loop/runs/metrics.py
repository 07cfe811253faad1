"""The numbers of a run: its metric and the numbers of the brief's guards, from its output or from files that it wrote.

A repository may hold the log of an earlier run under the same name. `backdate` gives such a file the oldest of times when
the commit is exported, so that it cannot pass for this run's. A run's files are not trusted: no symbolic link, no pipe and
nothing outside its folder is opened.
"""

import contextlib
import io
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loop.brief import guards
from loop.brief.config import Config
from loop.brief.metric import source as metric
from loop.brief.metric.candidates import candidate_named, candidates
from loop.brief.metric.reading import Reading
from loop.brief.metric.source import MetricSource
from loop.brief.metric.terminal import shown
from loop.runs.decode import FIRST_BYTES, encoding
from loop.runs.measure import CommandResult, log_text
from loop.runs.outcome import NoMetric

MAX_BYTES = 64 << 20  # read from a file's end
PIECE = 1 << 16  # characters
HINT_BYTES = 1 << 16  # of an output's end, in which a metric of another name is looked for


@dataclass(frozen=True, kw_only=True)
class RunMetrics:
    """The metric, and `values` by the names of the guards."""

    metric: float
    values: dict[str, float] = field(default_factory=dict)


def sources(config: Config) -> dict[str, MetricSource]:
    """Where the numbers of a brief are: the metric under the empty name, and those of the guards."""
    names = [guards.parse(text).name for text in config.guard]
    return {"": metric.metric_source(config)} | {name: metric.named_source(name, config) for name in names}


def metric_files(config: Config) -> set[str]:
    """The files that numbers are read from."""
    return {source.file for source in sources(config).values() if source.file}


def read_metrics(
    config: Config, *, training: CommandResult, measured: CommandResult, folders: Sequence[Path]
) -> RunMetrics | NoMetric:
    """The numbers of a run: times of its training, and what `measured` (the evaluation, if any) printed or wrote."""
    values: dict[str, float] = {}
    for name, source in sources(config).items():
        if source.kind == "process":
            reading = _process_reading(source.key, training, measured)
        else:
            reading = _file_reading(source, folders) if source.file else measured.readings.get(name)
        if reading is None or reading.value is None:
            problem = _problem(source, reading, folders)
            guard = f", for the guard on {name}" if name else ""
            hint = "" if name or reading or config.pattern or config.log else _pattern_hint(config.metric, measured)
            return NoMetric(kind=problem.kind, reason=f"{problem.reason}{guard}{hint}")
        values[name] = reading.value
    return RunMetrics(metric=values.pop(""), values=values)


def backdate(folder: Path, names: Iterable[str]) -> None:
    """Mark files that a fresh export holds already as not written by this run."""
    for name in names:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.utime(folder / name, ns=(0, 0), follow_symlinks=False)


def _process_reading(name: str, training: CommandResult, measured: CommandResult) -> Reading | None:
    value = {
        "exit_code": measured.status.exit_code,
        "wall_seconds": training.status.wall_seconds,
        "cpu_seconds": training.status.cpu_seconds,
        "peak_memory": training.status.peak_memory,
    }[name]
    return None if value is None else Reading(value=value)


def _file_reading(source: MetricSource, folders: Sequence[Path]) -> Reading | None:
    with _open(folders, source.file or "") as file:
        return metric.read(source, _pieces(file)) if file else None


def _problem(source: MetricSource, reading: Reading | None, folders: Sequence[Path]) -> NoMetric:
    """Why a source gives no number."""
    if reading is not None:
        return NoMetric(kind=reading.kind, reason=reading.reason)
    with _open(folders, source.file or "") as file:
        is_absent = source.file is not None and file is None
    reason = f"this run wrote no file {source.file}" if is_absent else source.missing_reason()
    return NoMetric(kind="no_metric", reason=reason)


def _pattern_hint(name: str, measured: CommandResult) -> str:
    """The pattern for the number that a person probably means, if the output prints it under a longer name or otherwise."""
    text = shown(log_text(measured.log, last=HINT_BYTES)) if measured.log else measured.tail
    candidate = candidate_named(name, candidates(text))
    return (
        f"; it prints `{candidate.name}` {candidate.value:g}: write pattern: '{candidate.pattern}'" if candidate else ""
    )


@contextlib.contextmanager
def _open(folders: Iterable[Path], name: str) -> Iterator[io.BufferedReader | None]:
    """The file that the run wrote under a name, from the first of these folders that has it; None if none has it."""
    files = (_open_in(folder, name) for folder in folders) if name else iter(())
    file = next((file for file in files if file is not None), None)
    with file or contextlib.nullcontext():
        yield file


def _open_in(folder: Path, name: str) -> io.BufferedReader | None:
    path = folder / name
    try:
        if path.resolve() != folder.resolve() / name:
            return None
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except OSError:
        return None
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode) and status.st_mtime_ns != 0:
        return file
    file.close()
    return None


def _pieces(file: io.BufferedReader) -> Iterator[str]:
    """The text of a file in pieces; of a very large file, the first line (the names of columns) and the end."""
    name = encoding(file.read(FIRST_BYTES))
    start = max(0, file.seek(0, os.SEEK_END) - MAX_BYTES)
    if start:
        file.seek(0)
        yield file.readline(PIECE).decode(name, "replace")
        file.seek(start)
        file.readline()
    else:
        file.seek(0)
    text = io.TextIOWrapper(file, encoding=name, errors="replace", newline="")
    while piece := text.read(PIECE):
        yield piece
    text.detach()
