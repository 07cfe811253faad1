"""Verdicts: what became of an experiment."""

from typing import ClassVar

from journal.events.event import Event

VETO = "veto"  # the rule of a verdict by which a person takes a kept experiment back


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


class ExperimentInvalidated(Verdict, frozen=True, kw_only=True):
    """The result cannot count: tampering, a broken rule of the evaluator, a person's skip or veto, the loop's stop."""

    NAME: ClassVar[str] = "ExperimentInvalidated"
