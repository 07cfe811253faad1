r"""A rubric file: the criteria of the judge model, the patterns that a scan counts, and the number of answers. Pure.

```yaml
text: An introduction for newcomers.     # what the text is, for the judge
criteria:                                # the judge grades each from 0 to 10
  - {name: clarity, ask: "Is every sentence understood at first reading?", weight: 2}
  - {name: truth, ask: "Is nothing claimed that is not shown?"}
scan:                                    # the scan subtracts points
  - {pattern: '\b(very|really)\b', costs: 0.5, most: 3}
  - {words: 300, costs: 0.01}            # for each word above 300
repeats: 3                               # independent answers of the judge
model: claude-haiku-5-5
```
"""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loop.brief import yaml_text
from loop.errors import BadInput

MAX_GRADE = 10.0
REPEATS, MAX_REPEATS = 3, 25
MODEL = "claude-haiku-5-5"  # the cheapest of the price list: a judge reads little and is called often
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One question to the judge, and the weight of its grade."""

    name: str
    ask: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class RubricRule:
    """Subtracts `costs` points for each match of `pattern`, or for each word above `words`; at most `most` points."""

    pattern: re.Pattern[str] | None = None
    words: int | None = None
    costs: float
    most: float = MAX_GRADE


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """The content of a rubric file."""

    text: str = ""
    criteria: tuple[Criterion, ...] = ()
    scan: tuple[RubricRule, ...] = ()
    repeats: int = REPEATS
    model: str = MODEL


@dataclass(frozen=True, kw_only=True)
class RubricScore:
    """`value` is `judged` less `scanned`; `sigma` is the standard error of the mean over the judge's answers."""

    value: float
    judged: float  # mean grade of the judge
    scanned: float  # points that the scan subtracts
    sigma: float | None
    by_criterion: Mapping[str, float]


def read(source: str, *, name: str) -> Rubric:
    """Read a rubric. Raises BadInput."""
    try:
        data = yaml_text.value(source)
    except yaml_text.NotYaml as error:
        raise BadInput(f"The rubric {name} is not YAML: {error}.") from error
    if not isinstance(data, dict) or not (data.get("criteria") or data.get("scan")):
        raise BadInput(f"The rubric {name} has no `criteria` and no `scan`: it needs one of them.")
    if unknown := sorted(set(data) - {"text", "criteria", "scan", "repeats", "model"}):
        raise BadInput(f"The rubric {name} has an unknown key `{unknown[0]}`.")
    repeats = data.get("repeats", REPEATS)
    if not isinstance(repeats, int) or not 1 <= repeats <= MAX_REPEATS:
        raise BadInput(f"`repeats` in the rubric {name} must be a whole number from 1 to {MAX_REPEATS}.")
    criteria = tuple(_criterion(entry, name) for entry in _entries(data, "criteria", name))
    if len({criterion.name for criterion in criteria}) < len(criteria):
        raise BadInput(f"Two criteria of the rubric {name} have the same name.")
    return Rubric(
        text=str(data.get("text", "")),
        criteria=criteria,
        scan=tuple(_rule(entry, name) for entry in _entries(data, "scan", name)),
        repeats=repeats,
        model=str(data.get("model", MODEL)),
    )


def score(rubric: Rubric, text: str, answers: Sequence[Mapping[str, float]]) -> RubricScore:
    """The score of a text from the scan and the judge's answers: grades by criterion, none if the rubric has no criteria."""
    totals = [_total(rubric.criteria, grades) for grades in answers]
    judged = statistics.mean(totals) if totals else MAX_GRADE
    scanned = sum(penalty(rule, text) for rule in rubric.scan)
    return RubricScore(
        value=judged - scanned,
        judged=judged,
        scanned=scanned,
        sigma=statistics.stdev(totals) / len(totals) ** 0.5 if len(totals) > 1 else None,
        by_criterion={
            criterion.name: statistics.mean(grades[criterion.name] for grades in answers)
            for criterion in rubric.criteria
        },
    )


def penalty(rule: RubricRule, text: str) -> float:
    """The points that a rule subtracts."""
    if rule.pattern is not None:
        count = sum(1 for _ in rule.pattern.finditer(text))
    else:
        count = max(0, len(text.split()) - (rule.words or 0))
    return min(rule.most, count * rule.costs)


def _total(criteria: Sequence[Criterion], grades: Mapping[str, float]) -> float:
    weights = sum(criterion.weight for criterion in criteria)
    return sum(criterion.weight * grades[criterion.name] for criterion in criteria) / weights


def _entries(data: Mapping[str, Any], key: str, name: str) -> list[dict[str, Any]]:
    entries = data.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadInput(f"`{key}` in the rubric {name} must be a list of entries such as `- {{name: …}}`.")
    return entries


def _criterion(entry: Mapping[str, Any], rubric: str) -> Criterion:
    name, ask, weight = entry.get("name"), entry.get("ask"), entry.get("weight", 1.0)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(ask, str):
        raise BadInput(
            f"A criterion of the rubric {rubric} needs a `name` (a-z, 0-9, _) and a question under `ask`: {entry}."
        )
    if not isinstance(weight, int | float) or weight <= 0:
        raise BadInput(f"The weight of `{name}` in the rubric {rubric} must be above 0.")
    return Criterion(name=name, ask=ask, weight=float(weight))


def _rule(entry: Mapping[str, Any], rubric: str) -> RubricRule:
    pattern, words = entry.get("pattern"), entry.get("words")
    costs, most = entry.get("costs"), entry.get("most", MAX_GRADE)
    if (pattern is None) == (words is None):
        raise BadInput(f"A rule under `scan` in the rubric {rubric} needs either `pattern` or `words`: {entry}.")
    if words is not None and not isinstance(words, int):
        raise BadInput(f"`words` in the rubric {rubric} must be a whole number: {entry}.")
    if not all(isinstance(points, int | float) and points >= 0 for points in (costs, most)):
        raise BadInput(f"A rule under `scan` in the rubric {rubric} needs `costs`, in points: {entry}.")
    try:
        compiled = None if pattern is None else re.compile(str(pattern), re.IGNORECASE | re.MULTILINE)
    except re.error as error:
        raise BadInput(
            f"The pattern `{pattern}` in the rubric {rubric} is not a regular expression: {error}."
        ) from error
    return RubricRule(pattern=compiled, words=words, costs=float(costs or 0.0), most=float(most))
