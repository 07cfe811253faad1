"""The parts that every step of an experiment shares while a session is open, and the lock that one step holds at a time."""

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
from loop.runs.process.telemetry import TrainingStep
from loop.runs.run import RunExecutor
from loop.runtime.control import Control
from loop.runtime.proposer_call import Prefetch
from loop.runtime.session_journal import SessionJournal
from loop.workspace import Workspace


class RunDisplay(Protocol):
    """Where a person may be watching."""

    def step(self, training: RunSpec, step: TrainingStep) -> None: ...


class JournalLock:
    """The loop decides in one thread at a time, whatever trains meanwhile.

    Only the thread that holds the lock reads the journal, decides, appends, or moves a ref. While a command runs nobody needs
    the lock, so that several experiments train at once and every decision still stands on all that is recorded.
    `with lock` takes it, `with lock.released()` lets others have it in between.
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
        """Let others have the lock, and take it again at the end, whatever happened."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()


@dataclass(kw_only=True)
class Context:
    """The parts that an experiment works with, chosen once in `loop.session.bootstrap`.

    `devices` are what experiments run on at once, `device` is the one of this experiment.
    """

    brief: Brief
    journal: SessionJournal
    workspace: Workspace
    runs: RunExecutor
    proposer: Proposer
    filler: Proposer
    control: Control
    screen: RunDisplay
    folder: Path
    devices: tuple[Device, ...]
    device: Device
    defaults: Mapping[str, object] = field(default_factory=dict)  # of the brief, from the profile
    prefetch: Prefetch = field(default_factory=Prefetch)
    lock: JournalLock = field(default_factory=JournalLock)
    newest: "Context | None" = None  # of an experiment beside others: the loop's own context, whose brief is the newest

    @property
    def config(self) -> Config:
        return self.brief.config

    @property
    def state(self) -> State:
        return self.journal.state

    @property
    def session(self) -> Session:
        return self.journal.session

    def on(self, device: Device) -> "Context":
        """The same context for an experiment on a device, with the brief as it stands now."""
        return replace(self, device=device, newest=self)
