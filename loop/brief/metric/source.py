"""Where the numbers of a run are, and how to find them in a text. Pure.

A number is in a line of the output (`pattern`), in a JSON document (`json:KEY`), in a CSV table (`csv:FILE` or
`csv:FILE:COLUMN`), or the loop measures it on the process itself: one of `PROCESS_METRICS`.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from journal.events import Trust
from loop.brief.config import Config
from loop.brief.metric.line_pattern import LinePattern, default_pattern, escape, line_pattern
from loop.brief.metric.reading import Reading
from loop.brief.metric.search import JsonSearch, LineSearch, Search, csv_reading
from loop.brief.metric.terminal import Terminal

PROCESS_METRICS = ("exit_code", "wall_seconds", "cpu_seconds", "peak_memory")  # seconds and bytes
TIME_METRICS = ("wall_seconds", "cpu_seconds")
JUDGES = "loop.judges"  # the package of evaluators that ask a model


@dataclass(frozen=True, kw_only=True)
class MetricSource:
    """Where one number is. `file` is relative to the run's folder; None for the output."""

    kind: Literal["line", "json", "csv", "process"]
    key: str  # JSON key; CSV column, empty for the last; one of PROCESS_METRICS; the pattern of a line
    name: str  # for people
    file: str | None = None
    line: LinePattern | None = None  # of the kind `line`

    def missing_reason(self) -> str:
        """Why there is no number, as a clause."""
        place = f"the file {self.file}" if self.file else "the output"
        match self.kind:
            case "process":
                return f"this machine does not report the run's {self.key}"
            case "csv":
                return (
                    f"{place} has no row with a number in {f'the column {self.key}' if self.key else 'the last column'}"
                )
            case "json":
                return f"{place} has no JSON object with a number under `{self.key}`"
            case "line":
                return f"{place} has no line `{self.name}: number` that matches the brief's pattern"

    def search(self) -> Search:
        """A search for the number in the rows of an output."""
        return LineSearch(self.line) if self.line else JsonSearch(self.key)


def metric_source(config: Config) -> MetricSource:
    """Where the metric is."""
    if source := _special_source(config.pattern, config):
        return source
    return _line_source(line_pattern(config.pattern) if config.pattern else default_pattern(config.metric), config)


def named_source(name: str, config: Config) -> MetricSource:
    """Where another number is: where its name says, else in the same place and form as the metric."""
    metric = metric_source(config)
    if name == config.metric:
        return metric
    if source := _special_source(name, config):
        return source
    if metric.kind in ("json", "csv"):
        return MetricSource(kind=metric.kind, key=name, name=name, file=metric.file)
    return _line_source(line_pattern(rf"^\s*{escape(name)}\s*[:=]\s*(number)"), config, name=name)


def find_metric(config: Config, text: str) -> float | None:
    """The metric in a text, or None."""
    return find_number(metric_source(config), text)


def find_number(source: MetricSource, text: str) -> float | None:
    """The number of a source in a text, or None."""
    found = read(source, [text])
    return found.value if found else None


def read(source: MetricSource, pieces: Iterable[str]) -> Reading | None:
    """The last word on the number of a source in a text, which comes in pieces; None if nothing in it is about the number."""
    if source.kind == "csv":
        return _read_table(source, pieces)
    search = source.search()
    for row in _lines(pieces) if source.kind == "json" else _rows(pieces):
        search.feed(row)
    return search.reading()


def trust(config: Config) -> Trust:
    """Who vouches for the metric: a judge model, an evaluator out of the change's reach, or the training itself.

    The loop measures time and memory, but a training that prints the values of its guards still vouches for both.
    """
    if config.evaluate is not None:
        return "judged" if JUDGES in config.evaluate else "measured"
    is_measured = metric_source(config).kind == "process" and config.pattern != "exit_code"
    return "measured" if is_measured and not config.guard else "self-reported"


def _line_source(pattern: LinePattern, config: Config, *, name: str = "") -> MetricSource:
    return MetricSource(kind="line", key=pattern.pattern, name=name or config.metric, file=config.log, line=pattern)


def _special_source(pattern: str, config: Config) -> MetricSource | None:
    """The source of a pattern that is not a regular expression; None if it is one."""
    if pattern in PROCESS_METRICS:
        return MetricSource(kind="process", key=pattern, name=pattern)
    kind, _, rest = pattern.partition(":")
    if kind == "json":
        return MetricSource(kind="json", key=rest.strip(), name=rest.strip(), file=config.log)
    if kind == "csv":
        file, _, column = rest.strip().partition(":")
        return MetricSource(
            kind="csv", key=column.strip(), name=column.strip() or config.metric, file=file or config.log
        )
    return None


def _read_table(source: MetricSource, pieces: Iterable[str]) -> Reading | None:
    file = source.file or "the output"
    rows = csv.reader(_lines(pieces), delimiter="\t" if file.endswith(".tsv") else ",")
    try:
        return csv_reading(rows, column=source.key, file=file)
    except csv.Error as error:
        return Reading(reason=f"{file} is not a table: {error}")


def _rows(pieces: Iterable[str]) -> Iterator[str]:
    """The rows of a text as a terminal shows it."""
    terminal = Terminal()
    for piece in pieces:
        yield from terminal.feed(piece)
    yield from terminal.finish()


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    """The lines of a text that comes in pieces, with their ends."""
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + piece).splitlines(keepends=True) or [""]
        yield from lines
    yield rest
