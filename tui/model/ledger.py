"""The night in columns: a fold of the journal that can be looked at as of any position. Pure.

A list of a hundred thousand experiments must open at once, stay small and be shown as it stood at any earlier position.
So rows are columns of numbers, each fact is kept with the position that brought it, and `tui.model.view` answers "as of P" by
bisection; nothing is copied and nothing is folded again. Facts only ever join at the end, and a row's verdict is published
by its `decided` position last: a reader in another thread that stays at or below `position` sees no half-written fact.

The law: View(fold(a + b), P) == View(fold(a), P) for every P within a.
"""

import sys
from array import array
from bisect import bisect_left
from datetime import datetime
from math import nan

from journal.events import (
    CATALOGUE,
    Event,
    ExperimentKept,
    IdeaProposed,
    IdeaRefused,
    IncumbentMoved,
    Intent,
    RunFailed,
    RunFinished,
    RunStarted,
    SessionStarted,
    Verdict,
)
from journal.events.recorded import Recorded
from journal.projections.experiments import STATUS
from tui.model.columns import TextColumn
from tui.model.intents import NEVER
from tui.model.session_log import STATUSES, Moved, Overruled, SessionLog, SessionState, note, spend

NOWHERE = -1  # instead of a row
MOVED = "moved"  # the rule of a verdict on a gain over a parent that is the incumbent no longer


class Ledger:
    """Columns of all experiments and the logs of all sessions."""

    def __init__(self) -> None:
        self.position = 0
        self.recorded_at = ""
        self.sessions: dict[str, SessionLog] = {}
        self.turned_at = array("q")  # where the loop turned to another session
        self.turned_to: list[SessionLog] = []
        self.session: list[str] = []
        self.number = array("q")
        self.opened = array("q")
        self.decided = array("q")
        self.decided_time = array("d")  # seconds since the epoch
        self.status = array("b")
        self.metric = array("d")
        self.delta = array("d")
        self.gain = array("d")
        self.seconds = array("d")  # of training, all runs
        self.parent = array("q")  # `hash` of the commit that it stands on
        self.idea = TextColumn()
        self.kind: list[str] = []
        self.proposer: list[str] = []
        self.knobs: list[str] = []
        self.earlier: dict[int, list[tuple[int, str, str, str, str]]] = {}  # row -> replaced proposals
        self.overruled: dict[int, list[Overruled]] = {}  # row -> verdicts that a later one replaced
        self.overtaken: set[int] = set()  # rows that gained on a parent which was the incumbent no longer
        self.failed_at = array("q")
        self.failed_row = array("q")
        self.failed_run = array("q")
        self.failure: list[tuple[str, str]] = []  # kind, signature
        self._kinds: dict[tuple[str, str], tuple[str, str]] = {}  # one tuple for all that are equal

    def apply(self, recorded: Recorded) -> None:
        """Take in the next event."""
        event, at = recorded.event, recorded.position
        if isinstance(event, SessionStarted):
            self.sessions[event.session] = SessionLog(recorded, states=[SessionState(at, recorded.recorded_at, "open")])
        log = self.sessions.get(event.session)
        if log is not None:
            if not isinstance(event, Intent) and log is not next(reversed(self.turned_to), None):
                self.turned_to.append(log)
                self.turned_at.append(at)
            self._take(log, event, recorded)
        self.recorded_at, self.position = recorded.recorded_at, at

    def skip(self, position: int, recorded_at: str) -> None:
        """Pass over an event whose type is not among `TAKES`."""
        self.recorded_at, self.position = recorded_at, position

    def find(self, session: str, number: int) -> int | None:
        """The row of an experiment, if there is one."""
        log = self.sessions.get(session)
        if log is None or not 0 <= number < len(log.row_of) or log.row_of[number] == NOWHERE:
            return None
        return log.row_of[number]

    def judged(self, status: str, first: int, last: int) -> bool:
        """Whether a verdict of this kind lies between two positions, both included."""
        for log in self.sessions.values():
            positions = log.verdicts[status]
            place = bisect_left(positions, first)
            if place < len(positions) and positions[place] <= last:
                return True
        return False

    def _take(self, log: SessionLog, event: Event, recorded: Recorded) -> None:
        number = getattr(event, "experiment", None)
        row = None if number is None else self.find(event.session, number)
        match event:
            case IdeaProposed():
                self._proposed(log, event, recorded.position)
            case IdeaRefused():
                log.refused.append(recorded.position)
            case IncumbentMoved() if row is not None:
                log.moved.append(Moved(recorded.position, row, hash(event.commit), event.metric))
            case RunStarted() | RunFinished() | RunFailed() | Verdict():
                if row is not None:
                    self._tried(log, row, event, recorded)
            case _:
                note(log, event, recorded)

    def _tried(
        self, log: SessionLog, row: int, event: RunStarted | RunFinished | RunFailed | Verdict, recorded: Recorded
    ) -> None:
        match event:
            case RunStarted():
                log.run_row.append(row)
                log.run_number.append(event.run)
                log.runs.begin(recorded.position)
            case Verdict():
                self._judged(log, row, event, recorded)
            case _:
                self._ran(log, row, event, recorded.position)

    def _proposed(self, log: SessionLog, event: IdeaProposed, at: int) -> None:
        facts = (event.idea, sys.intern(event.kind), sys.intern(event.proposer), _knobs(event))
        row = self.find(event.session, event.experiment)
        if row is None:
            row = self._open(log, event, at)
        else:
            before = (self.idea[row], self.kind[row], self.proposer[row], self.knobs[row])
            self.earlier.setdefault(row, []).append((at, *before))
        self.idea[row], self.kind[row], self.proposer[row], self.knobs[row] = facts
        self.parent[row] = hash(event.parent)
        spend(log, event.usage, at)

    def _open(self, log: SessionLog, event: IdeaProposed, at: int) -> int:
        row = len(self.number)
        self.session.append(sys.intern(event.session))
        self.number.append(event.experiment)
        self.status.append(0)
        self.seconds.append(0.0)
        self.parent.append(0)
        self.decided.append(NEVER)
        for number in (self.decided_time, self.metric, self.delta, self.gain):
            number.append(nan)
        for text in (self.idea, self.kind, self.proposer, self.knobs):
            text.append("")
        self.opened.append(at)
        log.rows.append(row)
        log.tried.begin(at)
        log.row_of.extend([NOWHERE] * (event.experiment + 1 - len(log.row_of)))
        log.row_of[event.experiment] = row
        return row

    def _ran(self, log: SessionLog, row: int, event: RunFinished | RunFailed, at: int) -> None:
        self.seconds[row] += event.train_seconds
        for run in log.runs.unended:
            if log.run_row[run] == row and log.run_number[run] == event.run:
                log.runs.end(run, at)
                break
        if isinstance(event, RunFailed):
            self.failure.append(self._kinds.setdefault(key := (event.kind, event.signature), key))
            self.failed_row.append(row)
            self.failed_run.append(event.run)
            self.failed_at.append(at)

    def _judged(self, log: SessionLog, row: int, event: Verdict, recorded: Recorded) -> None:
        status = STATUS[type(event)]
        if self.decided[row] != NEVER:
            self._overrule(log, row, recorded.position)
        else:
            log.tried.end(bisect_left(log.rows, row), recorded.position)
        self.status[row] = STATUSES.index(status)
        self.metric[row] = nan if event.metric is None else event.metric
        self.delta[row] = nan if event.delta is None else event.delta
        self.gain[row] = nan if event.gain_sigma is None else event.gain_sigma
        self.decided_time[row] = datetime.fromisoformat(recorded.recorded_at).timestamp()
        if event.rule == MOVED:
            self.overtaken.add(row)
        if isinstance(event, ExperimentKept):
            log.kept.append(row)
            log.kept_commit.append(hash(event.commit))
        log.verdicts[status].append(recorded.position)
        self.decided[row] = recorded.position

    def _overrule(self, log: SessionLog, row: int, at: int) -> None:
        status = STATUSES[self.status[row]]
        verdict = (self.metric[row], self.delta[row], self.gain[row], self.decided_time[row])
        self.overruled.setdefault(row, []).append(Overruled(at, self.decided[row], status, *verdict))
        log.overruled[status].append(at)


def _knobs(event: IdeaProposed) -> str:
    moves = event.change.knobs if event.kind != "baseline" else ()  # of the baseline it is the inventory
    return sys.intern(", ".join(f"{move.name} {move.old or '∅'}→{move.new or '∅'}" for move in moves))


TAKES = frozenset(CATALOGUE) - {
    "ChangeCommitted",
    "ChangeReverted",
    "RunLaunched",
}  # stored names of events that matter here
