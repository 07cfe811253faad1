"""Where the numbers of a run stand, and finding them there. Pure.

A number stands in a line of the output (`pattern`), in a JSON object (`json:KEY`), in a CSV table (`csv:FILE`, or
`csv:FILE:COLUMN`), or it is what the loop itself saw of the run: one of `OWN`.
"""

import csv
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from journal.events import Trust
from loop.brief.config import NUMBER, Config

OWN = ("exit_code", "wall_seconds", "cpu_seconds", "peak_memory")  # what the loop itself sees; seconds and bytes
TIMES = ("wall_seconds", "cpu_seconds")
JUDGES = "loop.judges"  # evaluators that ask a model
OBJECTS = 50  # JSON objects over several lines that are tried, from the end


@dataclass(frozen=True, kw_only=True)
class MetricSource:
    """Where one number stands. `file` is relative to the folder of the run; without it the output is meant."""

    kind: Literal["line", "json", "csv", "own"]
    what: str  # regex with one group; key; column, empty for the last one; one of OWN
    name: str  # in words
    file: str | None = None

    def missing(self) -> str:
        """Why there is no number, in words."""
        place = f"the file {self.file}" if self.file else "the output"
        match self.kind:
            case "own":
                return f"this machine does not tell the run's {self.what}"
            case "csv":
                return f"{place} has no row that ends the column {self.what or 'at its right'} with a number"
            case "json":
                return f"{place} holds no JSON object with a number under `{self.what}`"
            case "line":
                return f"{place} holds no line `{self.name}: number` that matches the brief's pattern"


def of_metric(config: Config) -> MetricSource:
    """Where the brief says that the metric stands."""
    return _special(config.pattern, config) or MetricSource(
        kind="line", what=config.regex(), name=config.metric, file=config.log
    )


def of_name(name: str, config: Config) -> MetricSource:
    """Where another number stands: as the name itself says, else beside the metric and in the same way."""
    metric = of_metric(config)
    if name == config.metric:
        return metric
    if found := _special(name, config):
        return found
    if metric.kind in ("json", "csv"):
        return MetricSource(kind=metric.kind, what=name, name=name, file=metric.file)
    return MetricSource(kind="line", what=rf"^\s*{re.escape(name)}\s*[:=]\s*{NUMBER}", name=name, file=config.log)


def find(config: Config, text: str) -> float | None:
    """The metric in a text, or None."""
    return find_in(of_metric(config), text)


def find_in(source: MetricSource, text: str) -> float | None:
    """The number in a text, or None. The last match counts; a number that is not finite is none."""
    match source.kind:
        case "json":
            value = _from_json(text, key=source.what)
        case "csv":
            value = _from_csv(text, column=source.what, tabs=str(source.file).endswith(".tsv"))
        case _:
            matches = re.findall(source.what, text, flags=re.MULTILINE)
            value = _number(matches[-1]) if matches else None
    return value if value is not None and math.isfinite(value) else None


def trust(config: Config) -> Trust:
    """Whose word the metric is: a judge model's, that of an evaluator out of the edited files' reach, or the training's own.

    Time and memory are seen by the loop, but a training that decides by itself whether its guards hold vouches for both.
    """
    if config.evaluate is not None:
        return "judged" if JUDGES in config.evaluate else "measured"
    seen = of_metric(config).kind == "own" and config.pattern != "exit_code"
    return "measured" if seen and not config.guard else "self-reported"


def _special(pattern: str, config: Config) -> MetricSource | None:
    """The source that a pattern names by one of the special forms, if it is one."""
    if pattern in OWN:
        return MetricSource(kind="own", what=pattern, name=pattern)
    kind, _, rest = pattern.partition(":")
    if kind == "json":
        return MetricSource(kind="json", what=rest.strip(), name=rest.strip(), file=config.log)
    if kind == "csv":
        file, _, column = rest.strip().partition(":")
        return MetricSource(
            kind="csv", what=column.strip(), name=column.strip() or config.metric, file=file or config.log
        )
    return None


def _from_json(text: str, *, key: str) -> float | None:
    for found in objects(text):
        value = _at(found, key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _number(value)
    return None


def objects(text: str) -> Iterator[dict[str, object]]:
    """JSON objects, the last one first: those on one line, then those over several that begin at a line's start."""
    starts = [match.start() for match in re.finditer(r"^\{", text, flags=re.MULTILINE)]
    for piece in (*reversed(text.splitlines()), *(text[start:] for start in reversed(starts[-OBJECTS:]))):
        try:
            found, _ = json.JSONDecoder().raw_decode(piece.strip())
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def _at(found: object, key: str) -> object:
    """The value under a key; dots lead into nested objects."""
    if not isinstance(found, dict) or key in found:
        return found.get(key) if isinstance(found, dict) else None
    first, _, rest = key.partition(".")
    return _at(found.get(first), rest) if rest else None


def _from_csv(text: str, *, column: str, tabs: bool) -> float | None:
    rows = [row for row in csv.reader(text.splitlines(), delimiter="\t" if tabs else ",") if any(row)]
    header = [cell.strip() for cell in rows[0]] if rows else []
    index = header.index(column) if column in header else None if column else -1
    if index is None or not rows or index >= len(rows[-1]):
        return None
    return _number(rows[-1][index])


def _number(value: str | float) -> float | None:
    try:
        return float(value)
    except (ValueError, OverflowError):  # a pattern that caught a word; an integer beyond any float
        return None
