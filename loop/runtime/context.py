"""What every step of an experiment shares while a session is open, and the lock that one step holds at a time."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Protocol

from journal.projections.sessions import Session
from journal.projections.state import State
from loop.brief.config import Config
from loop.brief.program import Brief
from loop.contracts import Device, Proposer, RunSpec
from loop.runs.machine import MachineSampler
from loop.runs.process.telemetry import TrainingStep
from loop.runs.run import RunExecutor
from loop.runtime.control import Control
from loop.runtime.proposer_call import Prefetch
from loop.runtime.session_journal import SessionJournal
from loop.workspace import Workspace


class RunDisplay(Protocol):
    """Shows a person how far a run is."""

    def step(self, spec: RunSpec, step: TrainingStep) -> None: ...


class JournalLock:
    """Lets one thread at a time read the journal, decide, append and move a ref.

    A thread releases the lock while its command runs: several experiments train at once, and each decision still stands on
    everything that is recorded.
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
    def released(self) -> Iterator[None]:
        """Let other threads have the lock; take it again at the end, also after an error."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()


@dataclass(kw_only=True)
class Context:
    """The parts that an experiment works with, chosen once in `loop.session.bootstrap`."""

    brief: Brief
    journal: SessionJournal
    workspace: Workspace
    runs: RunExecutor
    proposer: Proposer
    fallback: Proposer  # proposes if the proposer fails or the gate refuses it too often
    control: Control
    display: RunDisplay
    folder: Path  # .ar
    devices: tuple[Device, ...]  # one for each experiment in flight
    device: Device  # of this experiment
    defaults: Mapping[str, object] = field(default_factory=dict)  # of the brief, from the profile
    machine: MachineSampler = field(default_factory=lambda: MachineSampler(()))
    prefetch: Prefetch = field(default_factory=Prefetch)
    lock: JournalLock = field(default_factory=JournalLock)
    main: "Context | None" = None  # in a worker: the context of the loop, whose brief may be newer

    @property
    def config(self) -> Config:
        return self.brief.config

    @property
    def state(self) -> State:
        return self.journal.state

    @property
    def session(self) -> Session:
        return self.journal.session

    def for_device(self, device: Device) -> "Context":
        """The context of an experiment on a device; a later edit of the brief does not change it."""
        return replace(self, device=device, main=self)
