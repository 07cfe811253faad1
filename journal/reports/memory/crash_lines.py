"""Crashed experiments as lines of the memory: a bug leaves the idea untested, a limit answers it. Pure."""

import re

from journal.projections.experiments import Experiment
from journal.projections.runs import Run
from journal.projections.trials import Trial
from journal.reports.quoting import quote

BUGS = frozenset({"crash", "no_metric"})  # failures that say nothing about the idea if the change adds code
IDEA, ERROR = 110, 90  # characters
_LINE = re.compile(r"\bline (\d+)\b")


def has_bug(run: Run | None, trial: Trial | None) -> bool:
    """Whether code that the change wrote is at fault; values alone contain no bug."""
    change = trial.change if trial else None
    adds_code = change is None or bool(change.added or change.removed)
    return run is not None and run.failure in BUGS and adds_code


def crash_line(row: Experiment, run: Run | None) -> str:
    """The experiment, and the last error with its line in the code."""
    return f"- {row.number} {quote(row.idea, IDEA)} {quote(_error(run) or row.reason, ERROR)}"


def _error(run: Run | None) -> str:
    if run is None:
        return ""
    kind, message = run.failure or "", run.signature or run.reason
    text = message if message.startswith(f"{kind}: ") or kind == "crash" else f"{kind}: {message}"
    lines = _LINE.findall(run.trace)
    return f"{text.removeprefix('crash: ')}{f', line {lines[-1]}' if lines else ''}"
