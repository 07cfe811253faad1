"""What the name of a metric says: its words, its usual direction, whether it is a duration or a rate. Pure."""

import re
from typing import Literal

MetricDirection = Literal["minimize", "maximize"]

_SYNONYMS = {
    "val": "validation", "valid": "validation", "eval": "evaluation", "acc": "accuracy", "avg": "average", "mean": "average",
    "ppl": "perplexity", "err": "error", "errors": "error", "sec": "second", "secs": "second", "s": "second",
    "ops": "operation", "op": "operation", "tok": "token", "req": "request", "reqs": "request", "requests": "request",
    "iter": "iteration", "it": "iteration", "its": "iteration", "iters": "iteration", "params": "parameter", "mem": "memory",
    "nanosecond": "ns",
    "microsecond": "us", "µs": "us", "μs": "us", "millisecond": "ms", "min": "minimum", "max": "maximum", "dur": "duration",
    "allocs": "allocation", "alloc": "allocation", "lat": "latency", "quickest": "fastest", "fast": "fastest",
    "tps": "throughput", "runtime": "time",
}  # fmt: skip
LOWER_IS_BETTER = frozenset({
    "loss", "error", "perplexity", "bpb", "bpc", "rmse", "mse", "mae", "mape", "wer", "cer", "latency", "second", "time",
    "ms", "ns", "us", "memory", "size", "cost", "regret", "failure", "byte", "exit", "nll", "fid", "duration",
    "allocation", "brier", "logloss", "deviance", "fvd", "chamfer", "ece", "penalty", "drawdown", "dd", "loc",
})  # fmt: skip
HIGHER_IS_BETTER = frozenset({
    "accuracy", "f1", "auc", "auroc", "precision", "recall", "bleu", "rouge", "score", "reward", "return", "r2", "map",
    "iou", "miou", "dice", "throughput", "passed", "coverage", "elo", "em", "ndcg", "mrr", "speed", "qps", "rps", "psnr",
    "ssim", "kappa", "mcc", "ap", "top1", "top5", "speedup", "solved", "correct", "hit", "win", "gflops", "tflops",
    "flops", "f05", "f2", "sharpe", "cindex", "mfu", "gain", "improvement",
})  # fmt: skip
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
    """The usual direction of a metric of this name; None if there is none. The last word that has one decides."""
    if is_time_per(name):
        return "minimize"
    if is_rate(name):
        return "maximize"
    word = next((word for word in reversed(words(name)) if word in LOWER_IS_BETTER | HIGHER_IS_BETTER), None)
    return None if word is None else "minimize" if word in LOWER_IS_BETTER else "maximize"


def is_rate(name: str) -> bool:
    """Whether a name is that of so much in a second."""
    return _PER_TIME.search(name) is not None and not is_time_per(name)


def is_time(name: str) -> bool:
    """Whether a name is that of a duration."""
    return not is_rate(name) and bool(set(words(name)) & {"second", "time", "ms", "ns", "us", "latency", "duration"})


def is_time_per(name: str) -> bool:
    """Whether a name is that of a time, or of memory, for one piece of work."""
    return _TIME_PER.search(name) is not None


def _whole(word: str) -> str:
    if word in _SYNONYMS:
        return _SYNONYMS[word]
    single = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    return _SYNONYMS.get(single, single)
