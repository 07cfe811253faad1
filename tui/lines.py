"""The status as plain lines: for pipes, logs, screen readers and windows too small for a screen. Pure."""

from datetime import datetime

from journal.recorded import Recorded
from journal.words import sentence
from tui.formatting import count, dollars, duration, number, percent, rate, sanitize, signed
from tui.snapshot import Snapshot
from tui.summary import Summary
from tui.view import Row
from tui.widgets.chrome import loop_state


def status_lines(snapshot: Snapshot, *, now: datetime) -> list[str]:
    """Where the night stands, most important first."""
    session = snapshot.view.session
    if session is None:
        return ["No session in this journal yet: start one with `ar-loop run`."]
    state, _ = loop_state(snapshot, session, now=now)
    lines = [
        f"{sanitize(session.tag)}: {state}",
        _standing(session),
        _tally(session, now),
        *_flight(snapshot),
    ]
    rows = snapshot.view.rows
    decided = [row for row in map(snapshot.view.row, reversed(rows[-6:])) if row.status != "open"]
    lines += [experiment_line(row) for row in decided[:5]]
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


def _flight(snapshot: Snapshot) -> list[str]:
    flight = snapshot.flight
    if flight is None:
        return []
    lines = [f"#{flight.experiment.number} {sanitize(flight.experiment.idea)}"]
    run = flight.run
    if run is not None and snapshot.curve:
        last = snapshot.curve[-1]
        share = last.progress if last.progress is not None else last.seconds / (run.budget or 1)
        lines.append(
            f"  run {run.run}: {percent(min(1.0, share))} of {duration(run.budget)}, step {last.step}, "
            f"loss {number(last.loss)}, {rate(last.tokens_per_second)} tokens/s, {run.isolation}"
        )
    return lines


def experiment_line(row: Row) -> str:
    """One verdict as a line."""
    return f"#{row.number} {row.status} {number(row.metric)} ({signed(row.delta)}) {sanitize(row.idea)}"


def event_words(recorded: Recorded) -> str:
    """An event in one line, told as the loop and the log tell it."""
    return sanitize(sentence(recorded.event))


def event_line(recorded: Recorded) -> str:
    """An event as a line of a log."""
    return f"{recorded.recorded_at[:19]}Z  {event_words(recorded)}"
