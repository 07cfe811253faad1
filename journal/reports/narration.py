"""Events as sentences for people: one line each, the same in the loop's narration, the log and the replay. Pure.

The lines are data for a screen, and may hold text of a model: whoever shows them on a terminal makes them safe first.
"""

import re
from collections.abc import Callable
from typing import Any, get_args

from journal.console.text import one_line, plain
from journal.events import (
    VETO,
    BranchFromAcknowledged,
    BranchFromRequested,
    BriefChanged,
    ChangeCommitted,
    ChangeReverted,
    DirectionAdded,
    Event,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentInvalidated,
    ExperimentKept,
    FailureKind,
    IdeaProposed,
    IdeaRefused,
    IncumbentMoved,
    NoiseMeasured,
    PauseRequested,
    ProposalDropped,
    ProposalPrepared,
    ProposerFailed,
    ResumeRequested,
    RunFailed,
    RunFinished,
    RunStarted,
    SessionEnded,
    SessionPaused,
    SessionRecovered,
    SessionResumed,
    SessionStarted,
    SkipRequested,
    StopRequested,
    Verdict,
    VetoAcknowledged,
    VetoRequested,
)
from journal.events.recorded import Recorded

RUNS = frozenset(get_args(FailureKind)) - {"interrupted"}  # rules of verdicts that take a run's reason over


def narrate(event: Event) -> str | None:
    """One line about an event; None for those that only matter to the machine."""
    tell = _TELL.get(type(event))
    return tell(event) if tell else None


def number(value: float | None) -> str:
    """A metric as people read it: enough digits to see a difference, no more."""
    return "-" if value is None else f"{value:.4f}" if abs(value) < 1000 else f"{value:.6g}"


def _verdict(word: str) -> Callable[[Any], str]:
    def tell(event: Verdict) -> str:
        what = f" {number(event.metric)}" if event.metric is not None else ""
        return f"{_at(event)} {word}{what}: {event.reason}"

    return tell


def _unmeasured(word: str) -> Callable[[Any], str]:
    """A verdict that follows from a run: that run's line, shortly before, says why in full."""

    def tell(event: Verdict) -> str:
        if event.rule not in RUNS:
            return _verdict(word)(event)
        return f"{_at(event)} {word}{'' if event.rule == 'crash' else f' ({event.rule})'}"

    return tell


def _at(event: Any) -> str:
    return f"#{event.experiment}"


def _started(event: SessionStarted) -> str:
    profile = f", profile {event.profile}" if event.profile else ""
    return f"session {event.session} starts on {event.base[:10]}, branch {event.branch}{profile}, {event.device or 'no device'}"


def _run(event: RunStarted) -> str:
    what = {"candidate": "run", "baseline": "baseline run", "replicate": "run again", "incumbent": "incumbent again"}
    name = f"{_at(event)} {what[event.purpose]} {event.run}"
    where = f", on {event.device}" if ":" in event.device else ""  # one of several devices
    return f"{name}, seed {event.seed}, {event.budget:g} s of training, {event.isolation}{where}"


def _finished(event: RunFinished) -> str:
    tokens = f", {event.tokens:,} tokens" if event.tokens else ""
    trained = f"{event.train_seconds:.1f} s trained of {event.wall_seconds:.1f} s"
    return f"{_at(event)} run {event.run} measured {number(event.metric)} ({trained}{tokens})"


def _noise(event: NoiseMeasured) -> str:
    if event.sigma == 0:
        return f"the runs are identical: σ is 0 over {event.replicates} runs"
    return f"σ is {event.sigma:.4g} over {event.replicates} runs: less than {2 * event.sigma:.2g} is noise"


def _dropped(event: ProposalDropped) -> str:
    what = "gave no proposal" if event.why == "failed" else "is not taken up"
    return f"{_at(event)} {event.proposer} {what}: {event.reason}"


def _paused(event: SessionPaused) -> str:
    until = f" until {event.until}" if event.until else ""
    return f"session {event.session} pauses{until}: {event.reason}"


_TELL: dict[type[Event], Callable[[Any], str]] = {
    SessionStarted: _started,
    SessionPaused: _paused,
    SessionResumed: lambda e: f"session {e.session} goes on: {e.reason}",
    SessionRecovered: lambda e: f"recovered: {e.found}; {e.did}",
    SessionEnded: lambda e: f"session {e.session} ends: {e.reason}",
    BriefChanged: lambda e: f"the brief changed{'' if e.accepted else f', and is not used: {e.reason}'}",
    NoiseMeasured: _noise,
    IdeaProposed: lambda e: f"{_at(e)} {e.proposer}: {e.idea}",
    IdeaRefused: lambda e: f"{_at(e)} refused ({e.rule}): {e.reason}",
    ProposalPrepared: lambda e: f"{_at(e)} {e.proposer} has prepared: {e.idea}",
    ProposalDropped: _dropped,
    ProposerFailed: lambda e: f"{_at(e)} {e.proposer} gave no proposal: {e.reason}",
    ChangeCommitted: lambda e: f"{_at(e)} committed {e.commit[:10]} (+{e.lines_added} -{e.lines_removed})",
    RunStarted: _run,
    RunFinished: _finished,
    RunFailed: lambda e: f"{_at(e)} run {e.run} failed ({e.kind}): {e.reason}",
    ExperimentKept: _verdict("KEPT"),
    ExperimentDiscarded: _verdict("discarded"),
    ExperimentCrashed: _unmeasured("crashed"),
    ExperimentInvalidated: lambda e: _unmeasured("taken back" if e.rule == VETO else "does not count")(e),
    ChangeReverted: lambda e: f"{_at(e)} reverted, the branch stands at {e.branch_at[:10]}",
    IncumbentMoved: lambda e: f"{_at(e)} {number(e.metric)} is the incumbent: {e.reason}",
    DirectionAdded: lambda e: f"{e.author} directs: {e.text}",
    PauseRequested: lambda e: f"{e.author} asks for a pause",
    ResumeRequested: lambda e: f"{e.author} asks to go on",
    SkipRequested: lambda e: f"{e.author} asks to skip #{e.experiment}",
    StopRequested: lambda e: f"{e.author} asks to stop{' now' if e.now else ''}",
    VetoRequested: lambda e: f"{e.author} takes back #{e.experiment}",
    BranchFromRequested: lambda e: f"{e.author} asks to go on from #{e.experiment}",
    VetoAcknowledged: lambda e: f"asked for a veto: {e.words()}",
    BranchFromAcknowledged: lambda e: f"asked to go on from elsewhere: {e.words()}",
}


_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


WIDEST = 160  # characters of a sentence in the log


def line(recorded: Recorded) -> str:
    """Position, time of day (UTC), session and sentence: one line of the log."""
    told = one_line(sentence(recorded.event), width=WIDEST)
    return f"{recorded.position:>6}  {recorded.recorded_at[11:19]}  {plain(recorded.event.session)}  {told}"


def sentence(event: Event) -> str:
    """What happened; for events that only matter to the machine, their name in words."""
    told = narrate(event)
    if told is not None:
        return told
    experiment = getattr(event, "experiment", None)
    return ("" if experiment is None else f"#{experiment} ") + _CAPITAL.sub(" ", event.NAME).lower()


def count(number: int, word: str) -> str:
    """One of something, or several."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def change(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+.3g}"


def verdict(event: Verdict) -> str:
    """A verdict with its numbers: metric, change against the incumbent, gain in σ, and the reason."""
    if event.metric is None:
        return f"no metric: {one_line(event.reason, width=WIDEST)}"
    against = f" ({change(event.delta)} against {number(event.incumbent)}" if event.delta is not None else ""
    gain = f", {event.gain_sigma:+.1f}σ" if against and event.gain_sigma is not None else ""
    return f"{number(event.metric)}{against}{gain}{')' if against else ''}: {one_line(event.reason, width=WIDEST)}"
