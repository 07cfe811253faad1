"""An experiment or a session as one line of the memory. Pure."""

from collections.abc import Callable, Sequence

from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.memory.knob_ledger import format_gain
from journal.reports.memory.throughput import Throughput
from journal.reports.quoting import quote

IDEA, REASON, HYPOTHESIS, NAME = 110, 60, 100, 48  # characters
SESSION_IDEAS = 5  # kept ideas in the line of an earlier session


class ExperimentLines:
    """Lines about a session's experiments; each gain stands beside what the change did to the throughput."""

    def __init__(self, throughput: Throughput) -> None:
        self._throughput = throughput

    def plain(self, row: Experiment, word: str = "") -> str:
        return f"- {row.number} {quote(row.idea, IDEA)}{' ' + word if word else ''}{self._gain(row)}"

    def recent(self, row: Experiment) -> str:
        """The gain explains a verdict; a discard without a gain, e.g. by a guard, needs its reason."""
        needs_reason = row.status == "discard" and row.delta is None
        reason = f" {quote(row.reason, REASON)}" if needs_reason else ""
        return self.plain(row, row.status) + reason

    def kept(self, row: Experiment) -> str:
        return self.plain(row, f"{row.metric:.6g}")

    def failed(self, row: Experiment) -> str:
        """The idea with its hypothesis, and what was expected beside what was measured."""
        because = f" because {quote(row.hypothesis, HYPOTHESIS)}" if row.hypothesis else ""
        if row.delta is None:
            return f"- {row.number} {quote(row.idea, IDEA)}{because}: {quote(row.reason, REASON)}"
        expected = expected_gain(row)
        prediction = "" if expected is None else f" expected {format_gain(expected, None)}σ,"
        return f"- {row.number} {quote(row.idea, IDEA)}{because}:{prediction} measured{self._gain(row)}"

    def _gain(self, row: Experiment) -> str:
        if row.delta is None and row.gain_sigma is None:
            return ""
        sigma = "" if row.gain_sigma is None else "σ"
        return f" {format_gain(row.gain_sigma, row.delta)}{sigma}{self._throughput.clause(row)}"


def expected_gain(row: Experiment) -> float | None:
    """The predicted gain in σ, positive is better, on the scale of the measured one; None without a prediction or a scale."""
    if row.expected_delta is None or row.gain_sigma is None or not row.delta:
        return None
    return row.expected_delta * row.gain_sigma / row.delta


def session_line(session: Session, state: State) -> str:
    kept = [row for row in state.experiments.of_session(session.tag) if row.status == "keep" and row.number > 0]
    ideas = ", ".join(quote(row.idea, 60) for row in kept[:SESSION_IDEAS]) + (" …" if len(kept) > SESSION_IDEAS else "")
    baseline = "none" if session.baseline is None else f"{session.baseline:.6g}"
    return (
        f"- {name(session.tag)} on {name(session.device)}: {baseline} to {session.best:.6g}; kept {ideas or 'nothing'}"
    )


def name(text: str) -> str:
    return quote(text, NAME, marks=False)


def section(title: str, lines: Sequence[str]) -> str:
    return f"### {title}\n" + "\n".join(lines) if lines else ""


def latest(rows: Sequence[Experiment], limit: int, to_line: Callable[[Experiment], str]) -> list[str]:
    """The latest rows as lines, after the number of omitted ones."""
    lines = [to_line(row) for row in rows[-limit:]]
    return lines if len(rows) <= limit else [f"- ({len(rows) - limit} earlier are omitted)", *lines]
