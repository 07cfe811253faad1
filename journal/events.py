"""The catalogue of events: frozen facts in the past tense, each under a chosen name and schema version.

A stored name is never a class path: rename a class freely, never its `NAME`. A changed shape gets a higher `SCHEMA`, one
step in `journal.upcast` and a golden file of the old shape. Units are in the field names' comments; metrics are in the
brief's own unit; times are seconds; memory is bytes; money is US dollars.
"""

from typing import ClassVar, Literal

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened. `session` is the tag of the session it belongs to."""

    NAME: ClassVar[str]
    SCHEMA: ClassVar[int] = 1

    session: str


class KnobMove(msgspec.Struct, frozen=True, gc=False):
    """One named literal that moved; `old` and `new` are source text, empty where the name is absent."""

    name: str
    old: str
    new: str


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an edit does, as a signature (see `journal.ideas.signature`)."""

    program: str  # hash of the normal form of the files in scope after the edit
    change: str  # hash of the normal form of the difference
    knobs: tuple[KnobMove, ...] = ()
    added: tuple[str, ...] = ()  # identifiers and structures that came
    removed: tuple[str, ...] = ()  # and went


class Comparison(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a model said when it was shown a proposal beside its nearest earlier experiments."""

    shown: tuple[int, ...]  # their numbers
    same_as: int | None = None  # the one that is the same idea, if one is
    reason: str = ""


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What it cost to ask a model, for a proposal or for a score. `dollars` is None where the price is unknown."""

    tokens_in: int = 0  # uncached input tokens
    tokens_out: int = 0
    tokens_cache_read: int = 0
    tokens_cache_written: int = 0
    calls: int = 0
    dollars: float | None = 0.0
    seconds: float = 0.0


# --- the session ---------------------------------------------------------------------------------------------------


class SessionStarted(Event, frozen=True, kw_only=True):
    """A night begins: everything needed to say later what was run, where, under which rules."""

    NAME: ClassVar[str] = "SessionStarted"

    brief: str  # the human's text, whole
    brief_hash: str
    config: dict[str, object]  # the brief as parsed, defaults filled in
    base: str  # commit of the user's that the session stands on
    start: str  # first commit of the branch: base with the profile's constants, or base itself
    branch: str
    profile: str | None = None  # name of the profile
    constants: dict[str, str] = {}  # NAME -> literal that the profile wrote
    locked: dict[str, str] = {}  # path -> sha256
    host: str = ""
    device: str = ""
    versions: dict[str, str] = {}


class NoiseMeasured(Event, frozen=True, kw_only=True):
    """σ of the metric on identical code, from replicates."""

    NAME: ClassVar[str] = "NoiseMeasured"

    experiment: int
    sigma: float
    mean: float
    replicates: int
    values: tuple[float, ...]


class SessionPaused(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SessionPaused"

    reason: str
    until: str | None = None  # ISO time, where it is known


class SessionResumed(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SessionResumed"

    reason: str = ""


class SessionRecovered(Event, frozen=True, kw_only=True):
    """The loop came back after a crash: what it found, what it did."""

    NAME: ClassVar[str] = "SessionRecovered"

    found: str
    did: str


class BriefChanged(Event, frozen=True, kw_only=True):
    """The human part of the brief was edited in mid-session; `accepted` is False where the edit broke it."""

    NAME: ClassVar[str] = "BriefChanged"

    brief: str
    brief_hash: str
    accepted: bool
    reason: str = ""
    config: dict[str, object] = {}


class SessionEnded(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SessionEnded"

    reason: str


# --- one experiment ------------------------------------------------------------------------------------------------


class IdeaProposed(Event, frozen=True, kw_only=True):
    """A proposal: one change on one parent. An experiment has one per attempt; the last one not refused is run."""

    NAME: ClassVar[str] = "IdeaProposed"

    experiment: int
    attempt: int = 1
    idea: str
    hypothesis: str = ""
    kind: str = "other"  # baseline, ablation, knob, architecture, optimizer, schedule, data, simplify, other
    parent: str  # commit
    diff: str  # unified, on the parent
    change: Change
    proposer: str
    model: str | None = None
    expected_delta: float | None = None
    usage: Usage = Usage()
    retry_of: int | None = None
    retry_reason: str | None = None
    neighbours: tuple[int, ...] = ()
    prompt_key: str | None = None  # where the request and answer can be read again
    compared: Comparison | None = None  # where a reader was asked whether it is an idea of before
    takes_back: int | None = None  # the kept experiment that this undoes at a person's wish; its verdict is known
    ablates: int | None = None  # the kept experiment whose change this leaves out, to see whether it still pays
    prepared_on: str | None = None  # the commit on which it was made while a run trained; None: asked for in its turn


class ProposalPrepared(Event, frozen=True, kw_only=True):
    """A proposal made while a run trained, for the experiment after it.

    It becomes that experiment's IdeaProposed, or ProposalDropped follows; what it cost is counted there.
    """

    NAME: ClassVar[str] = "ProposalPrepared"

    experiment: int  # for which it is
    known: int  # the position up to which its author knew the journal
    idea: str
    hypothesis: str = ""
    kind: str = "other"
    parent: str  # the commit on which it was made; as IdeaProposed it may stand on a later one
    diff: str
    proposer: str
    model: str | None = None
    expected_delta: float | None = None
    usage: Usage = Usage()
    retry_of: int | None = None
    retry_reason: str | None = None
    prompt_key: str | None = None
    compared: Comparison | None = None


Dropping = Literal["refused", "steered", "moved", "failed", "ended"]


class ProposalDropped(Event, frozen=True, kw_only=True):
    """A call of the proposer came to nothing before its turn; what it cost is counted here."""

    NAME: ClassVar[str] = "ProposalDropped"

    experiment: int  # for which it was
    why: Dropping
    reason: str  # in words
    rule: str = ""  # of the gate, where it refused; the kind of failure, where it failed
    matched: int | None = None  # the earlier experiment, where it was refused as a repeat
    score: float | None = None
    proposer: str
    model: str | None = None
    usage: Usage = Usage()
    prompt_key: str | None = None  # of a call without a proposal: where it can be read


class IdeaRefused(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "IdeaRefused"

    experiment: int
    attempt: int
    rule: str
    reason: str  # in words, as told to the proposer
    matched: int | None = None  # the earlier experiment
    score: float | None = None  # 0..1, likeness


class ProposerFailed(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ProposerFailed"

    experiment: int
    proposer: str
    kind: str
    reason: str
    retry_after: float | None = None
    usage: Usage = Usage()
    model: str | None = None
    prompt_key: str | None = None  # as in IdeaProposed; None where nothing was asked


class ChangeCommitted(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ChangeCommitted"

    experiment: int
    commit: str
    parent: str
    files: tuple[str, ...]
    lines_added: int
    lines_removed: int


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


class Verdict(Event, frozen=True, kw_only=True):
    """Common to the four verdicts; never stored itself."""

    experiment: int
    metric: float | None = None  # mean over the candidate's runs; None where no run gave one
    incumbent: float | None = None  # the incumbent's metric before the verdict
    delta: float | None = None  # metric - incumbent, in the metric's unit
    sigma: float | None = None
    gain_sigma: float | None = None  # improvement over σ; positive is better in the brief's direction
    rule: str = ""
    reason: str  # in words


class ExperimentKept(Verdict, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ExperimentKept"

    commit: str
    metric: float
    anchor: str = ""  # position:hash of its proposal, as in the trailer AR-Anchor of the kept commit; empty: imported


class ExperimentDiscarded(Verdict, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ExperimentDiscarded"


class ExperimentCrashed(Verdict, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ExperimentCrashed"


VETO = "veto"  # the rule of a verdict by which a person takes a kept experiment back


class ExperimentInvalidated(Verdict, frozen=True, kw_only=True):
    """The result cannot count: tampering, a broken rule of the evaluator, a person's skip or veto, the loop's stop."""

    NAME: ClassVar[str] = "ExperimentInvalidated"


class ChangeReverted(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ChangeReverted"

    experiment: int
    commit: str  # stays reachable under refs/autoresearch/<tag>/<n>
    branch_at: str  # where the branch stands after
    how: Literal["reset", "revert", "never committed", "undone"] = "reset"  # undone: by a later commit


class IncumbentMoved(Event, frozen=True, kw_only=True):
    """Another commit is the incumbent at a person's wish: what follows stands on it and is compared with it."""

    NAME: ClassVar[str] = "IncumbentMoved"

    experiment: int  # whose commit it is
    commit: str
    metric: float  # mean of the commit's runs so far
    branch_at: str  # where the branch stands after
    reason: str


# --- people's intents, and the loop's answers ------------------------------------------------------------------------


class Intent(Event, frozen=True, kw_only=True):
    """Common to what people ask for; never stored itself. `author` is user@host, `channel` is cli or tui."""

    author: str
    channel: str


class DirectionAdded(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "DirectionAdded"

    direction: int  # numbered within the session, from 1
    text: str


class DirectionWithdrawn(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "DirectionWithdrawn"

    direction: int


class PauseRequested(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "PauseRequested"


class ResumeRequested(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ResumeRequested"


class SkipRequested(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SkipRequested"

    experiment: int


class StopRequested(Intent, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "StopRequested"

    now: bool = False  # True: do not wait for the run in flight


class VetoRequested(Intent, frozen=True, kw_only=True):
    """Take a kept experiment back."""

    NAME: ClassVar[str] = "VetoRequested"

    experiment: int


class BranchFromRequested(Intent, frozen=True, kw_only=True):
    """Go on from an experiment's commit, kept or not."""

    NAME: ClassVar[str] = "BranchFromRequested"

    experiment: int


class Acknowledged(Event, frozen=True, kw_only=True):
    """Common to the loop's answers; never stored itself. `request` is the position of the intent."""

    request: int
    outcome: str = ""


class DirectionAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "DirectionAcknowledged"


class PauseAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "PauseAcknowledged"


class ResumeAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ResumeAcknowledged"


class SkipAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "SkipAcknowledged"


class StopAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "StopAcknowledged"


class VetoAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "VetoAcknowledged"


class BranchFromAcknowledged(Acknowledged, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "BranchFromAcknowledged"


CATALOGUE: dict[str, type[Event]] = {
    kind.NAME: kind
    for kind in (
        SessionStarted, NoiseMeasured, SessionPaused, SessionResumed, SessionRecovered, BriefChanged, SessionEnded,
        ProposalPrepared, ProposalDropped,
        IdeaProposed, IdeaRefused, ProposerFailed, ChangeCommitted, RunStarted, RunLaunched, RunFinished, RunFailed,
        ExperimentKept, ExperimentDiscarded, ExperimentCrashed, ExperimentInvalidated, ChangeReverted,
        IncumbentMoved,
        DirectionAdded, DirectionWithdrawn, PauseRequested, ResumeRequested, SkipRequested, StopRequested, VetoRequested,
        BranchFromRequested,
        DirectionAcknowledged, PauseAcknowledged, ResumeAcknowledged, SkipAcknowledged, StopAcknowledged, VetoAcknowledged,
        BranchFromAcknowledged,
    )
}  # fmt: skip


def experiment_stream(session: str, experiment: int) -> str:
    """One stream per experiment, so that an experiment's own history is short and its version guards each step."""
    return f"experiment/{session}/{experiment}"


def session_stream(session: str) -> str:
    return f"session/{session}"


def control_stream(session: str) -> str:
    """People's intents: a stream of their own, so that a loop's expected versions never collide with a person."""
    return f"control/{session}"
