"""The numbers in a command's output that could be the metric, and the pattern that finds each. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from journal.metric_names import MetricDirection, usual_direction, words
from loop.brief.config import NUMBER, Config
from loop.brief.metric import json_path
from loop.brief.metric.line_pattern import escape
from loop.brief.metric.number import THOUSANDS, longer_word, parse
from loop.brief.metric.output_table import column_numbers, table_numbers
from loop.brief.metric.search import JsonDocument, JsonDocuments
from loop.brief.metric.source import find_metric

MAX_ROW = 500  # characters of a row that people read; a search takes the square of its length
MAX_PER_DOCUMENT = 100  # numbers of a JSON document that are looked at
MAX_LIST = 8  # elements of a list in it
_WORD = r"[A-Za-z_][\w./@%-]*(?:'s)?"
_LABEL = rf"{_WORD}(?: {_WORD}){{0,3}}(?: ?\([^()\d]{{1,30}}\))?"
_NUMBER = rf"(?P<number>{THOUSANDS}|{NUMBER[1:-1]})"
_WRAPPER = r"(?:(?:np|numpy|torch|jnp)\.\w+\(|(?:tensor|array|Array)\()?"  # np.float64(0.5)
_QUOTE = r"[*_`'\"]{0,3}"
_PAIR = re.compile(
    rf"(?P<open>{_QUOTE})(?P<label>{_LABEL})(?P<close>{_QUOTE})(?P<sign>\s*(?:[:=]|=>)\s*)(?P<wrap>{_QUOTE}{_WRAPPER}){_NUMBER}"
)
_APART = re.compile(rf"(?<![\w.])(?P<label>[A-Za-z][\w./@%-]*(?: [A-Za-z][\w./@%-]*)?)(?P<gap>[ \t]+){_NUMBER}")
_RATE = re.compile(
    rf"(?<![\w.-]){_NUMBER}(?P<gap>\s*)"
    r"(?P<label>(?:[A-Za-zµμ]+|(?<=\d)|(?<=\s))(?:/[A-Za-z]+|(?: [a-z]+)? per [a-z]+))(?![\w/])"
)
_CRITERION = re.compile(r"(?P<label>time):\s*\[\S+ \S+ (?P<number>[\d.]+) (?P<unit>\S+)")
_LEVEL = re.compile(r"^(?:(?:DEBUG|INFO|WARNING|WARN|ERROR|NOTE)\s+)+")
_BENCHMARK = re.compile(
    r"Benchmark\w+|[A-Za-z]\w*(?=(?:[ \t]+[\w./-]+)*[ \t]{2,})"
)  # a row of figures, as Go prints them
_TIMER = re.compile(  # console.time of JavaScript, whose label may hold numbers
    rf"^(?P<label>[\w./-]+(?: [\w./()-]+)*): {_NUMBER}(?P<unit>ms|s|ns|us|µs)$"
)


@dataclass(frozen=True, kw_only=True)
class MetricCandidate:
    """A number in the output: its name there, its last value and unit, the pattern that finds it, the line that it is from.

    `values` are those of several runs, and `reasons` say why it may be the metric, or may not.
    """

    name: str
    value: float
    pattern: str  # as in a brief
    line: str = ""
    unit: str = ""
    values: Sequence[float] = ()
    reasons: Sequence[str] = ()

    @property
    def direction(self) -> MetricDirection | None:
        return usual_direction(f"{self.name} {self.unit}")


def candidates(text: str) -> list[MetricCandidate]:
    """The numbers of an output as a terminal shows it, in the order in which each is printed last."""
    rows, documents = text.splitlines(), JsonDocuments()
    by_row: list[list[MetricCandidate]] = []
    for index, row in enumerate(rows):
        ended = documents.feed(row)
        for document in ended:
            by_row[len(by_row) + 1 - document.rows :] = [[]] * (document.rows - 1)  # its rows are no lines
        by_row.append(_in_documents(ended) if ended else _in_text(rows, index))
    found: dict[str, MetricCandidate] = {}
    for candidate in (candidate for row in by_row for candidate in row):
        found.pop(candidate.name, None)
        found[candidate.name] = candidate
    return list(found.values())


def candidate_named(name: str, found: Sequence[MetricCandidate]) -> MetricCandidate | None:
    """The candidate with the same words as a name, else the only one whose words include those of the name."""
    same = [candidate for candidate in found if words(candidate.name) == words(name)]
    holding = [candidate for candidate in found if set(words(name)) <= set(words(candidate.name))]
    return same[-1] if same else holding[0] if len(holding) == 1 else None


def pattern_for(candidate: MetricCandidate, metric: str, text: str) -> str:
    """The pattern that a brief needs for a candidate; empty if the default finds the same number."""
    default = find_metric(Config(goal="-", metric=metric, direction="minimize"), text)
    return "" if default == candidate.value else candidate.pattern


def _in_text(rows: Sequence[str], index: int) -> list[MetricCandidate]:
    """The candidates of a row: of a table, with names, else without."""
    named = list(_in_table(rows, index)) or list(_in_row(rows[index]))
    return named or [
        MetricCandidate(name=name, value=value, pattern=pattern, line=rows[index])
        for name, value, pattern in column_numbers(rows, index)
    ]


def _in_row(row: str) -> Iterator[MetricCandidate]:
    if len(row) > MAX_ROW:
        return
    if match := _CRITERION.search(row):
        pattern = rf"time:\s*\[\S+ \S+ (number) {escape(match['unit'])}"
        yield MetricCandidate(name="time", value=float(match["number"]), pattern=pattern, line=row, unit=match["unit"])
        return
    if match := _TIMER.search(row.rstrip()):
        value = float(match["number"].replace(",", ""))
        pattern = rf"^{escape(match['label'])}: (number){match['unit']}"
        yield MetricCandidate(name=match["label"], value=value, pattern=pattern, line=row, unit=match["unit"])
        return
    taken: list[tuple[int, int]] = []
    for form in (_PAIR, _RATE, _APART):
        for match in form.finditer(row):
            span = match.span("number")
            if not any(start < span[1] and span[0] < end for start, end in taken):
                candidate = _candidate(match, row)
                if candidate is not None:
                    taken.append(span)
                    yield candidate


def _candidate(match: re.Match[str], row: str) -> MetricCandidate | None:
    """The candidate of a match, whose pattern holds the unit behind the number; None if no pattern can read the number."""
    parts, digits = match.groupdict(), match["number"]
    value = parse(digits, thousands="," in digits)
    is_rate = match.re is _RATE
    longer = None if is_rate else longer_word(digits, row[match.end("number") :])
    if value is None or (longer is not None and not longer.piece):
        return None
    piece = "(number,)" if "," in digits else longer.piece if longer else "(number)"
    label = _LEVEL.sub("", match["label"])
    if is_rate:
        benchmark = _BENCHMARK.match(row)
        before = rf"^{benchmark[0]}\S*\s.*?" if benchmark else ""
        name = f"{benchmark[0]} {label}" if benchmark else label
        return MetricCandidate(name=name, value=value, pattern=rf"{before}{piece}\s*{escape(label)}", line=row)
    unit = re.match(r"\s*\S*", row[match.end("number") :]) if longer else None
    start = "^" if match.start() == 0 and label == match["label"] else ""
    between = rf"\s*{match['sign'].strip()}\s*" if "sign" in parts else r"\s+"
    quoted = f"{escape(parts.get('open') or '')}{escape(label)}{escape(parts.get('close') or '')}"
    pattern = f"{start}{quoted}{between}{escape(parts.get('wrap') or '')}{piece}"
    return MetricCandidate(name=label, value=value, pattern=pattern, line=row, unit=unit[0].strip() if unit else "")


def _in_table(rows: Sequence[str], index: int) -> Iterator[MetricCandidate]:
    for name, value, pattern in table_numbers(rows, index):
        yield MetricCandidate(name=name, value=value, pattern=pattern, line=rows[index])


def _in_documents(documents: Sequence[JsonDocument]) -> list[MetricCandidate]:
    numbers = [number for document in documents for number in json_path.numbers(document.value, max_list=MAX_LIST)]
    return [
        MetricCandidate(name=path, value=float(value), pattern=f"json:{path}", line=f"{path}: {value}")
        for path, value in numbers[:MAX_PER_DOCUMENT]
    ]
