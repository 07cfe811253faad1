"""The outcome of a run: RunFinished with its metric, or RunFailed with a kind and a reason. Pure.

The kind of a failure follows from how the command ended and from its last output.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from journal.events import FailureKind, RunFailed, RunFinished, Trust, Usage
from journal.secret_scan import redact
from loop.brief.metric.source import TIME_METRICS
from loop.contracts import RunSpec
from loop.runs.measure import CommandResult
from loop.runs.process.runner import SHELL_SIGNAL

Stage = Literal["training", "evaluation"]

TRACE_CHARACTERS = 4_000  # of the output's end, stored in the event
TAMPERED = 3  # exit code by which an evaluator reports that the model broke its rules
SIGNATURE_LIMIT = 160  # characters
SIGNATURE_SOURCE = 2_000  # characters of a line that are looked at
SIGKILL = 9
CLUSTERED = ("crash", "nan", "oom")  # failures that their last error distinguishes

_NAN = re.compile(r"(not finite|\bnan\b|diverged)", re.IGNORECASE)
_MEMORY = re.compile(r"(out of memory|OutOfMemoryError|MemoryError|Cannot allocate memory)", re.IGNORECASE)
_DISK = re.compile(r"(No space left on device|File too large|Errno 2[78])")
_ERROR = re.compile(r"^\s*(?:error:|[\w.]*(?:Error|Exception|Interrupt|Exit)\b).*", re.IGNORECASE)
_VARIABLE_PARTS = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x…"),
    (re.compile(r"/[^\s:'\"]+/([^\s:'\"/]+)"), r"\1"),
    (re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"), "N"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True, kw_only=True)
class NoMetric:
    """Why there is no metric."""

    kind: FailureKind
    reason: str


def failure(result: CommandResult, *, stage: Stage, process_metric: str = "") -> NoMetric | None:
    """Why a command that has ended failed; None if it did not.

    `process_metric` is the metric, if it is a number of the command's own process: then no exit code is a failure, or no
    time is too long.
    """
    if result.listener_error:
        reason = f"the loop could not take in what the {stage} reported ({result.listener_error})"
        return NoMetric(kind="crash", reason=reason)
    problem = _ended_by_loop(result, stage)
    if problem is None and (process_metric != "exit_code" or result.status.exit_code is None):
        problem = _failed_by_itself(result, stage)
    if problem is None and result.overspent_reason and process_metric not in TIME_METRICS:
        return NoMetric(kind="timeout", reason=f"the {stage} exceeded its budget: {result.overspent_reason}")
    return problem


def run_failed(
    spec: RunSpec, problem: NoMetric, *, result: CommandResult, wall_seconds: float, usage: Usage
) -> RunFailed:
    """The event of a run without a metric, and without secrets that the run has printed."""
    tail = redact(result.tail)
    return RunFailed(
        session=spec.session,
        experiment=spec.experiment,
        run=spec.run,
        kind=problem.kind,
        reason=redact(problem.reason)[:500],
        exit_code=result.status.exit_code,
        signature=f"{problem.kind}: {signature(tail)}" if problem.kind in CLUSTERED else problem.kind,
        trace=tail[-TRACE_CHARACTERS:],
        wall_seconds=wall_seconds,
        train_seconds=result.training_seconds,
        usage=usage,
    )


def run_finished(
    spec: RunSpec,
    metric: float,
    *,
    trust: Trust,
    training: CommandResult,
    evaluate_seconds: float,
    wall_seconds: float,
    values: Mapping[str, float],
    usage: Usage,
) -> RunFinished:
    """The event of a run with a metric."""
    report = training.finished
    return RunFinished(
        session=spec.session,
        experiment=spec.experiment,
        run=spec.run,
        seed=spec.seed,
        metric=metric,
        trust=trust,
        train_seconds=training.training_seconds,
        wall_seconds=wall_seconds,
        startup_seconds=training.startup_seconds,
        evaluate_seconds=evaluate_seconds,
        tokens=report.tokens if report else None,
        steps=report.steps if report else None,
        peak_memory=(report and report.peak_memory) or training.status.peak_memory,
        purpose=spec.purpose,
        guards=dict(training.times),
        values=dict(values),
        usage=usage,
    )


def failure_kind(*, exit_code: int | None, signal: int | None, tail: str) -> FailureKind:
    """The kind of a failure with this ending and this output."""
    last = "\n".join(tail.splitlines()[-12:])
    if _DISK.search(last):
        return "disk_full"
    if _MEMORY.search(last):
        return "oom"
    if SIGKILL in (signal, (exit_code or 0) - SHELL_SIGNAL):
        return "killed"
    if exit_code not in (0, None) and _NAN.search(_last_error(tail)):
        return "nan"
    return "crash"


def signature(tail: str) -> str:
    """The last error without paths, addresses and numbers: the key that groups failures."""
    line = _last_error(tail)[:SIGNATURE_SOURCE]
    for pattern, replacement in _VARIABLE_PARTS:
        line = pattern.sub(replacement, line)
    return line[:SIGNATURE_LIMIT]


def _ended_by_loop(result: CommandResult, stage: Stage) -> NoMetric | None:
    """Why the loop ended a command: a limit or a person."""
    status = result.status
    timeout = result.timeout_reason or f"it was still running after {status.wall_seconds:.0f} s"
    kinds: dict[str, tuple[FailureKind, str]] = {
        "timeout": ("timeout", f"the {stage} exceeded its time: {timeout}"),
        "flood": ("flood", f"the {stage} printed more than {status.output_bytes >> 20} MiB"),
        "memory": ("oom", f"the {stage} exceeded the memory limit of a run"),
        "processes": ("forks", f"the {stage} exceeded the process limit of a run"),
        "disk": ("disk_full", f"the disk ran low during the {stage}"),
        "skip": ("skipped", "a person skipped the experiment"),
        "interrupt": ("interrupted", "a person ended the run"),
    }
    kind, reason = kinds.get(status.reason, (None, ""))
    return NoMetric(kind=kind, reason=reason) if kind else None


def _failed_by_itself(result: CommandResult, stage: Stage) -> NoMetric | None:
    status, lines = result.status, _lines(result.tail)
    last_line = lines[-1] if lines else "it printed nothing"
    if status.exit_code == 0:
        return None
    if stage == "evaluation" and status.exit_code == TAMPERED:
        return NoMetric(kind="nan" if "not finite" in last_line else "tampered", reason=last_line)
    kind = failure_kind(exit_code=status.exit_code, signal=status.signal, tail=result.tail)
    ending = f"by signal {status.signal}" if status.signal else f"with exit code {status.exit_code}"
    return NoMetric(kind=kind, reason=f"the {stage} ended {ending}: {last_line}")


def _last_error(tail: str) -> str:
    """The last line that reads as an error, else the last line."""
    lines = _lines(tail)
    errors = [line for line in lines if _ERROR.match(line)]
    return (errors or lines or [""])[-1]


def _lines(tail: str) -> list[str]:
    """The lines that are not empty."""
    return [line.strip() for line in tail.splitlines() if line.strip()]
