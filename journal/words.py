"""Events and verdicts in words, one line each. Pure.

Ideas, traces and reasons come from models and from training output: `plain` strips what could command a terminal.
"""

import re
from collections.abc import Callable
from typing import Any

from journal.events import (
    Acknowledged,
    BriefChanged,
    ChangeCommitted,
    ChangeReverted,
    DirectionAcknowledged,
    DirectionAdded,
    DirectionWithdrawn,
    Event,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentInvalidated,
    ExperimentKept,
    IdeaProposed,
    IdeaRefused,
    Intent,
    NoiseMeasured,
    PauseAcknowledged,
    PauseRequested,
    ProposerFailed,
    ResumeAcknowledged,
    ResumeRequested,
    RunFailed,
    RunFinished,
    RunLaunched,
    RunStarted,
    SessionEnded,
    SessionPaused,
    SessionRecovered,
    SessionResumed,
    SessionStarted,
    SkipAcknowledged,
    SkipRequested,
    StopAcknowledged,
    StopRequested,
    Verdict,
    VetoAcknowledged,
    VetoRequested,
)
from journal.recorded import Recorded

# C0 and C1 controls, zero-width and bidirectional marks; newline and tab stay
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def plain(text: str) -> str:
    """The text without anything that a terminal would obey."""
    return _UNSAFE.sub("", text)


def one_line(text: str, *, width: int = 100) -> str:
    """The text on one line of at most `width` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def number(value: float | None) -> str:
    """A metric or σ, short; a dash where there is none."""
    return "–" if value is None else f"{value:.5g}"


def change(value: float | None) -> str:
    """A difference with its sign."""
    return "–" if value is None else f"{value:+.3g}"


def line(recorded: Recorded) -> str:
    """Position, time of day, session and sentence: one line of the log."""
    event = recorded.event
    return f"{recorded.position:>6}  {recorded.recorded_at[11:19]}  {event.session}  {sentence(event)}"


def sentence(event: Event) -> str:
    """What happened, in one sentence."""
    words = _WORDS[type(event)](event)
    experiment = getattr(event, "experiment", None)
    return words if experiment is None else f"#{experiment} {words}"


def verdict(event: Verdict) -> str:
    """A verdict with its numbers: metric, change against the incumbent, gain in σ, rule and reason."""
    numbers = f"{number(event.metric)}" if event.metric is not None else "no metric"
    if event.delta is not None:
        numbers += f" ({change(event.delta)} against {number(event.incumbent)}"
        numbers += f", {event.gain_sigma:+.1f}σ)" if event.gain_sigma is not None else ")"
    return f"{numbers}: {one_line(event.reason, width=200)}"


def _proposed(event: IdeaProposed) -> str:
    by = event.model or event.proposer
    attempt = f", attempt {event.attempt}" if event.attempt > 1 else ""
    return f"proposed by {one_line(by)}{attempt}: {one_line(event.idea)}"


def _refused(event: IdeaRefused) -> str:
    matched = f" (like #{event.matched})" if event.matched is not None else ""
    return f"refused by {event.rule}{matched}: {one_line(event.reason)}"


def _finished(event: RunFinished) -> str:
    return f"run {event.run} measured {number(event.metric)} after {event.train_seconds:.0f} s of training, seed {event.seed}"


def _failed(event: RunFailed) -> str:
    return f"run {event.run} failed ({event.kind}): {one_line(event.reason)}"


def _asked(what: str) -> Callable[[Intent], str]:
    return lambda event: f"{event.author} ({event.channel}) {what}"


def _answered(what: str) -> Callable[[Acknowledged], str]:
    return lambda event: f"{what}{': ' + one_line(event.outcome) if event.outcome else ''}"


_WORDS: dict[type[Event], Callable[[Any], str]] = {
    SessionStarted: lambda event: (
        f"session started on {event.branch} at {event.start[:10]} ({event.device or event.host})"
    ),
    NoiseMeasured: lambda event: f"noise measured: σ = {number(event.sigma)} over {event.replicates} runs",
    SessionPaused: lambda event: f"session paused: {one_line(event.reason)}",
    SessionResumed: lambda event: f"session resumed{': ' + one_line(event.reason) if event.reason else ''}",
    SessionRecovered: lambda event: f"recovered: found {one_line(event.found)}; {one_line(event.did)}",
    BriefChanged: lambda event: (
        f"brief changed{'' if event.accepted else ', and not accepted: ' + one_line(event.reason)}"
    ),
    SessionEnded: lambda event: f"session ended: {one_line(event.reason)}",
    IdeaProposed: _proposed,
    IdeaRefused: _refused,
    ProposerFailed: lambda event: f"{event.proposer} gave no proposal ({event.kind}): {one_line(event.reason)}",
    ChangeCommitted: lambda event: f"committed {event.commit[:10]} (+{event.lines_added} −{event.lines_removed})",
    RunStarted: lambda event: (
        f"run {event.run} starts: {event.purpose}, seed {event.seed}, {event.budget:g} s, {event.isolation}"
    ),
    RunLaunched: lambda event: f"run {event.run} is process {event.pid}",
    RunFinished: _finished,
    RunFailed: _failed,
    ExperimentKept: lambda event: f"KEPT {verdict(event)}",
    ExperimentDiscarded: lambda event: f"discarded {verdict(event)}",
    ExperimentCrashed: lambda event: f"crashed {verdict(event)}",
    ExperimentInvalidated: lambda event: f"does not count, {verdict(event)}",
    ChangeReverted: lambda event: f"{event.how}: branch stands at {event.branch_at[:10]}",
    DirectionAdded: lambda event: f"{event.author} directs ({event.direction}): {one_line(event.text)}",
    DirectionWithdrawn: lambda event: f"{event.author} withdraws direction {event.direction}",
    PauseRequested: _asked("asks to pause"),
    ResumeRequested: _asked("asks to resume"),
    SkipRequested: _asked("asks to skip it"),
    StopRequested: lambda event: f"{event.author} ({event.channel}) asks to stop{' now' if event.now else ''}",
    VetoRequested: _asked("takes it back"),
    DirectionAcknowledged: _answered("direction seen"),
    PauseAcknowledged: _answered("pause seen"),
    ResumeAcknowledged: _answered("resume seen"),
    SkipAcknowledged: _answered("skip seen"),
    StopAcknowledged: _answered("stop seen"),
    VetoAcknowledged: _answered("veto seen"),
}
