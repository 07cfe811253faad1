"""The parts that an experiment works with, and what they know together."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Protocol

from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.projections.state import State
from loop.brief.config import Config
from loop.brief.program import Brief
from loop.contracts import Device, Proposer, Training
from loop.keep_rule import Noise, by_commit, noise
from loop.runs.process.telemetry import Step
from loop.runs.run import Runs
from loop.runtime.control import Control
from loop.runtime.experiment_log import Case, case
from loop.runtime.proposer_call import Ahead
from loop.runtime.recorder import Recorder
from loop.workspace import Workspace

BASELINE = 0  # the number of the experiment that measures the unchanged code


class Screen(Protocol):
    """Where a person may be watching."""

    def step(self, training: Training, step: Step) -> None: ...


class Turn:
    """The loop decides in one thread at a time, whatever trains meanwhile.

    Only the thread that holds the turn reads the journal, decides, appends, or moves a ref. While a command runs nobody needs
    it, so that several experiments train at once and every decision still stands on all that is recorded.

    Held by one thread at a time: `with turn` takes it, `with turn.away()` lets others have it in between.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let others have the turn, and take it again at the end, whatever happened."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()


@dataclass(kw_only=True)
class Lab:
    """The parts that an experiment works with, chosen once in `loop.session.bootstrap`.

    `devices` are what experiments run on at once, `device` is the one of this experiment.
    """

    brief: Brief
    recorder: Recorder
    workspace: Workspace
    runs: Runs
    proposer: Proposer
    filler: Proposer
    control: Control
    screen: Screen
    folder: Path
    devices: tuple[Device, ...]
    device: Device
    defaults: Mapping[str, object] = field(default_factory=dict)  # of the brief, from the profile
    ahead: Ahead = field(default_factory=Ahead)
    turn: Turn = field(default_factory=Turn)
    chief: "Lab | None" = None  # of an experiment beside others: the loop's own lab, whose brief is the newest

    @property
    def config(self) -> Config:
        return self.brief.config

    @property
    def state(self) -> State:
        return self.recorder.state

    @property
    def session(self) -> Session:
        return self.state.sessions.rows[self.recorder.session]

    def on(self, device: Device) -> "Lab":
        """The same lab for an experiment on a device, with the brief as it stands now."""
        return replace(self, device=device, chief=self)

    def rows(self) -> list[Experiment]:
        """This session's experiments, in order of their numbers."""
        rows = [row for row in self.state.experiments.rows.values() if row.session == self.session.tag]
        return sorted(rows, key=lambda row: row.number)

    def upcoming(self) -> int:
        """The number of the next experiment that is proposed."""
        rows = reversed(self.state.experiments.rows.values())  # numbers are given in order
        return 1 + next(row.number for row in rows if row.session == self.session.tag)

    def case(self, number: int) -> Case:
        return case(self.recorder.history(number))

    def metrics(self) -> dict[str, list[float]]:
        """Every metric of this session's runs, by commit."""
        rows = self.state.runs.rows.values()
        return dict(
            by_commit(
                (row.commit, row.metric) for row in rows if row.session == self.session.tag and row.metric is not None
            )
        )

    def noise(self) -> Noise:
        """σ pooled over every commit of this session that was run more than once."""
        return noise(self.metrics().values())
