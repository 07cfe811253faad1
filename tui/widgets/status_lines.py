"""The status as plain lines: for pipes, logs, screen readers and windows too small for a screen. Pure."""

from datetime import datetime
from itertools import chain

from journal.events.recorded import Recorded, Sample
from journal.projections.runs import Run
from journal.reports.narration import sentence
from tui.model.session_summary import Summary
from tui.model.snapshot import Flying, Snapshot
from tui.model.view import Row
from tui.terminal.formatting import count, dollars, duration, number, percent, rate, sanitize, signed
from tui.widgets.chrome import loop_state

LAST = 5  # verdicts told


def status_lines(snapshot: Snapshot, *, now: datetime) -> list[str]:
    """Where the night stands, most important first."""
    session = snapshot.view.session
    if session is None:
        return ["No session in this journal yet: start one with `ar-loop run`."]
    state, _ = loop_state(snapshot, session, now=now)
    flying = snapshot.flying
    lines = [
        f"{sanitize(session.tag)}: {state}",
        _standing(session),
        _tally(session, now),
        *(map(_among_others, flying) if len(flying) > 1 else chain(*map(_flight, flying))),
    ]
    rows = snapshot.view.rows[-LAST - len(snapshot.view.in_flight) :]
    decided = [row for row in map(snapshot.view.row, reversed(rows)) if row.status != "open"]
    lines += [experiment_line(row) for row in decided[:LAST]]
    if snapshot.trouble:
        lines.append(sanitize(snapshot.trouble))
    return lines


def _standing(session: Summary) -> str:
    best = f" at #{session.best_experiment}" if session.best_experiment is not None else ""
    return (
        f"{sanitize(session.metric)} best {number(session.best)}{best}, "
        f"baseline {number(session.baseline)}, σ {number(session.sigma)} ({session.direction})"
    )


def _tally(session: Summary, now: datetime) -> str:
    counts = session.counts
    return (
        f"kept {count(session.kept)}, discarded {count(counts['discard'])}, crashed {count(counts['crash'])}, "
        f"invalid {count(counts['invalid'])}; {dollars(session.dollars)}, {duration(session.elapsed(now))}"
    )


def _flight(one: Flying) -> list[str]:
    lines, run = [f"#{one.experiment.number} {sanitize(one.experiment.idea)}"], one.run
    if run is not None and one.curve:
        last = one.curve[-1]
        lines.append(
            f"  run {run.run}: {_share(run, last)} of {duration(run.budget)}, step {last.step}, "
            f"loss {number(last.loss)}, {rate(last.tokens_per_second)} tokens/s, {run.isolation}"
        )
    return lines


def _among_others(one: Flying) -> str:
    """One of several in flight, as a line."""
    run, words = one.run, ["no run yet"]
    if run is not None:
        words = [f"run {run.run}"] if run.run > 1 or run.purpose != "candidate" else []
        words += [part for part in (sanitize(run.device), run.isolation) if part]
        words += [_share(run, one.curve[-1]), f"loss {number(one.curve[-1].loss)}"] if one.curve else []
    return f"#{one.experiment.number} ({', '.join(words)}) {sanitize(one.experiment.idea)}"


def _share(run: Run, last: Sample) -> str:
    return percent(min(1.0, last.progress if last.progress is not None else last.seconds / (run.budget or 1)))


def experiment_line(row: Row) -> str:
    """One verdict as a line."""
    delta = f" ({signed(row.delta)})" if row.delta is not None else ""
    figures = ":" if row.metric is None else f" {number(row.metric)}{delta}"
    return f"#{row.number} {row.word}{figures} {sanitize(row.idea)}"


def event_words(recorded: Recorded) -> str:
    """An event in one line, told as the loop and the log tell it."""
    return sanitize(sentence(recorded.event))


def event_line(recorded: Recorded) -> str:
    """An event as a line of a log."""
    return f"{recorded.recorded_at[:19]}Z  {event_words(recorded)}"
