"""The time of one training, by the loop's own monotonic clock from the process's start, whatever the training reports.

A training reports when it starts; what it does before that is its start-up. To train before the start or after the budget
gains without a better idea. On a GPU, where a run costs wall clock, a change may take half again as long to start as the
unchanged code, and its budget, each with a small slack. On processors, which other programs use too, a second is worth what
they leave of it: there the brief's own sum alone ends a training, and a training that took both more time and more processor
time than its budget and the unchanged code counts as overspent. The slack is the most that a change can gain; the record holds
the times.

A model that is scored in processes of its own could train there as well. What these take beyond twice the unchanged code's
time, and beyond the slack, counts as overspent too.

Not measured: processor time of processes that live for less than a tenth of a second and that nobody waits for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from journal.untrusted import JsonDecoder, UntrustedInput, read_file
from loop.contracts import BaselineTimes

GRACE_SECONDS = 5.0  # after the budget, to write the checkpoint, if the times of the unchanged code are unknown
SLACK_SECONDS = 2.0  # for a machine's noise, if they are known
SLACK_SHARE = 0.05  # of the budget: grace and slack are at least this
SLACK_LIMIT = 0.1  # of the budget: slack is at most this, or half a second
LEAST_SLACK = 0.5
SCORING_FACTOR = 2.0  # of the unchanged code's time in model processes: a larger model takes longer to be scored
STARTUP_FACTOR = 1.5  # of the unchanged code's start-up
SHARED_FACTOR = 2.0  # of the budget in the brief's sum, on processors that other programs use too
CPU_FACTOR = 1.1  # of the unchanged code's processor time


class ScoringReport(msgspec.Struct, frozen=True):
    """What the model broker writes at its end; without a sandbox the model could have written it."""

    processes: int
    cpu_seconds: float
    wall_seconds: float


_report: JsonDecoder[ScoringReport] = JsonDecoder(ScoringReport)


@dataclass
class TimeBudget:
    """The brief's `startup` and `budget`, in seconds, for one training; `shared` on processors. The clock runs at once."""

    startup: float
    budget: float
    baseline: BaselineTimes | None = None
    shared: bool = False
    now: Callable[[], float] = time.monotonic
    process_start: float = field(init=False)
    training_start: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.process_start = self.now()
        if self.baseline is not None and self.baseline.startup is None:
            self.training_start = self.process_start

    def start_training(self) -> None:
        """Take in the training's first report of its start; a second one has no effect."""
        if self.training_start is None:
            self.training_start = self.now()

    def timeout_reason(self) -> str | None:
        """Why the training's time is over before the brief's own sum is, as a clause; None if it is not."""
        if self.shared:
            return None
        if self.training_start is not None:
            limit = self._training_limit()
            is_over = self.training_seconds() > limit
            return f"it trained for more than {limit:.1f} s on a budget of {self.budget:g} s" if is_over else None
        startup = self.baseline.startup if self.baseline is not None else None
        if startup is None:
            return None
        limit = min(max(self.startup, startup), STARTUP_FACTOR * startup + slack_seconds(self.budget))
        if self.wall_seconds() <= limit:
            return None
        return f"it did not report its start within {limit:.1f} s; the unchanged code took {startup:.1f} s"

    def limit_seconds(self) -> float:
        """Seconds after which a training is ended in any case: the brief's own sum."""
        factor = SHARED_FACTOR if self.shared else 1.0
        return self.startup + factor * self.budget + max(GRACE_SECONDS, SLACK_SHARE * self.budget)

    def overspent_reason(self, cpu: float | None) -> str | None:
        """Why a training that has ended took more than its budget, as a clause, or None. `cpu` in seconds."""
        if self.baseline is None or not self.shared or cpu is None:
            return None
        wall, slack = self.wall_seconds(), slack_seconds(self.budget)
        own_sum = (
            self.baseline.startup or 0.0
        ) + self.budget  # a program that ends by itself may take all of its budget
        if (
            wall <= max(self.baseline.wall, own_sum) + slack
            or cpu <= max(CPU_FACTOR * self.baseline.cpu, own_sum) + slack
        ):
            return None
        times = f"it took {wall:.1f} s and {cpu:.1f} s of processor time"
        return f"{times}; the unchanged code took {self.baseline.wall:.1f} s and {self.baseline.cpu:.1f} s"

    def startup_seconds(self) -> float | None:
        """From the process's start to the training's; None if the training did not report it."""
        start = self.training_start
        return start - self.process_start if start is not None and start > self.process_start else None

    def training_seconds(self) -> float:
        """From the training's start, or the process's, until now."""
        return self.now() - (self.process_start if self.training_start is None else self.training_start)

    def wall_seconds(self) -> float:
        """From the process's start until now."""
        return self.now() - self.process_start

    def credible_seconds(self, claimed: float | None) -> float:
        """Seconds of training: the claim if it is near this clock (on processors: not above it), else this clock's."""
        measured = self.training_seconds()
        lowest = 0.0 if self.shared else measured - max(GRACE_SECONDS, SLACK_SHARE * self.budget)
        return claimed if claimed is not None and lowest <= claimed <= measured else measured

    def _training_limit(self) -> float:
        if self.baseline is None:
            return self.budget + max(GRACE_SECONDS, SLACK_SHARE * self.budget)
        return max(self.budget, self.baseline.training) + slack_seconds(self.budget)


def slack_seconds(budget: float) -> float:
    """Seconds by which the times of two honest runs may differ: 5 % of the budget, or 2 s if these are no more than 10 %."""
    return max(SLACK_SHARE * budget, min(SLACK_SECONDS, max(LEAST_SLACK, SLACK_LIMIT * budget)))


def scoring_reason(seconds: float | None, baseline: float | None, *, budget: float) -> str | None:
    """Why the model processes were not only scored, as a clause, or None; seconds of theirs and of the unchanged code's."""
    if seconds is None or baseline is None:
        return None
    limit = SCORING_FACTOR * baseline + slack_seconds(budget)
    return (
        f"its model processes took {seconds:.1f} s while they were scored, and the unchanged code's {baseline:.1f} s"
        if seconds > limit
        else None
    )


def scoring_seconds(path: Path, *, wall: bool) -> float | None:
    """The seconds that a report of the model broker names, of processors or of the clock; None without model processes."""
    try:
        report = _report.value(read_file(path))
    except UntrustedInput:
        return None
    if report is None or report.processes < 1:
        return None
    return report.wall_seconds if wall else report.cpu_seconds
