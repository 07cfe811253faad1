"""The values that pass between the packages of the loop, and what a proposer must do. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from journal.events import (
    Candidate,
    Change,
    Comparison,
    IdeaRefused,
    Isolation,
    RunFailed,
    RunFinished,
    RunPurpose,
    Usage,
)
from journal.projections.state import State

BASELINE = 0  # number of the experiment that measures the unchanged code


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One change: the whole new text of each file that it edits, by path."""

    idea: str
    files: dict[str, str]
    hypothesis: str = ""
    kind: str = "other"  # knob, architecture, optimizer, schedule, data, simplify, other
    proposer: str = ""
    model: str | None = None
    expected_delta: float | None = None
    usage: Usage = Usage()
    retry_of: int | None = None
    retry_reason: str | None = None
    prompt_key: str | None = None
    compared: Comparison | None = None  # set if a model compared it with earlier experiments
    isolation: Isolation | None = None  # of the command that made it; None if no command did
    unread: tuple[str, ...] = ()  # the parts of the proposer's note that could not be read, a clause each
    considered: tuple[Candidate, ...] = ()  # what the proposer considered beside it


class Prior(NamedTuple):
    """What was measured of one move of a knob before the session, on this machine or another: a gain in σ, and its spread."""

    old: float
    new: float
    gain: float
    spread: float


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The request to a proposer: one change of `files` on the incumbent, given all that the journal holds."""

    session: str
    experiment: int
    attempt: int  # from 1; above 1 after a refusal
    parent: str  # the incumbent's commit
    files: Mapping[str, str]  # path -> text of the files in scope at the parent
    state: State
    goal: str = ""
    brief: str = ""
    notes: str = ""  # text of the file that the brief names in `notes`
    memory: str = ""
    metric: str = ""
    direction: Literal["minimize", "maximize"] = "minimize"
    budget: float | None = None  # seconds of training per run
    startup: float | None = None  # seconds per run outside the budget
    device: str = ""
    refusals: Sequence[IdeaRefused] = ()  # of this experiment so far
    plateau: int = 0  # experiments since the last keep, if the brief calls so many a plateau: then be bolder
    rules: Sequence[str] = ()  # sentences: what the brief forbids in a change, and what must hold after it
    one_knob: bool = False  # whether a change may move one named value only
    priors: Mapping[str, Sequence[Prior]] = {}  # by the name of a knob


class Proposer(Protocol):
    """Raises ProposerFailure if it has no usable proposal."""

    name: str

    def propose(self, request: Request) -> Proposal: ...


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The gate accepts a proposal."""

    change: Change
    neighbours: tuple[int, ...] = ()  # numbers of the most similar earlier experiments


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """The gate refuses a proposal before it costs a run; the proposer reads `reason`."""

    change: Change
    rule: str
    reason: str
    matched: int | None = None  # number of the earlier experiment that it repeats
    score: float | None = None


class BaselineTimes(msgspec.Struct, frozen=True, kw_only=True):
    """The longest times of the unchanged code, seconds by the loop's clock."""

    startup: float | None  # None if the code does not report when its training starts
    training: float  # after the start-up
    wall: float  # start-up and training
    cpu: float  # processor time of all its processes
    scoring: float | None = None  # of the model processes while they were scored; None without such processes


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is bound to: the whole machine, one GPU, or some processor cores."""

    name: str  # in the journal: cpu, cuda:1, cpu:0-3
    description: str = ""  # for people
    gpu: str | None = None  # the one visible GPU, as CUDA_VISIBLE_DEVICES names it; None for all
    cores: tuple[int, ...] = ()  # the usable processor cores; empty for all

    @property
    def is_gpu(self) -> bool:
        return self.name.startswith("cuda")

    @property
    def torch_name(self) -> str:
        """The name inside the run: a run that sees one GPU calls it cuda:0."""
        return "cpu" if not self.is_gpu else "cuda:0" if self.gpu is not None else self.name


class RunSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One run to execute."""

    session: str
    experiment: int
    run: int
    commit: str
    seed: int
    purpose: RunPurpose
    device: Device = Device(name="cpu")
    by_model: bool = False  # whether a model wrote any of the code: such code needs a sandbox
    baseline_times: BaselineTimes | None = None
    locked: Mapping[str, str] = {}  # path -> git's object name of the file


Outcome = RunFinished | RunFailed
