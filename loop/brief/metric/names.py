"""What a goal asks for, and whether a number is a setting, a spread or a measurement, by its name. Pure."""

import re

from journal.metric_names import HIGHER_IS_BETTER, LOWER_IS_BETTER, MetricDirection, is_rate, is_time_per, words

_LOW_GOAL = frozenset({
    "lowest", "lower", "low", "fewest", "fewer", "smallest", "smaller", "least", "less", "minimal", "minimum", "minimize",
    "minimise", "reduce", "below", "under", "shortest",
})  # fmt: skip
_HIGH_GOAL = frozenset({
    "highest", "higher", "high", "most", "more", "largest", "larger", "greatest", "maximal", "maximum", "maximize",
    "maximise", "increase", "above", "over",
})  # fmt: skip
_FAST_GOAL = frozenset(["fastest", "faster", "speed", "shortest", "quicker"])
_SETTINGS = frozenset({
    "epoch", "step", "iteration", "seed", "lr", "batch", "worker", "line", "date", "port", "pid", "version", "parameter",
    "depth", "width", "eta", "layer", "head", "embedding", "dim", "dropout", "momentum", "decay", "warmup", "budget",
    "rank", "world", "gpu", "cpu", "thread", "core", "sample", "example", "round", "trial", "fold", "index", "id", "num",
    "n", "k", "count", "total", "vocab", "hidden", "block", "chunk", "stride", "kernel", "patience", "config", "rate",
    "gamma", "alpha", "beta", "temperature", "horizon", "interval", "every", "size", "token", "second", "mb", "gb",
    "item", "items", "row", "column", "file", "shape", "degree", "tree", "bins", "support",
})  # fmt: skip
_SETTING_PARTNERS = frozenset({
    "size", "token", "second", "rate", "sample", "example", "item", "count", "total", "row", "file", "core", "cpu", "gpu",
    "k", "step", "iteration", "line", "version", "tree",
})  # fmt: skip
_SPREAD = frozenset({"std", "stddev", "stdev", "sigma", "variance", "sd", "ci", "stderr"})
_HELD_OUT = frozenset({"validation", "test", "evaluation", "dev", "held", "heldout", "holdout"})


def goal_direction(goal: str) -> MetricDirection | None:
    """The direction that a goal speaks of; None if it speaks of none, or of both."""
    found = set(re.findall(r"[a-z]+", goal.lower()))
    lower, higher = bool(found & _LOW_GOAL), bool(found & _HIGH_GOAL)
    return None if lower == higher else "minimize" if lower else "maximize"


def is_about_speed(goal: str) -> bool:
    return bool(set(words(goal)) & _FAST_GOAL)


def is_setting(name: str) -> bool:
    """Whether a number of this name is something that a run is given, or counts: a batch size, an epoch."""
    found = words(name)
    if is_rate(name) or is_time_per(name) or not found:
        return False
    settings = [word for word in found if word in _SETTINGS]
    if not settings:
        return False
    strong = [word for word in settings if word not in _SETTING_PARTNERS]
    has_metric = any(word in (LOWER_IS_BETTER | HIGHER_IS_BETTER) - {"size", "second", "byte"} for word in found)
    return not has_metric if not strong else not has_metric or found[-1] in _SETTINGS


def is_spread(name: str) -> bool:
    return bool(set(words(name)) & _SPREAD)


def is_held_out(name: str) -> bool:
    return bool(set(words(name)) & _HELD_OUT)


def is_of_training(name: str) -> bool:
    return bool(set(words(name)) & {"train", "training"})
