"""What the study's other sessions learned, as lines of the memory block. Pure.

Each line names the session and the base of its experiment: a result says less on another base, and only its sign on another
device class.
"""

from collections.abc import Sequence

from journal.projections.experiments import Experiment
from journal.projections.knobs import KnobTrial
from journal.projections.lineage import inherited
from journal.projections.state import State
from journal.projections.trials import moves_only_knobs
from journal.reports.memory.knob_ledger import format_gain, study_knob_lines
from journal.reports.quoting import quote

IDEA, REASON, NAME = 110, 60, 48  # characters


class StudyMemory:
    """The decided experiments of the study's other sessions, oldest first."""

    def __init__(self, state: State, session: str) -> None:
        self._state = state
        self._device = state.changes.device(session)
        self._sessions = [tag for tag in state.studies.sessions(session) if tag != session]
        rows = [row for tag in self._sessions for row in state.experiments.of_session(tag) if row.number > 0]
        self._crashed = [row for row in rows if row.status == "crash"]
        self._failed = [row for row in rows if row.status == "discard" and not self._moves_only_knobs(row)]
        self._inherited = inherited(state, session)

    def kept(self, limit: int) -> list[str]:
        """The changes of earlier sessions that the session's first commit contains."""
        return [f"{self._line(row)} {row.metric:.6g}" for row in self._inherited[-limit:]] if limit > 0 else []

    def failed(self, limit: int) -> list[str]:
        """The ideas that failed and did more than move knobs."""
        return self._latest(self._failed, limit)

    def crashes(self, limit: int) -> list[str]:
        """The ideas that crashed."""
        return self._latest(self._crashed, limit)

    def knobs(self, *, max_knobs: int, max_values: int) -> list[str]:
        """A line per knob; a star marks another device class."""
        trials = [(row, self._is_elsewhere(row.session)) for tag in self._sessions for row in self._knob_trials(tag)]
        return study_knob_lines(trials, max_knobs=max_knobs, max_values=max_values)

    def moved(self) -> frozenset[str]:
        """The knobs that an experiment has moved."""
        return frozenset(row.knob for tag in self._sessions for row in self._knob_trials(tag))

    def _knob_trials(self, session: str) -> list[KnobTrial]:
        rows = self._state.knobs.of_session(session)
        return [row for row in rows if row.experiment > 0 and row.status in ("keep", "discard", "crash")]

    def _latest(self, rows: Sequence[Experiment], limit: int) -> list[str]:
        return [f"{self._line(row)} {quote(row.reason, REASON)}" for row in rows[-limit:]] if limit > 0 else []

    def _line(self, row: Experiment) -> str:
        base = self._state.changes.trial_at(row.parent or "")
        place = f" on {_name(base.session)}#{base.experiment}" if base else ""
        machine = ", another device" if self._is_elsewhere(row.session) else ""
        sigma = "" if row.gain_sigma is None else "σ"
        has_gain = row.delta is not None or row.gain_sigma is not None
        gain = f" {format_gain(row.gain_sigma, row.delta)}{sigma}" if has_gain else ""
        return f"- {_name(row.session)}#{row.number}{place}{machine} {quote(row.idea, IDEA)}{gain}"

    def _is_elsewhere(self, session: str) -> bool:
        return self._state.changes.device(session) != self._device

    def _moves_only_knobs(self, row: Experiment) -> bool:
        return moves_only_knobs(self._state.changes.rows.get((row.session, row.number)))


def _name(text: str) -> str:
    return quote(text, NAME, marks=False)
