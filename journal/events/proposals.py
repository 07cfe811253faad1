"""Proposals: made, prepared ahead of their turn, dropped, refused, or not made at all."""

from typing import ClassVar, Literal

from journal.events.event import Event
from journal.events.parts import Change, Comparison, Usage


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
