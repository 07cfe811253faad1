"""The ports of the loop: what passes between its rooms, and what a proposer, a workspace and a runner must be. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from journal.events import Change, Comparison, IdeaRefused, RunFailed, RunFinished, RunPurpose, Usage
from journal.projections.state import State

BASELINE = 0  # the number of the experiment that measures the unchanged code


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One change, as a proposer hands it in: whole new texts of the files that it edits, by path."""

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
    compared: Comparison | None = None  # what a reader said of its neighbours


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposer is asked: one change of `files` on the incumbent, given everything the journal knows."""

    session: str
    experiment: int
    attempt: int  # from 1; above 1 after a refusal
    parent: str  # the incumbent's commit
    files: Mapping[str, str]  # the files in scope at the parent, path -> text
    state: State
    goal: str = ""
    brief: str = ""
    memory: str = ""
    metric: str = ""
    direction: Literal["minimize", "maximize"] = "minimize"
    budget: float | None = None  # seconds of training per run
    startup: float | None = None  # seconds that a run may take besides
    device: str = ""
    refusals: Sequence[IdeaRefused] = ()  # of this experiment so far
    plateau: int = 0  # experiments without a keep, where the brief calls so many a plateau: be bolder
    rules: Sequence[str] = ()  # of this brief, in sentences: what a change may not do, what must hold
    one_knob: bool = False  # whether a change may move one named value only


class Proposer(Protocol):
    """Raises ProposerFailure where it has no usable proposal."""

    name: str

    def propose(self, request: Request) -> Proposal: ...


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The gate lets a proposal through."""

    change: Change
    neighbours: tuple[int, ...] = ()  # the nearest earlier experiments


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """The gate stops a proposal before it costs a run; `reason` is told to the proposer."""

    change: Change
    rule: str
    reason: str
    matched: int | None = None
    score: float | None = None


class BaselineTimes(msgspec.Struct, frozen=True, kw_only=True):
    """What the unchanged code took at most, seconds by the loop's clock; no `startup` where it does not say when it starts."""

    startup: float | None
    training: float  # after that
    wall: float  # both
    cpu: float  # processor time of all its processes


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is bound to: the machine, one of its GPUs, or some of its processor cores."""

    name: str  # as the journal has it: cpu, cuda:1, cpu:0-3
    words: str = ""  # for people
    gpu: str | None = None  # the one GPU that a run may see, as CUDA_VISIBLE_DEVICES names it; None for all
    cores: tuple[int, ...] = ()  # the processor cores that a run may use; empty for all

    @property
    def is_gpu(self) -> bool:
        return self.name.startswith("cuda")

    @property
    def torch(self) -> str:
        """As torch names it inside the run, which sees no other."""
        return "cpu" if not self.is_gpu else "cuda:0" if self.gpu is not None else self.name


class RunSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One run to be made."""

    session: str
    experiment: int
    run: int
    commit: str
    seed: int
    purpose: RunPurpose
    device: Device = Device(name="cpu")
    by_model: bool = False  # whether a model wrote any of the code: such code needs a sandbox
    usual: BaselineTimes | None = None
    locked: Mapping[str, str] = {}  # path -> object name, as git names a file's bytes


Outcome = RunFinished | RunFailed
