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
    "pruned",
    "flood",
    "forks",
    "disk_full",
    "interrupted",
]  # interrupted: the loop itself ended; the change is not at fault


class RunStarted(Event, frozen=True, kw_only=True):
    """Intent: appended before the process exists, so `pid` and `pid_started` come with `RunLaunched`."""

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
    """The process of a run exists; `pid_started` (ticks since boot) tells it from a later owner of the same pid."""

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
    values: dict[str, float] = {}  # other numbers of the run, by name: those that the brief's guards look at
    usage: Usage = Usage()  # of a judge model, where one gave the metric


class RunFailed(Event, frozen=True, kw_only=True):
    """A run without a metric. There is no number that could be mistaken for one."""

    NAME: ClassVar[str] = "RunFailed"

    experiment: int
    run: int
    kind: FailureKind
    reason: str  # one sentence
    exit_code: int | None = None
    signature: str = ""  # normalised last error, the key by which failures cluster
    trace: str = ""  # tail of the output
    wall_seconds: float = 0.0
    train_seconds: float = 0.0
    usage: Usage = Usage()  # of a judge model that gave no score
