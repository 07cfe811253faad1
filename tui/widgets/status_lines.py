"""The status as plain lines: for pipes, logs, screen readers and very small windows. Pure."""

from datetime import datetime
from itertools import chain

from journal.events.recorded import Recorded
from journal.projections.runs import Run
from journal.reports.narration import sentence
from tui.model.run_curve import CurvePoint
from tui.model.session_summary import SessionSummary
from tui.model.snapshot import ActiveExperiment, Snapshot
from tui.model.view import Row
from tui.terminal.formatting import count, dollars, duration, number, percent, rate, sanitize, signed
from tui.widgets.loop_state import loop_state

VERDICTS = 5  # the last ones, a line each


def status_lines(snapshot: Snapshot, *, now: datetime, is_replay: bool = False) -> list[str]:
    """The state of the latest session, the most important line first; `is_replay` if it is that of an earlier position."""
    session, active = snapshot.view.session, snapshot.active
    if session is None:
        return ["No session in this journal yet: start one with `ar-loop run`."]
    state, _ = loop_state(snapshot, session, now=now, is_replay=is_replay)
    lines = [
        f"{sanitize(session.tag)}: {state}",
        _progress(session),
        _counts(session, now),
        *(map(_short_active_line, active) if len(active) > 1 else chain(*map(_active_lines, active))),
    ]
    rows = snapshot.view.rows[-VERDICTS - len(snapshot.view.active_rows) :]
    decided = [row for row in map(snapshot.view.row, reversed(rows)) if row.status != "open"]
    lines += [_verdict_line(row) for row in decided[:VERDICTS]]
    if snapshot.read_error:
        lines.append(sanitize(snapshot.read_error))
    return lines


def _progress(session: SessionSummary) -> str:
    best = f" at #{session.best_experiment}" if session.best_experiment is not None else ""
    return (
        f"{sanitize(session.metric)} best {number(session.best)}{best}, "
        f"baseline {number(session.baseline)}, σ {number(session.sigma)} ({sanitize(session.direction)})"
    )


def _counts(session: SessionSummary, now: datetime) -> str:
    counts = session.counts
    return (
        f"kept {count(session.kept)}, discarded {count(counts['discard'])}, crashed {count(counts['crash'])}, "
        f"invalid {count(counts['invalid'])}; {dollars(session.dollars)}, {duration(session.elapsed(now))}"
    )


def _active_lines(active: ActiveExperiment) -> list[str]:
    lines, run = [f"#{active.experiment.number} {sanitize(active.experiment.idea)}"], active.run
    last = active.curve.last
    if run is not None and last is not None:
        lines.append(
            f"  run {run.run} ({run.purpose}): {_share(run, last)} of {duration(run.budget)}, step {count(last.step)}, "
            f"loss {number(last.loss)}, {rate(last.tokens_per_second)} tokens/s, {run.isolation}"
        )
    return lines


def _short_active_line(active: ActiveExperiment) -> str:
    run, parts = active.run, ["no run yet"]
    if run is not None:
        parts = [f"run {run.run}, {run.purpose}"] if run.run > 1 or run.purpose != "candidate" else []
        parts += [part for part in (sanitize(run.device), run.isolation) if part]
        if (last := active.curve.last) is not None:
            parts += [_share(run, last), f"loss {number(last.loss)}"]
    return f"#{active.experiment.number} ({', '.join(parts)}) {sanitize(active.experiment.idea)}"


def _share(run: Run, last: CurvePoint) -> str:
    return percent(min(1.0, last.progress if last.progress is not None else last.seconds / (run.budget or 1)))


def _verdict_line(row: Row) -> str:
    delta = f" ({signed(row.delta)})" if row.delta is not None else ""
    metric = ":" if row.metric is None else f" {number(row.metric)}{delta}"
    return f"#{row.number} {row.label}{metric} {sanitize(row.idea)}"


def event_text(recorded: Recorded) -> str:
    """An event in one line, in the words of the loop and of `ar-journal log`."""
    return sanitize(sentence(recorded.event))


def event_line(recorded: Recorded) -> str:
    """An event as a line of a log, with its time."""
    return f"{recorded.recorded_at[:19]}Z  {event_text(recorded)}"
