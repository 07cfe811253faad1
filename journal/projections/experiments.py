"""One row per experiment, and one per run. Pure folds."""

from dataclasses import dataclass
from typing import Literal

from journal.events import (
    ChangeCommitted,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentInvalidated,
    ExperimentKept,
    IdeaProposed,
    IdeaRefused,
    ProposerFailed,
    RunFailed,
    RunFinished,
    RunLaunched,
    RunStarted,
    Usage,
    Verdict,
)
from journal.store import Recorded

Status = Literal["open", "keep", "discard", "crash", "invalid"]
RunStatus = Literal["running", "finished", "failed"]

STATUS: dict[type, Status] = {
    ExperimentKept: "keep",
    ExperimentDiscarded: "discard",
    ExperimentCrashed: "crash",
    ExperimentInvalidated: "invalid",
}


@dataclass(slots=True, kw_only=True)
class Experiment:
    """One idea, from proposal to verdict. Metrics in the brief's unit, seconds, bytes, dollars."""

    session: str
    number: int
    status: Status = "open"
    kind: str = ""
    idea: str = ""
    hypothesis: str = ""
    proposer: str = ""
    model: str | None = None
    parent: str | None = None
    commit: str | None = None
    metric: float | None = None
    incumbent: float | None = None
    delta: float | None = None
    sigma: float | None = None
    gain_sigma: float | None = None
    runs: int = 0
    attempts: int = 0
    refusals: int = 0
    train_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_memory: int | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    dollars: float | None = 0.0
    proposed_at: str | None = None
    decided_at: str | None = None
    rule: str = ""
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Run:
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
    failure: str | None = None
    exit_code: int | None = None
    signature: str = ""
    trace: str = ""
    reason: str = ""


class Experiments:
    """Rows by (session, number)."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Experiment] = {}

    def apply(self, recorded: Recorded) -> None:
        event = recorded.event
        number = getattr(event, "experiment", None)
        if number is None or not isinstance(event, _OF_EXPERIMENT):
            return
        key = (event.session, number)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Experiment(session=event.session, number=number)
        _evolve(row, event, at=recorded.recorded_at)


class Runs:
    """Rows by (session, experiment, run)."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int, int], Run] = {}

    def apply(self, recorded: Recorded) -> None:
        event = recorded.event
        match event:
            case RunStarted():
                key = (event.session, event.experiment, event.run)
                self.rows[key] = Run(
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
            case RunLaunched() | RunFinished() | RunFailed():
                _evolve_run(self.rows[event.session, event.experiment, event.run], event, at=recorded.recorded_at)
            case _:
                pass


_OF_EXPERIMENT = (
    IdeaProposed,
    IdeaRefused,
    ProposerFailed,
    ChangeCommitted,
    RunStarted,
    RunFinished,
    RunFailed,
    Verdict,
)


def _evolve(row: Experiment, event: object, *, at: str) -> None:
    match event:
        case IdeaProposed():
            row.idea, row.hypothesis, row.kind = event.idea, event.hypothesis, event.kind
            row.proposer, row.model, row.parent = event.proposer, event.model, event.parent
            row.proposed_at = row.proposed_at or at
            row.attempts += 1
            _spend(row, event.usage)
        case IdeaRefused():
            row.refusals += 1
        case ProposerFailed():
            _spend(row, event.usage)
        case ChangeCommitted():
            row.commit = event.commit
        case RunStarted():
            row.runs += 1
        case RunFinished():
            row.train_seconds += event.train_seconds
            row.wall_seconds += event.wall_seconds
            row.peak_memory = max(row.peak_memory or 0, event.peak_memory or 0) or None
        case RunFailed():
            row.train_seconds += event.train_seconds
            row.wall_seconds += event.wall_seconds
        case Verdict():
            row.status = STATUS[type(event)]
            row.metric, row.incumbent, row.delta = event.metric, event.incumbent, event.delta
            row.sigma, row.gain_sigma = event.sigma, event.gain_sigma
            row.rule, row.reason, row.decided_at = event.rule, event.reason, at
        case _:
            pass


def _spend(row: Experiment, usage: Usage) -> None:
    row.tokens_in += usage.tokens_in + usage.tokens_cache_read + usage.tokens_cache_written
    row.tokens_out += usage.tokens_out
    row.dollars = None if row.dollars is None or usage.dollars is None else row.dollars + usage.dollars


def _evolve_run(row: Run, event: RunLaunched | RunFinished | RunFailed, *, at: str) -> None:
    if isinstance(event, RunLaunched):
        row.pid, row.pid_started, row.boot, row.folder = event.pid, event.pid_started, event.boot, event.folder
        return
    row.finished_at = at
    row.train_seconds, row.wall_seconds = event.train_seconds, event.wall_seconds
    if isinstance(event, RunFinished):
        row.status, row.metric, row.trust = "finished", event.metric, event.trust
        row.tokens, row.steps, row.peak_memory = event.tokens, event.steps, event.peak_memory
    else:
        row.status, row.failure, row.exit_code = "failed", event.kind, event.exit_code
        row.signature, row.trace, row.reason = event.signature, event.trace, event.reason
