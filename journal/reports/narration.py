"""Events as sentences for people: the same in the loop's output, the log and the replay. Pure.

`narrate` and `sentence` may return text of a model with control characters: make it safe before a terminal shows it.
"""

import re
from collections.abc import Callable
from datetime import tzinfo
from typing import Any, get_args

from journal.console.local_time import local_clock
from journal.console.text import one_line, strip_controls
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
    RepositoryTouched,
    RequestWithdrawn,
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
    WithdrawalAcknowledged,
)
from journal.events.recorded import Recorded
from journal.projections.experiments import Experiment
from journal.reports.figures import format_delta, format_metric

RUN_FAILURES = frozenset(get_args(FailureKind)) - {"interrupted"}  # as rules of verdicts, whose reason is the run's
__all__ = ["log_line", "metric_with_gain", "narrate", "pluralize", "sentence", "verdict_sentence"]

WIDEST = 160  # characters of a sentence in the log
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def narrate(event: Event) -> str | None:
    """One line about an event; None for events that people need not see."""
    to_sentence = _SENTENCES.get(type(event))
    return to_sentence(event) if to_sentence else None


def _verdict(word: str) -> Callable[[Any], str]:
    def to_sentence(event: Verdict) -> str:
        metric = f" {format_metric(event.metric, event.sigma)}" if event.metric is not None else ""
        return f"{_number(event)} {word}{metric}: {event.reason}"

    return to_sentence


def _unmeasured(word: str) -> Callable[[Any], str]:
    """A verdict without a metric; if a failed run is the cause, the run's line has already given the reason."""

    def to_sentence(event: Verdict) -> str:
        if event.rule not in RUN_FAILURES:
            return _verdict(word)(event)
        return f"{_number(event)} {word}{'' if event.rule == 'crash' else f' ({event.rule})'}"

    return to_sentence


def _number(event: Any) -> str:
    return f"#{event.experiment}"


def _started(event: SessionStarted) -> str:
    profile = f", profile {event.profile}" if event.profile else ""
    place = f"{event.base[:10]}, kept by session {event.onto}" if event.onto else event.base[:10]
    return f"session {event.session} starts on {place}, branch {event.branch}{profile}, {event.device or 'no device'}"


def _run(event: RunStarted) -> str:
    purpose = {"candidate": "run", "baseline": "baseline run", "replicate": "run again", "incumbent": "incumbent again"}
    name = f"{_number(event)} {purpose[event.purpose]} {event.run}"
    device = f", on {event.device}" if ":" in event.device else ""  # one of several devices
    return f"{name}, seed {event.seed}, {event.budget:g} s of training, {event.isolation}{device}"


def _finished(event: RunFinished) -> str:
    tokens = f", {event.tokens:,} tokens" if event.tokens else ""
    # a training that does not report its start has no time of its own: the loop has only that of the whole run
    reported = event.startup_seconds is not None
    trained = (
        f"{event.train_seconds:.1f} s trained of {event.wall_seconds:.1f} s"
        if reported
        else f"{event.wall_seconds:.1f} s"
    )
    return f"{_number(event)} run {event.run} measured {format_metric(event.metric)} ({trained}{tokens})"


def _noise(event: NoiseMeasured) -> str:
    if event.sigma == 0:
        return f"the runs are identical: σ is 0 over {event.replicates} runs"
    return f"σ is {event.sigma:.4g} over {event.replicates} runs: less than {2 * event.sigma:.2g} is noise"


def _proposed(event: IdeaProposed) -> str:
    unread = f" (not read of its note: {'; '.join(event.unread)})" if event.unread else ""
    return f"{_number(event)} {event.proposer}: {event.idea}{unread}"


def _touched(event: RepositoryTouched) -> str:
    return (
        f"{_number(event)} WARNING: this repository changed while the agent ran: {'; '.join(event.changes)}. "
        "Nothing was undone: if this was not you, it was the agent"
    )


def _dropped(event: ProposalDropped) -> str:
    if event.why == "failed":
        return f"{_number(event)} {event.proposer} gave no proposal: {event.reason}"
    return f"{_number(event)} {event.proposer}'s proposal is not used: {event.reason}"


_SENTENCES: dict[type[Event], Callable[[Any], str]] = {
    SessionStarted: _started,
    SessionPaused: lambda e: f"session {e.session} pauses: {e.reason}",
    SessionResumed: lambda e: f"session {e.session} resumes: {e.reason}",
    SessionRecovered: lambda e: f"recovered: {e.found}; {e.did}",
    SessionEnded: lambda e: f"session {e.session} ends: {e.reason}",
    BriefChanged: lambda e: f"the brief changed{'' if e.accepted else f' and is not used: {e.reason}'}",
    NoiseMeasured: _noise,
    IdeaProposed: _proposed,
    IdeaRefused: lambda e: f"{_number(e)} refused ({e.rule}): {e.reason}",
    ProposalPrepared: lambda e: f"{_number(e)} {e.proposer} has prepared: {e.idea}",
    ProposalDropped: _dropped,
    RepositoryTouched: _touched,
    ProposerFailed: lambda e: f"{_number(e)} {e.proposer} gave no proposal: {e.reason}",
    ChangeCommitted: lambda e: f"{_number(e)} committed {e.commit[:10]} (+{e.lines_added} -{e.lines_removed})",
    RunStarted: _run,
    RunFinished: _finished,
    RunFailed: lambda e: f"{_number(e)} run {e.run} failed ({e.kind}): {e.reason}",
    ExperimentKept: _verdict("KEPT"),
    ExperimentDiscarded: _verdict("discarded"),
    ExperimentCrashed: _unmeasured("crashed"),
    ExperimentInvalidated: lambda e: _unmeasured("taken back" if e.rule == VETO else "does not count")(e),
    ChangeReverted: lambda e: f"{_number(e)} reverted, the branch is at {e.branch_at[:10]}",
    IncumbentMoved: lambda e: f"{_number(e)} {format_metric(e.metric)} is the incumbent: {e.reason}",
    DirectionAdded: lambda e: f"{e.author} directs: {e.text}",
    PauseRequested: lambda e: f"{e.author} asks for a pause",
    ResumeRequested: lambda e: f"{e.author} asks to resume",
    SkipRequested: lambda e: f"{e.author} asks to skip #{e.experiment}",
    StopRequested: lambda e: f"{e.author} asks to stop{' now' if e.now else ''}",
    VetoRequested: lambda e: f"{e.author} vetoes #{e.experiment}",
    BranchFromRequested: lambda e: f"{e.author} asks to branch from #{e.experiment}",
    RequestWithdrawn: lambda e: f"{e.author} withdraws the request at position {e.request}",
    WithdrawalAcknowledged: lambda e: f"withdrawal: {e.message()}",
    VetoAcknowledged: lambda e: f"veto: {e.message()}",
    BranchFromAcknowledged: lambda e: f"branch-from: {e.message()}",
}


def log_line(recorded: Recorded, zone: tzinfo | None = None) -> str:
    """Position, local time of day with its offset from UTC, session and sentence, safe for a terminal."""
    text = one_line(sentence(recorded.event), width=WIDEST)
    at = local_clock(recorded.recorded_at, zone)
    return f"{recorded.position:>6}  {at}  {strip_controls(recorded.event.session)}  {text}"


def sentence(event: Event) -> str:
    """As `narrate`; for events that people need not see, the event's name in words."""
    text = narrate(event)
    if text is not None:
        return text
    experiment = getattr(event, "experiment", None)
    return ("" if experiment is None else f"#{experiment} ") + _CAPITAL.sub(" ", event.NAME).lower()


def pluralize(number: int, word: str) -> str:
    """A number with its noun, in the singular or the plural."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def verdict_sentence(event: Verdict) -> str:
    """A verdict with its numbers: metric, delta to the incumbent, gain in σ, and the reason."""
    return f"{'no metric' if event.metric is None else metric_with_gain(event)}: {one_line(event.reason, width=WIDEST)}"


def metric_with_gain(result: Verdict | Experiment) -> str:
    """Metric, delta to the incumbent, and gain in σ."""
    metric = format_metric(result.metric, result.sigma)
    if result.delta is None:
        return metric
    gain = "" if result.gain_sigma is None else f", {result.gain_sigma:+.1f}σ"
    return f"{metric} ({format_delta(result.delta)} against {format_metric(result.incumbent, result.sigma)}{gain})"
