"""The loop's own clock of one training: from the process's start, monotonic, whatever the training says of itself.

A training says when its clock starts; what it does before that is its start-up. Learning already then, or going on after
the budget, is a gain that no idea earned. On a GPU, where wall clock is what a run costs, a change may take half again as
long to start as the unchanged code took, and its budget, each with a small slack. On processors, which others use too, a
second is worth what they leave of it: there a training is ended by the brief's own sum alone, and one that took both more
time and more processor time than the unchanged code counts as overspent. The slack is what can be gained at most; what
was taken is in the record.

Not seen: processor time of processes that live for less than a tenth of a second and that nobody waits for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from loop.contracts import BaselineTimes
from loop.runs.process.telemetry import Started, Word

GRACE_SECONDS = 5.0  # after the budget, for writing the checkpoint, where nothing is known of the unchanged code
SLACK_SECONDS = 2.0  # for the noise of a machine, where it is known
SHARE = 0.05  # of the budget: grace and slack are at least this
STARTUP_FACTOR = 1.5  # of what the unchanged code takes to start
SHARED_FACTOR = 2.0  # of the budget, in the brief's sum, on processors that others use too
CPU_FACTOR = 1.15  # of the unchanged code's processor time


@dataclass
class TimeBudget:
    """One training's time. `startup` and `budget` as the brief allows them, seconds; `shared` on processors."""

    startup: float
    budget: float
    usual: BaselineTimes | None = None
    shared: bool = False
    now: Callable[[], float] = time.monotonic
    began: float = field(init=False)
    started: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.began = self.now()
        if self.usual is not None and self.usual.startup is None:
            self.started = self.began

    def hear(self, word: Word) -> None:
        """The first word that says that the training starts."""
        if self.started is None and isinstance(word, Started):
            self.started = self.now()

    def late(self) -> str | None:
        """Why the training's time is over before the brief's own sum is, in words, or None."""
        if self.shared:
            return None
        if self.started is not None:
            allowed = self._training_allowed()
            over = self.training_seconds() > allowed
            return f"it trained for more than {allowed:.1f} s on a budget of {self.budget:g} s" if over else None
        usual = self.usual.startup if self.usual is not None else None
        if usual is None:
            return None
        allowed = self._startup_allowed(usual)
        if self.wall_seconds() <= allowed:
            return None
        return f"it did not say within {allowed:.1f} s that it starts; the unchanged code took {usual:.1f} s"

    def most(self) -> float:
        """Seconds after which a training is ended whatever it says: the brief's own sum."""
        factor = SHARED_FACTOR if self.shared else 1.0
        return self.startup + factor * self.budget + self._slack(GRACE_SECONDS)

    def overspent(self, cpu: float | None) -> str | None:
        """Why a training that has ended took more than its budget, in words, or None. `cpu` in seconds."""
        if self.usual is None or not self.shared or cpu is None:
            return None
        wall, slack = self.wall_seconds(), self._slack(SLACK_SECONDS)
        if wall <= self.usual.wall + slack or cpu <= CPU_FACTOR * self.usual.cpu + slack:
            return None
        took = f"it took {wall:.1f} s and {cpu:.1f} s of processor time"
        return f"{took}; the unchanged code took {self.usual.wall:.1f} s and {self.usual.cpu:.1f} s"

    def startup_seconds(self) -> float | None:
        """From the process's start to the training's, None where that was not said."""
        return self.started - self.began if self.started is not None and self.started > self.began else None

    def training_seconds(self) -> float:
        """From the training's start, or the process's, until now."""
        return self.now() - (self.began if self.started is None else self.started)

    def wall_seconds(self) -> float:
        """From the process's start until now."""
        return self.now() - self.began

    def plausible(self, claimed: float | None) -> float:
        """Seconds of training: as claimed where that is near this clock; on processors, any claim that is not above it."""
        own = self.training_seconds()
        least = 0.0 if self.shared else own - self._slack(GRACE_SECONDS)
        return claimed if claimed is not None and least <= claimed <= own else own

    def _training_allowed(self) -> float:
        if self.usual is None:
            return self.budget + self._slack(GRACE_SECONDS)
        return max(self.budget, self.usual.training) + self._slack(SLACK_SECONDS)

    def _startup_allowed(self, usual: float) -> float:
        return min(max(self.startup, usual), STARTUP_FACTOR * usual + self._slack(SLACK_SECONDS))

    def _slack(self, least: float) -> float:
        return max(least, SHARE * self.budget)
