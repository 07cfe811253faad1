"""The journal as columns: a fold that can be read as of any earlier position. Pure.

A list of 100,000 experiments must open at once, stay small, and be shown as it was at any earlier position. Therefore a row is
spread over columns of numbers, each fact is stored with the position that brought it, and `tui.model.view` answers "as of
position P" by bisection: nothing is copied or folded again. Columns only grow, and the `decided_at` position of a verdict is
written last: a reader in another thread that stays at or below `position` sees no half-written fact.

Invariant: View(fold(a + b), P) == View(fold(a), P) for every P within a.
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
from tui.model.columns import NEVER, TextColumn
from tui.model.session_log import (
    STATUSES,
    ChosenIncumbent,
    SessionLog,
    SessionState,
    SupersededVerdict,
    add_cost,
    apply_to_session,
)

Facts = tuple[int, str, str, str, str]

NO_ROW = -1
MOVED = "moved"  # the rule of a verdict on a gain over a parent that had stopped being the incumbent
FOLDED = frozenset(CATALOGUE) - {"ChangeCommitted", "ChangeReverted", "RunLaunched"}  # stored names of the events used


class Ledger:
    """Columns of all experiments and the logs of all sessions."""

    def __init__(self) -> None:
        self.position = 0
        self.recorded_at = ""
        self.sessions: dict[str, SessionLog] = {}
        self.switched_at = array("q")  # positions at which the loop switched to another session
        self.switched_to: list[SessionLog] = []
        self.session: list[str] = []
        self.number = array("q")
        self.proposed_at = array("q")
        self.decided_at = array("q")
        self.decided_time = array("d")  # seconds since the epoch
        self.status = array("b")
        self.metric = array("d")
        self.delta = array("d")
        self.gain = array("d")
        self.seconds = array("d")  # of training, all runs
        self.parent = array("q")  # `hash` of the parent commit
        self.idea = TextColumn()
        self.kind: list[str] = []
        self.proposer: list[str] = []
        self.knobs: list[str] = []
        self.earlier_proposals: dict[int, list[Facts]] = {}  # by row, each with the position of its replacement
        self.superseded: dict[int, list[SupersededVerdict]] = {}  # by row
        self.stale_gains: set[int] = set()  # rows that gained on a parent that had stopped being the incumbent
        self.failed_at = array("q")
        self.failed_row = array("q")
        self.failure: list[tuple[str, str]] = []  # kind, signature
        self._kinds: dict[tuple[str, str], tuple[str, str]] = {}  # so that equal tuples share memory

    def apply(self, recorded: Recorded) -> None:
        """Fold the next event."""
        event, position = recorded.event, recorded.position
        if isinstance(event, SessionStarted):
            state = SessionState(position, recorded.recorded_at, "open")
            self.sessions[event.session] = SessionLog(recorded, states=[state])
        log = self.sessions.get(event.session)
        if log is not None:
            if not isinstance(event, Intent) and log is not next(reversed(self.switched_to), None):
                self.switched_to.append(log)
                self.switched_at.append(position)
            self._apply(log, event, recorded)
        self.recorded_at, self.position = recorded.recorded_at, position

    def skip(self, position: int, recorded_at: str) -> None:
        """Pass over an event whose type is not in `FOLDED`."""
        self.recorded_at, self.position = recorded_at, position

    def find(self, session: str, number: int) -> int | None:
        """The row of an experiment; None if it was never proposed."""
        log = self.sessions.get(session)
        if log is None or not 0 <= number < len(log.row_of) or log.row_of[number] == NO_ROW:
            return None
        return log.row_of[number]

    def has_verdict(self, status: str, first: int, last: int) -> bool:
        """Whether a verdict of this status lies between two positions, both included."""
        for log in self.sessions.values():
            positions = log.verdicts[status]
            index = bisect_left(positions, first)
            if index < len(positions) and positions[index] <= last:
                return True
        return False

    def _apply(self, log: SessionLog, event: Event, recorded: Recorded) -> None:
        number, position = getattr(event, "experiment", None), recorded.position
        row = None if number is None else self.find(event.session, number)
        match event:
            case IdeaProposed():
                self._add_proposal(log, event, position)
                log.requests.settle(event, position)
            case IdeaRefused():
                log.refused_at.append(position)
            case IncumbentMoved() if row is not None:
                log.chosen.append(ChosenIncumbent(position, row, hash(event.commit), event.metric))
            case RunStarted() | RunFinished() | RunFailed() | Verdict():
                if isinstance(event, RunFinished | RunFailed):
                    add_cost(log, event.usage, position)
                log.requests.settle(event, position)
                if row is not None:
                    self._apply_to_row(log, row, event, recorded)
            case _:
                apply_to_session(log, event, recorded)

    def _apply_to_row(
        self, log: SessionLog, row: int, event: RunStarted | RunFinished | RunFailed | Verdict, recorded: Recorded
    ) -> None:
        match event:
            case RunStarted():
                log.run_row.append(row)
                log.run_number.append(event.run)
                log.running.open(recorded.position)
            case Verdict():
                self._add_verdict(log, row, event, recorded)
            case _:
                self._end_run(log, row, event, recorded.position)

    def _add_proposal(self, log: SessionLog, event: IdeaProposed, position: int) -> None:
        row = self.find(event.session, event.experiment)
        if row is None:
            row = self._add_row(log, event, position)
        else:
            facts = (self.idea[row], self.kind[row], self.proposer[row], self.knobs[row])
            self.earlier_proposals.setdefault(row, []).append((position, *facts))
        self.idea[row], self.knobs[row] = event.idea, _knobs(event)
        self.kind[row], self.proposer[row] = sys.intern(event.kind), sys.intern(event.proposer)
        self.parent[row] = hash(event.parent)
        add_cost(log, event.usage, position)

    def _add_row(self, log: SessionLog, event: IdeaProposed, position: int) -> int:
        row = len(self.number)
        self.session.append(sys.intern(event.session))
        self.number.append(event.experiment)
        self.status.append(0)
        self.seconds.append(0.0)
        self.parent.append(0)
        self.decided_at.append(NEVER)
        for column in (self.decided_time, self.metric, self.delta, self.gain):
            column.append(nan)
        for texts in (self.idea, self.kind, self.proposer, self.knobs):
            texts.append("")
        self.proposed_at.append(position)
        log.rows.append(row)
        log.undecided.open(position)
        log.row_of.extend([NO_ROW] * (event.experiment + 1 - len(log.row_of)))
        log.row_of[event.experiment] = row
        return row

    def _end_run(self, log: SessionLog, row: int, event: RunFinished | RunFailed, position: int) -> None:
        self.seconds[row] += event.train_seconds
        for run in log.running.unclosed:
            if log.run_row[run] == row and log.run_number[run] == event.run:
                log.running.close(run, position)
                break
        if isinstance(event, RunFailed):
            self.failure.append(self._kinds.setdefault(key := (event.kind, event.signature), key))
            self.failed_row.append(row)
            self.failed_at.append(position)

    def _add_verdict(self, log: SessionLog, row: int, event: Verdict, recorded: Recorded) -> None:
        status = STATUS[type(event)]
        if self.decided_at[row] != NEVER:
            self._supersede_verdict(log, row, recorded.position)
        else:
            log.undecided.close(bisect_left(log.rows, row), recorded.position)
        self.status[row] = STATUSES.index(status)
        self.metric[row] = nan if event.metric is None else event.metric
        self.delta[row] = nan if event.delta is None else event.delta
        self.gain[row] = nan if event.gain_sigma is None else event.gain_sigma
        self.decided_time[row] = datetime.fromisoformat(recorded.recorded_at).timestamp()
        if event.rule == MOVED:
            self.stale_gains.add(row)
        if isinstance(event, ExperimentKept):
            log.kept.append(row)
            log.kept_commit.append(hash(event.commit))
        elif status == "crash":
            log.crashed.append(row)
        log.verdicts[status].append(recorded.position)
        self.decided_at[row] = recorded.position

    def _supersede_verdict(self, log: SessionLog, row: int, position: int) -> None:
        status = STATUSES[self.status[row]]
        facts = (self.metric[row], self.delta[row], self.gain[row], self.decided_time[row])
        verdict = SupersededVerdict(position, self.decided_at[row], status, *facts)
        self.superseded.setdefault(row, []).append(verdict)
        log.superseded[status].append(position)


def _knobs(event: IdeaProposed) -> str:
    moves = event.change.knobs if event.kind != "baseline" else ()  # a baseline lists all knobs, not its changes
    return sys.intern(", ".join(f"{move.name} {move.old or '∅'}→{move.new or '∅'}" for move in moves))
