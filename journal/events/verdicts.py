"""Verdicts: how an experiment ended."""

from typing import ClassVar

from journal.events.event import Event

VETO = "veto"  # rule of the verdict when a person takes back a kept experiment


class Verdict(Event, frozen=True, kw_only=True):
    """Base of the four verdicts; never stored itself."""

    experiment: int
    metric: float | None = None  # mean over the candidate's runs; None if no run gave one
    incumbent: float | None = None  # the incumbent's metric before the verdict
    delta: float | None = None  # metric - incumbent, in the metric's unit
    sigma: float | None = None
    gain_sigma: float | None = None  # improvement / σ; positive is better in the brief's direction
    rule: str = ""
    reason: str  # one sentence


class ExperimentKept(Verdict, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ExperimentKept"

    commit: str
    metric: float
    anchor: str = ""  # position:hash of its proposal, as in the AR-Anchor trailer of the kept commit; empty if imported


class ExperimentDiscarded(Verdict, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ExperimentDiscarded"


class ExperimentCrashed(Verdict, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "ExperimentCrashed"


class ExperimentInvalidated(Verdict, frozen=True, kw_only=True):
    """The result does not count: tampering, a broken rule of the evaluator, a person's skip or veto, the loop's stop."""

    NAME: ClassVar[str] = "ExperimentInvalidated"
