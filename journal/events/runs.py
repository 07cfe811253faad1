"""Runs: one training of one commit with one seed, and how it ended."""

from typing import ClassVar, Literal

from journal.events.event import Event
from journal.events.parts import Usage

RunPurpose = Literal["candidate", "baseline", "replicate", "incumbent"]
Isolation = Literal["sandboxed", "limited", "none"]
Trust = Literal["measured", "self-reported", "judged", "imported"]
FailureKind = Literal[
    "crash",
    "oom",
    "nan",
    "timeout",
    "no_metric",
    "tampered",
    "killed",
    "skipped",
    "flood",
    "forks",
    "disk_full",
    "interrupted",
]  # interrupted: the loop itself ended, which says nothing about the change


class RunStarted(Event, frozen=True, kw_only=True):
    """A run is about to start. It has no process yet: `RunLaunched` follows with the pid."""

    NAME: ClassVar[str] = "RunStarted"

    experiment: int
    run: int  # from 1 within the experiment
    seed: int
    commit: str
    budget: float
    device: str = ""
    isolation: Isolation = "limited"
    purpose: RunPurpose = "candidate"


class RunLaunched(Event, frozen=True, kw_only=True):
    """The process of a run exists; `pid_started` (ticks since boot) distinguishes it from a later process with its pid."""

    NAME: ClassVar[str] = "RunLaunched"

    experiment: int
    run: int
    pid: int
    pid_started: int
    boot: str  # the kernel's boot id
    folder: str


class RunFinished(Event, frozen=True, kw_only=True):
    """A run with a metric."""

    NAME: ClassVar[str] = "RunFinished"

    experiment: int
    run: int
    seed: int
    metric: float  # finite
    trust: Trust
    train_seconds: float
    wall_seconds: float
    startup_seconds: float | None = None
    evaluate_seconds: float = 0.0
    tokens: int | None = None
    steps: int | None = None
    peak_memory: int | None = None
    purpose: RunPurpose = "candidate"
    guards: dict[str, float] = {}  # seconds by the loop's clock: training, wall, cpu
    values: dict[str, float] = {}  # name -> other numbers of the run, which the brief's guards check
    usage: Usage = Usage()  # of the judge model, if one gave the metric


class RunFailed(Event, frozen=True, kw_only=True):
    """A run without a metric: the event has no field that could be mistaken for one."""

    NAME: ClassVar[str] = "RunFailed"

    experiment: int
    run: int
    kind: FailureKind
    reason: str  # one sentence
    exit_code: int | None = None
    signature: str = ""  # normalised last error, which groups failures
    trace: str = ""  # tail of the output
    wall_seconds: float = 0.0
    train_seconds: float = 0.0
    usage: Usage = Usage()  # of the judge model, if one was called and gave no score
