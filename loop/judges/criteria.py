r"""A rubric file: what a text is graded by, what is counted in it, and how often a judge is asked. Pure.

```yaml
text: An introduction for newcomers.     # what the judge is told it reads
criteria:                                # each graded from 0 to 10 by the judge
  - {name: clarity, ask: "Is every sentence understood at first reading?", weight: 2}
  - {name: truth, ask: "Is nothing claimed that is not shown?"}
scan:                                    # counted by the machine; points are taken off
  - {pattern: '\b(very|really)\b', costs: 0.5, most: 3}
  - {words: 300, costs: 0.01}            # for each word above 300
repeats: 3                               # answers of the judge, each graded afresh
model: claude-haiku-5-5
```
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from loop.errors import BadInput

HIGHEST = 10.0  # grade
REPEATS, MOST_REPEATS = 3, 25
MODEL = "claude-haiku-5-5"  # the cheapest of the table: a judge reads little and is asked often
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One question to the judge, and how much its grade counts."""

    name: str
    ask: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class RubricRule:
    """Points taken off for each match of `pattern`, or for each word above `words`; at most `most` points."""

    pattern: re.Pattern[str] | None = None
    words: int | None = None
    costs: float
    most: float = HIGHEST


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """A rubric file, read."""

    text: str = ""
    criteria: tuple[Criterion, ...] = ()
    scan: tuple[RubricRule, ...] = ()
    repeats: int = REPEATS
    model: str = MODEL


@dataclass(frozen=True, kw_only=True)
class RubricScore:
    """`value` is what the judge gave less what the scan took off; `sigma` that of the mean over the judge's answers."""

    value: float
    judged: float
    scanned: float
    sigma: float | None
    by_criterion: Mapping[str, float]


def read(source: str, *, name: str) -> Rubric:
    """Read a rubric. Raises BadInput with what is wrong in it."""
    try:
        found = yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise BadInput(f"The rubric {name} is no YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(found, dict) or not (found.get("criteria") or found.get("scan")):
        raise BadInput(f"The rubric {name} has no `criteria` and no `scan`: it needs one of them.")
    if unknown := sorted(set(found) - {"text", "criteria", "scan", "repeats", "model"}):
        raise BadInput(f"The rubric {name} has an unknown key `{unknown[0]}`.")
    repeats = found.get("repeats", REPEATS)
    if not isinstance(repeats, int) or not 1 <= repeats <= MOST_REPEATS:
        raise BadInput(f"`repeats` in the rubric {name} must be a whole number from 1 to {MOST_REPEATS}.")
    criteria = tuple(_criterion(entry, name) for entry in _entries(found, "criteria", name))
    if len({criterion.name for criterion in criteria}) < len(criteria):
        raise BadInput(f"Two criteria of the rubric {name} have the same name.")
    return Rubric(
        text=str(found.get("text", "")),
        criteria=criteria,
        scan=tuple(_rule(entry, name) for entry in _entries(found, "scan", name)),
        repeats=repeats,
        model=str(found.get("model", MODEL)),
    )


def score(rubric: Rubric, text: str, grades: Sequence[Mapping[str, float]]) -> RubricScore:
    """One number, the higher the better, of the scan and of the judge's answers (none where there are no criteria)."""
    totals = [_total(rubric.criteria, answer) for answer in grades]
    judged = sum(totals) / len(totals) if totals else HIGHEST
    scanned = sum(taken_off(rule, text) for rule in rubric.scan)
    return RubricScore(
        value=judged - scanned,
        judged=judged,
        scanned=scanned,
        sigma=_of_mean(totals),
        by_criterion={
            criterion.name: sum(answer[criterion.name] for answer in grades) / len(grades)
            for criterion in rubric.criteria
        },
    )


def taken_off(rule: RubricRule, text: str) -> float:
    """The points that a rule takes off a text."""
    if rule.pattern is not None:
        count = sum(1 for _ in rule.pattern.finditer(text))
    else:
        count = max(0, len(text.split()) - (rule.words or 0))
    return min(rule.most, count * rule.costs)


def _total(criteria: Sequence[Criterion], answer: Mapping[str, float]) -> float:
    weights = sum(criterion.weight for criterion in criteria)
    return sum(criterion.weight * answer[criterion.name] for criterion in criteria) / weights


def _of_mean(totals: Sequence[float]) -> float | None:
    """The standard error of the mean, None of a single answer."""
    count = len(totals)
    if count < 2:
        return None
    mean = sum(totals) / count
    return float((sum((total - mean) ** 2 for total in totals) / (count - 1) / count) ** 0.5)


def _entries(found: Mapping[str, Any], key: str, name: str) -> list[dict[str, Any]]:
    entries = found.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadInput(f"`{key}` in the rubric {name} must be a list of entries such as `- {{name: …}}`.")
    return entries


def _criterion(entry: Mapping[str, Any], name: str) -> Criterion:
    called, ask, weight = entry.get("name"), entry.get("ask"), entry.get("weight", 1.0)
    if not isinstance(called, str) or not _NAME.fullmatch(called) or not isinstance(ask, str):
        raise BadInput(
            f"A criterion of the rubric {name} needs a `name` (a-z, 0-9, _) and a question as `ask`: {entry}."
        )
    if not isinstance(weight, int | float) or weight <= 0:
        raise BadInput(f"The weight of `{called}` in the rubric {name} must be above 0.")
    return Criterion(name=called, ask=ask, weight=float(weight))


def _rule(entry: Mapping[str, Any], name: str) -> RubricRule:
    pattern, words = entry.get("pattern"), entry.get("words")
    costs, most = entry.get("costs"), entry.get("most", HIGHEST)
    if (pattern is None) == (words is None):
        raise BadInput(f"A rule under `scan` in the rubric {name} needs either `pattern` or `words`: {entry}.")
    if words is not None and not isinstance(words, int):
        raise BadInput(f"`words` in the rubric {name} must be a whole number: {entry}.")
    if not all(isinstance(number, int | float) and number >= 0 for number in (costs, most)):
        raise BadInput(f"A rule under `scan` in the rubric {name} needs `costs`, in points: {entry}.")
    try:
        compiled = None if pattern is None else re.compile(str(pattern), re.IGNORECASE | re.MULTILINE)
    except re.error as error:
        raise BadInput(f"The pattern `{pattern}` in the rubric {name} is no regular expression: {error}.") from error
    return RubricRule(pattern=compiled, words=words, costs=float(costs or 0.0), most=float(most))
