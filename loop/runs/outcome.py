"""What a run comes to: RunFinished with its metric, or RunFailed with its own kind and a reason in words. Pure.

The kind of a failure is read from how the command ended and what it said last.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from journal.events import FailureKind, RunFailed, RunFinished, Trust, Usage
from loop.brief.metric import TIMES
from loop.contracts import RunSpec
from loop.runs.measure import CommandResult

TRACE_CHARACTERS = 4_000  # of the output's end, kept in the event
TAMPERED = 3  # exit code by which an evaluator says that the model broke its rules
SIGNATURE_LIMIT = 160  # characters

_NAN = re.compile(r"(not finite|\bnan\b|diverged)", re.IGNORECASE)
_MEMORY = re.compile(r"(out of memory|OutOfMemoryError|MemoryError|Cannot allocate memory)", re.IGNORECASE)
_DISK = re.compile(r"(No space left on device|File too large|Errno 2[78])")
_ERROR = re.compile(r"^\s*(?:error:|[\w.]*(?:Error|Exception|Interrupt|Exit)\b).*", re.IGNORECASE)
_VARIABLE = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x…"),
    (re.compile(r"(?:/[^\s:'\"]+)+/([^\s:'\"/]+)"), r"\1"),
    (re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"), "N"),
    (re.compile(r"\s+"), " "),
)
SIGKILL = 9
SHELL_SIGNAL = 128  # what a shell adds to the number of the signal that ended its command
CLUSTERED = ("crash", "nan", "oom")  # failures whose trace tells them apart


@dataclass(frozen=True, kw_only=True)
class NoMetric:
    """Why there is no metric."""

    kind: FailureKind
    reason: str


def failure(measured: CommandResult, *, what: str, asked: str = "") -> NoMetric | None:
    """Why a command that has ended is no success; `what` is the training or the evaluation.

    `asked` is what the brief measures of the command itself: an exit code that is the metric is no failure, whatever it
    is, and neither is a slow run where time is the metric.
    """
    found = _ended(measured, what=what)
    if found is None and (asked != "exit_code" or measured.ending.exit_code is None):
        found = _exited(measured, what=what)
    if found is None and measured.overspent and asked not in TIMES:
        return NoMetric(kind="timeout", reason=f"the {what} took more than its budget: {measured.overspent}")
    return found


def _ended(measured: CommandResult, *, what: str) -> NoMetric | None:
    """The loop, a limit or a person ended it."""
    ending = measured.ending
    late = measured.late or f"it was still running after {ending.wall_seconds:.0f} s"
    kinds: dict[str, tuple[FailureKind, str]] = {
        "timeout": ("timeout", f"the {what} was ended: {late}"),
        "flood": ("flood", f"the {what} printed more than {ending.output_bytes >> 20} MiB and was ended"),
        "memory": ("oom", f"the {what} took more memory than a run may have and was ended"),
        "processes": ("forks", f"the {what} started more processes than a run may have and was ended"),
        "disk": ("disk_full", f"the disk ran low while the {what} wrote, so it was ended"),
        "asked": ("skipped", "skipped by a person"),
        "now": ("interrupted", "ended by a person"),
    }
    kind, reason = kinds.get(ending.reason, (None, ""))
    return NoMetric(kind=kind, reason=reason) if kind else None


def _exited(measured: CommandResult, *, what: str) -> NoMetric | None:
    ending, said = measured.ending, last_line(measured.tail)
    if ending.exit_code == 0:
        return None
    if what == "evaluation" and ending.exit_code == TAMPERED:
        return NoMetric(kind="nan" if "not finite" in said else "tampered", reason=said)
    kind = kind_of(exit_code=ending.exit_code, signal=ending.signal, tail=measured.tail)
    how = f"by signal {ending.signal}" if ending.signal else f"with exit code {ending.exit_code}"
    return NoMetric(kind=kind, reason=f"the {what} ended {how}: {said or 'it said nothing'}")


def failed(
    training: RunSpec, why: NoMetric, *, measured: CommandResult, wall_seconds: float, usage: Usage
) -> RunFailed:
    """The event of a run without a metric."""
    return RunFailed(
        session=training.session,
        experiment=training.experiment,
        run=training.run,
        kind=why.kind,
        reason=why.reason[:500],
        exit_code=measured.ending.exit_code,
        signature=f"{why.kind}: {signature(measured.tail)}" if why.kind in CLUSTERED else why.kind,
        trace=measured.tail[-TRACE_CHARACTERS:],
        wall_seconds=wall_seconds,
        train_seconds=measured.training_seconds,
        usage=usage,
    )


def finished(
    training: RunSpec,
    value: float,
    *,
    trust: Trust,
    trained: CommandResult,
    evaluate_seconds: float,
    wall_seconds: float,
    values: Mapping[str, float],
    usage: Usage,
) -> RunFinished:
    """The event of a run with a metric."""
    said = trained.finished
    return RunFinished(
        session=training.session,
        experiment=training.experiment,
        run=training.run,
        seed=training.seed,
        metric=value,
        trust=trust,
        train_seconds=trained.training_seconds,
        wall_seconds=wall_seconds,
        startup_seconds=trained.startup_seconds,
        evaluate_seconds=evaluate_seconds,
        tokens=said.tokens if said else None,
        steps=said.steps if said else None,
        peak_memory=(said and said.peak_memory) or trained.ending.peak_memory,
        purpose=training.purpose,
        guards=dict(trained.guards),
        values=dict(values),
        usage=usage,
    )


def last_line(tail: str) -> str:
    """The last line that is not empty."""
    return next((line.strip() for line in reversed(tail.splitlines()) if line.strip()), "")


def kind_of(*, exit_code: int | None, signal: int | None, tail: str) -> FailureKind:
    """What kind of failure an ending with this output is."""
    last = "\n".join(tail.splitlines()[-12:])
    if _DISK.search(last):
        return "disk_full"
    if _MEMORY.search(last):
        return "oom"
    if SIGKILL in (signal, (exit_code or 0) - SHELL_SIGNAL):
        return "killed"
    if exit_code not in (0, None) and _NAN.search(last_error(tail)):
        return "nan"
    return "crash"


def last_error(tail: str) -> str:
    """The last line that reads as an error, else the last line that is not empty."""
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    return (errors or lines or [""])[-1]


def signature(tail: str) -> str:
    """The last error with paths, addresses and numbers taken out: the key by which failures cluster."""
    line = last_error(tail)
    for pattern, stand_in in _VARIABLE:
        line = pattern.sub(stand_in, line)
    return line[:SIGNATURE_LIMIT]
