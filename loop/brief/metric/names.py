"""What the name of a number says: its words, its usual direction, whether it is a setting and no result. Pure."""

import re
from typing import Literal

MetricDirection = Literal["minimize", "maximize"]

_SYNONYMS = {
    "val": "validation", "valid": "validation", "eval": "evaluation", "acc": "accuracy", "avg": "average", "mean": "average",
    "ppl": "perplexity", "err": "error", "errors": "error", "sec": "second", "secs": "second", "s": "second",
    "ops": "operation",
    "op": "operation", "tok": "token", "req": "request", "reqs": "request", "requests": "request", "iter": "iteration",
    "it": "iteration", "its": "iteration", "iters": "iteration", "params": "parameter", "mem": "memory", "nanosecond": "ns",
    "microsecond": "us", "µs": "us", "μs": "us", "millisecond": "ms", "min": "minimum", "max": "maximum", "dur": "duration",
    "allocs": "allocation", "alloc": "allocation", "lat": "latency", "quickest": "fastest", "fast": "fastest",
    "likelihood": "likelihood", "tps": "throughput", "runtime": "time",
}  # fmt: skip
_LOWER_IS_BETTER = frozenset(
    [
        "loss",
        "error",
        "perplexity",
        "bpb",
        "bpc",
        "rmse",
        "mse",
        "mae",
        "mape",
        "wer",
        "cer",
        "latency",
        "second",
        "time",
        "ms",
        "ns",
        "us",
        "memory",
        "size",
        "cost",
        "regret",
        "failure",
        "byte",
        "exit",
        "nll",
        "fid",
        "duration",
        "allocation",
        "brier",
        "logloss",
        "deviance",
        "fvd",
        "chamfer",
        "ece",
    ]
)
_HIGHER_IS_BETTER = frozenset(
    [
        "accuracy",
        "f1",
        "auc",
        "auroc",
        "precision",
        "recall",
        "bleu",
        "rouge",
        "score",
        "reward",
        "return",
        "r2",
        "map",
        "iou",
        "miou",
        "dice",
        "throughput",
        "passed",
        "coverage",
        "elo",
        "em",
        "ndcg",
        "mrr",
        "speed",
        "qps",
        "rps",
        "psnr",
        "ssim",
        "kappa",
        "mcc",
        "ap",
        "top1",
        "top5",
        "speedup",
        "solved",
        "correct",
        "hit",
        "win",
        "gflops",
        "tflops",
        "flops",
    ]
)
_LOW_GOAL = frozenset(
    [
        "lowest",
        "lower",
        "low",
        "fewest",
        "fewer",
        "smallest",
        "smaller",
        "least",
        "less",
        "minimal",
        "minimum",
        "minimize",
        "minimise",
        "reduce",
        "below",
        "under",
        "shortest",
    ]
)
_HIGH_GOAL = frozenset(
    [
        "highest",
        "higher",
        "high",
        "most",
        "more",
        "largest",
        "larger",
        "greatest",
        "maximal",
        "maximum",
        "maximize",
        "maximise",
        "increase",
        "above",
        "over",
    ]
)
_FAST_GOAL = frozenset(["fastest", "faster", "speed", "shortest", "quicker"])
_SETTINGS = frozenset(
    [
        "epoch",
        "step",
        "iteration",
        "seed",
        "lr",
        "batch",
        "worker",
        "line",
        "date",
        "port",
        "pid",
        "version",
        "parameter",
        "depth",
        "width",
        "eta",
        "layer",
        "head",
        "embedding",
        "dim",
        "dropout",
        "momentum",
        "decay",
        "warmup",
        "budget",
        "rank",
        "world",
        "gpu",
        "cpu",
        "thread",
        "core",
        "sample",
        "example",
        "round",
        "trial",
        "fold",
        "index",
        "id",
        "num",
        "n",
        "k",
        "count",
        "total",
        "vocab",
        "hidden",
        "block",
        "chunk",
        "stride",
        "kernel",
        "patience",
        "config",
        "rate",
        "gamma",
        "alpha",
        "beta",
        "temperature",
        "horizon",
        "interval",
        "every",
        "size",
        "token",
        "second",
        "mb",
        "gb",
        "item",
        "items",
        "row",
        "column",
        "file",
        "shape",
        "degree",
        "tree",
        "bins",
        "support",
    ]
)
_SETTING_PARTNERS = frozenset(
    [
        "size",
        "token",
        "second",
        "rate",
        "sample",
        "example",
        "item",
        "count",
        "total",
        "row",
        "file",
        "core",
        "cpu",
        "gpu",
        "k",
        "step",
        "iteration",
        "line",
        "version",
        "tree",
    ]
)
_SPREAD = frozenset({"std", "stddev", "stdev", "sigma", "variance", "sd", "ci", "stderr"})
_HELD_OUT = frozenset({"validation", "test", "evaluation", "dev", "held", "heldout", "holdout"})
_PER_TIME = re.compile(
    r"(?:/\s*s(?:ec(?:ond)?)?|\bper[ _-]s(?:ec(?:ond)?)?|_s)\b|\b(?:it|ops|tok|req)/s", re.IGNORECASE
)
_TIME_PER = re.compile(
    r"(?:\b|_)(?:ns|us|µs|μs|ms|s|sec|seconds?|bytes?|b|allocs?)[ _]?(?:/|per[ _])[ _]?"
    r"(?:op|it|iter|req|step|call|query|token)",
    re.IGNORECASE,
)


def words(name: str) -> list[str]:
    """The words of a name in lower case, also of snake_case and camelCase; an abbreviation is its whole word."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return [_whole(word) for word in re.split(r"[^a-z0-9µμ]+", spaced) if word]


def usual_direction(name: str) -> MetricDirection | None:
    """The usual direction of a metric of this name; None if there is none."""
    if _TIME_PER.search(name):
        return "minimize"
    if is_rate(name):
        return "maximize"
    found = set(words(name))
    lower, higher = bool(found & _LOWER_IS_BETTER), bool(found & _HIGHER_IS_BETTER)
    return None if lower == higher else "minimize" if lower else "maximize"


def goal_direction(goal: str) -> MetricDirection | None:
    """The direction that a goal speaks of; None if it speaks of none, or of both."""
    found = set(re.findall(r"[a-z]+", goal.lower()))
    lower, higher = bool(found & _LOW_GOAL), bool(found & _HIGH_GOAL)
    return None if lower == higher else "minimize" if lower else "maximize"


def is_about_speed(goal: str) -> bool:
    return bool(set(words(goal)) & _FAST_GOAL)


def is_time(name: str) -> bool:
    """Whether a name is that of a duration."""
    return not is_rate(name) and bool(set(words(name)) & {"second", "time", "ms", "ns", "us", "latency", "duration"})


def is_rate(name: str) -> bool:
    """Whether a name is that of so much in a second."""
    return _PER_TIME.search(name) is not None and not _TIME_PER.search(name)


def is_setting(name: str) -> bool:
    """Whether a number of this name is something that a run is given, or counts: a batch size, an epoch."""
    found = words(name)
    if is_rate(name) or _TIME_PER.search(name) or not found:
        return False
    settings = [word for word in found if word in _SETTINGS]
    if not settings:
        return False
    strong = [word for word in settings if word not in _SETTING_PARTNERS]
    has_metric = any(word in (_LOWER_IS_BETTER | _HIGHER_IS_BETTER) - {"size", "second", "byte"} for word in found)
    return not has_metric if not strong else not has_metric or found[-1] in _SETTINGS


def is_spread(name: str) -> bool:
    return bool(set(words(name)) & _SPREAD)


def is_held_out(name: str) -> bool:
    return bool(set(words(name)) & _HELD_OUT)


def is_of_training(name: str) -> bool:
    return bool(set(words(name)) & {"train", "training"})


def _whole(word: str) -> str:
    if word in _SYNONYMS:
        return _SYNONYMS[word]
    single = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    return _SYNONYMS.get(single, single)
