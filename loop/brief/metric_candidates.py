"""Numbers in a command's output that could be the metric, and the pattern that finds each. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loop.brief.config import NUMBER, Config
from loop.brief.metric import find, objects

MetricDirection = Literal["minimize", "maximize"]

_PAIR = re.compile(
    rf"(?P<label>[A-Za-z_][\w./@%-]*(?: [A-Za-z_][\w./@%-]*){{0,3}})(?P<sign>\s*[:=]\s*){NUMBER}(?![\w.:]*\w)"
)
_LEVEL = re.compile(r"^(?:(?:DEBUG|INFO|WARNING|ERROR|NOTE)\s+)+")
_NO_METRIC = re.compile(
    r"\b(epochs?|steps?|iter(ation)?s?|seeds?|lr|learning[ _]rate|batch|workers?|lines?|time|date|port|pid|version|"
    r"params?|num_\w+|n_\w+|depth|width|\w*seconds|\w*_mb|\w*_gb|\w*tokens\w*|eta)\b",
    re.IGNORECASE,
)
_LOWER = frozenset({
    "loss", "error", "err", "perplexity", "ppl", "bpb", "bpc", "rmse", "mse", "mae", "wer", "cer", "latency", "seconds", "time",
    "ms", "memory", "size", "cost", "regret", "failures", "bytes", "exit", "nll", "fid",
})  # fmt: skip
_HIGHER = frozenset({
    "accuracy", "acc", "f1", "auc", "auroc", "precision", "recall", "bleu", "rouge", "score", "reward", "return", "r2", "map",
    "iou", "dice", "throughput", "rate", "passed", "coverage", "elo", "em", "ndcg", "mrr", "speed", "qps",
})  # fmt: skip
_MEASURED_APART = re.compile(r"val|test|eval|dev|held", re.IGNORECASE)
MOST = 8  # that are shown


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A number that a run printed: its name as printed, its last value, and the pattern that finds it there."""

    name: str
    value: float
    pattern: str  # as in a brief

    @property
    def direction(self) -> MetricDirection | None:
        return direction_of(self.name)


def candidates(text: str) -> list[Candidate]:
    """What could be the metric, the likeliest first."""
    found = {**_in_lines(text), **_in_objects(text)}
    places = {name: place for place, name in enumerate(found)}
    return sorted(found.values(), key=lambda one: (-_likely(one.name), -places[one.name]))[:MOST]


def named(name: str, found: Sequence[Candidate]) -> Candidate | None:
    """The candidate that a person means by a name: the same words, or the only one that holds it."""
    same = [one for one in found if _words(one.name) == _words(name)]
    holding = [one for one in found if set(_words(name)) <= set(_words(one.name))]
    return same[0] if same else holding[0] if len(holding) == 1 else None


def direction_of(name: str) -> MetricDirection | None:
    """Which way a metric of this name is better, where that is usual."""
    words = _words(name)
    lower, higher = any(word in _LOWER for word in words), any(word in _HIGHER for word in words)
    return None if lower == higher else "minimize" if lower else "maximize"


def _in_lines(text: str) -> dict[str, Candidate]:
    found: dict[str, Candidate] = {}
    for line in text.splitlines():
        for match in _PAIR.finditer(line):
            if line.lstrip().startswith("{"):
                continue
            label = _LEVEL.sub("", match["label"])
            start = "^" if match.start() == 0 and label == match["label"] else ""
            escaped = re.escape(label).replace(r"\ ", " ").replace(r"\-", "-")
            pattern = rf"{start}{escaped}\s*{match['sign'].strip()}\s*(number)"
            found.pop(label, None)
            found[label] = Candidate(name=label, value=float(match[3]), pattern=pattern)
    return found


def _in_objects(text: str) -> dict[str, Candidate]:
    last = next(objects(text), {})
    return {
        name: Candidate(name=name, value=float(value), pattern=f"json:{name}")
        for name, value in last.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _likely(name: str) -> int:
    """How likely a number of this name is the metric."""
    known = direction_of(name) is not None
    return 4 * (not _NO_METRIC.search(name)) + 2 * known + bool(_MEASURED_APART.search(name))


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()) if word]


def pattern_for(chosen: Candidate, metric: str, text: str) -> str:
    """The pattern that a brief needs for a candidate; empty where the default finds the same number."""
    standard = find(Config(goal="-", metric=metric, direction="minimize"), text)
    return "" if standard == chosen.value else chosen.pattern
