"""One row per run: one training of one commit with one seed. A pure fold."""

import json
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from journal.events import Event, RunFailed, RunFinished, RunLaunched, RunStarted
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold

RunStatus = Literal["running", "finished", "failed"]


class Run(msgspec.Struct, kw_only=True, gc=False):
    """One training of one commit with one seed."""

    session: str
    experiment: int
    run: int
    seed: int
    commit: str
    purpose: str
    status: RunStatus = "running"
    isolation: str = ""
    device: str = ""
    budget: float = 0.0
    started_at: str = ""
    finished_at: str | None = None
    pid: int | None = None
    pid_started: int | None = None
    boot: str = ""
    folder: str = ""
    metric: float | None = None
    trust: str | None = None
    train_seconds: float = 0.0
    wall_seconds: float = 0.0
    tokens: int | None = None
    steps: int | None = None
    peak_memory: int | None = None
    numbers: str | None = None
    failure: str | None = None
    exit_code: int | None = None
    signature: str = ""
    trace: str = ""
    reason: str = ""


class Runs(Fold):
    """Rows by (session, experiment, run)."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int, int], Run] = {}
        self.handlers = {RunStarted: self._start, **dict.fromkeys(_UPDATES, self._update)}

    def _start(self, event: RunStarted, recorded: Recorded) -> Run:
        row = self.rows[event.session, event.experiment, event.run] = Run(
            session=event.session,
            experiment=event.experiment,
            run=event.run,
            seed=event.seed,
            commit=event.commit,
            purpose=event.purpose,
            isolation=event.isolation,
            device=event.device,
            budget=event.budget,
            started_at=recorded.recorded_at,
        )
        return row

    def _update(self, event: Any, recorded: Recorded) -> Run | None:
        row = self.rows.get((event.session, event.experiment, event.run))
        if row is not None:
            _UPDATES[type(event)](row, event, recorded.recorded_at)
        return row

    def of_session(self, session: str) -> list[Run]:
        """The runs of one session, in the order of their starts."""
        return [row for row in self.rows.values() if row.session == session]


def _launched(row: Run, event: RunLaunched, _at: str) -> None:
    row.pid, row.pid_started, row.boot, row.folder = event.pid, event.pid_started, event.boot, event.folder


def _finished(row: Run, event: RunFinished, at: str) -> None:
    row.status, row.metric, row.trust, row.finished_at = "finished", event.metric, event.trust, at
    row.train_seconds, row.wall_seconds = event.train_seconds, event.wall_seconds
    row.tokens, row.steps, row.peak_memory = event.tokens, event.steps, event.peak_memory
    row.numbers = json.dumps(event.values, ensure_ascii=False) if event.values else None


def _failed(row: Run, event: RunFailed, at: str) -> None:
    row.status, row.failure, row.exit_code, row.finished_at = "failed", event.kind, event.exit_code, at
    row.train_seconds, row.wall_seconds = event.train_seconds, event.wall_seconds
    row.signature, row.trace, row.reason = event.signature, event.trace, event.reason


_UPDATES: dict[type[Event], Callable[[Run, Any, str], None]] = {
    RunLaunched: _launched,
    RunFinished: _finished,
    RunFailed: _failed,
}
