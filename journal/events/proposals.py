"""Proposals: made, prepared during a run, dropped, refused by the gate, or failed."""

from typing import ClassVar, Literal

from journal.events.event import Event
from journal.events.parts import Candidate, Change, Comparison, Usage
from journal.events.runs import Isolation


class IdeaProposed(Event, frozen=True, kw_only=True):
    """A proposal: one change to one parent. An experiment has one per attempt, and runs the last one not refused."""

    NAME: ClassVar[str] = "IdeaProposed"

    experiment: int
    attempt: int = 1
    idea: str
    hypothesis: str = ""
    kind: str = "other"  # baseline, ablation, knob, architecture, optimizer, schedule, data, simplify, other
    parent: str  # commit that the change applies to
    diff: str  # unified diff on the parent
    change: Change
    proposer: str
    model: str | None = None
    expected_delta: float | None = None
    usage: Usage = Usage()
    retry_of: int | None = None
    retry_reason: str | None = None
    neighbours: tuple[int, ...] = ()
    prompt_key: str | None = None  # file below .ar/prompts with the request and the answer
    compared: Comparison | None = None  # set if a model compared it with earlier experiments
    takes_back: int | None = None  # the kept experiment that this undoes because a person vetoed it
    ablates: int | None = None  # the kept experiment whose change this removes, to measure whether it still helps
    isolation: Isolation | None = None  # of the command that made it; None if no command did
    unread: tuple[str, ...] = ()  # the parts of the proposer's note that could not be read, a clause each
    considered: tuple[Candidate, ...] = ()  # what the proposer considered beside it
    prepared_on: str | None = None  # if it was prepared during a run: the commit that it was made for


class ProposalPrepared(Event, frozen=True, kw_only=True):
    """A proposal made during a run, for the next experiment.

    IdeaProposed or ProposalDropped follows, and its cost is counted there.
    """

    NAME: ClassVar[str] = "ProposalPrepared"

    experiment: int  # the experiment that it is meant for
    known: int  # last position of the journal that its author had seen
    idea: str
    hypothesis: str = ""
    kind: str = "other"
    parent: str  # the commit that it was made for; its IdeaProposed may name a later one
    diff: str
    proposer: str
    model: str | None = None
    expected_delta: float | None = None
    usage: Usage = Usage()
    retry_of: int | None = None
    retry_reason: str | None = None
    prompt_key: str | None = None
    compared: Comparison | None = None
    isolation: Isolation | None = None
    unread: tuple[str, ...] = ()
    considered: tuple[Candidate, ...] = ()


DropReason = Literal["refused", "steered", "moved", "failed", "ended"]


class ProposalDropped(Event, frozen=True, kw_only=True):
    """A call to the proposer whose proposal is not used; its cost is counted here."""

    NAME: ClassVar[str] = "ProposalDropped"

    experiment: int  # the experiment that it was meant for
    why: DropReason
    reason: str  # one sentence
    rule: str = ""  # the gate's rule if it was refused; the kind of failure if the call failed
    matched: int | None = None  # the earlier experiment, if it was refused as a repeat
    score: float | None = None
    proposer: str
    model: str | None = None
    usage: Usage = Usage()
    prompt_key: str | None = None  # as in IdeaProposed, if the call gave no proposal


class IdeaRefused(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "IdeaRefused"

    experiment: int
    attempt: int
    rule: str
    reason: str  # one sentence, which the proposer reads
    matched: int | None = None  # the earlier experiment that it is like
    score: float | None = None  # similarity to it, 0..1


class ProposerFailed(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ProposerFailed"

    experiment: int
    proposer: str
    kind: str
    reason: str
    retry_after: float | None = None
    usage: Usage = Usage()
    model: str | None = None
    prompt_key: str | None = None  # as in IdeaProposed; None if no request was sent


class RepositoryTouched(Event, frozen=True, kw_only=True):
    """The person's repository changed while an unsandboxed proposer's command ran. Nothing is undone."""

    NAME: ClassVar[str] = "RepositoryTouched"

    experiment: int  # the experiment that the command was asked for
    changes: tuple[str, ...]  # a clause each: HEAD, refs, the index, files, git's settings
    prompt_key: str | None = None  # as in IdeaProposed
