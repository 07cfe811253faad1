"""The ledger as of one position: all that a screen knows of the journal. Pure; every answer is a bisection.

A live view and a view of an earlier position are the same code: live is a replay of the latest position.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from math import isnan, nan

from msgspec import Struct

from tui.model.incumbents import Incumbent, incumbents
from tui.model.ledger import Ledger
from tui.model.session_log import STATUSES, SessionLog
from tui.model.session_summary import SessionSummary, summarize

UNDECIDED = ("open", nan, nan, nan, nan)


class Row(Struct, frozen=True):
    """One experiment at a position. Metrics in the brief's unit, seconds of training, seconds since the epoch."""

    index: int
    session: str
    number: int
    status: str
    kind: str
    idea: str
    proposer: str
    knobs: str
    metric: float | None
    delta: float | None
    gain: float | None
    seconds: float | None
    decided_time: float | None
    label: str  # its status, as lists show it


class ActiveRun(Struct, frozen=True):
    """A run in flight."""

    row: int
    run: int


class View:
    """The ledger as of a position."""

    def __init__(self, ledger: Ledger, position: int) -> None:
        self.ledger, self.position = ledger, position

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and other.ledger is self.ledger and other.position == self.position

    def __hash__(self) -> int:
        return hash((id(self.ledger), self.position))

    def adjacent_verdict(self, position: int, *, is_forward: bool) -> int | None:
        """The position of the next or the previous verdict of the latest session."""
        log = self._log
        if log is None:
            return None
        found = []
        for positions in log.verdicts.values():
            index = bisect_right(positions, position) if is_forward else bisect_left(positions, position) - 1
            if 0 <= index < len(positions):
                found.append(positions[index])
        return (min if is_forward else max)(found) if found else None

    @cached_property
    def experiment_count(self) -> int:
        """Experiments proposed so far, in all sessions."""
        return bisect_right(self.ledger.proposed_at, self.position)

    @cached_property
    def _log(self) -> SessionLog | None:
        """The session that the loop worked on last: it may have resumed an older one."""
        switches = bisect_right(self.ledger.switched_at, self.position)
        return self.ledger.switched_to[switches - 1] if switches else None

    @cached_property
    def session_count(self) -> int:
        return sum(log.started.position <= self.position for log in self.ledger.sessions.values())

    def row(self, index: int) -> Row:
        """One experiment."""
        ledger = self.ledger
        status, metric, delta, gain, time = self._verdict(index)
        idea, kind, proposer, knobs = self.proposal(index)
        return Row(
            index=index,
            session=ledger.session[index],
            number=ledger.number[index],
            status=status,
            kind=kind,
            idea=idea,
            proposer=proposer,
            knobs=knobs,
            metric=_present(metric),
            delta=_present(delta),
            gain=_present(gain),
            seconds=ledger.seconds[index] if status != "open" else None,
            decided_time=_present(time),
            label=self.label(index),
        )

    def status(self, index: int) -> str:
        return self._verdict(index)[0]

    def label(self, index: int) -> str:
        """The status, or more exactly: vetoed if it was a keep, moved if it gained on a parent that is not the incumbent."""
        status = self.status(index)
        if status == "invalid" and index in self.ledger.superseded:
            return "vetoed"
        return "moved" if status == "discard" and index in self.ledger.stale_gains else status

    def _verdict(self, index: int) -> tuple[str, float, float, float, float]:
        """Status, metric, delta, gain in σ, time."""
        ledger = self.ledger
        for past in ledger.superseded.get(index, ()):
            if past.was_current(self.position):
                return past.status, past.metric, past.delta, past.gain, past.time
        if ledger.decided_at[index] > self.position:
            return UNDECIDED
        time = ledger.decided_time[index]
        return STATUSES[ledger.status[index]], ledger.metric[index], ledger.delta[index], ledger.gain[index], time

    def proposal(self, index: int) -> tuple[str, str, str, str]:
        """Idea, kind, proposer and knobs of the latest proposal."""
        ledger = self.ledger
        for replaced_at, idea, kind, proposer, knobs in ledger.earlier_proposals.get(index, ()):
            if replaced_at > self.position:
                return idea, kind, proposer, knobs
        return ledger.idea[index], ledger.kind[index], ledger.proposer[index], ledger.knobs[index]

    def measurement(self, name: str, index: int) -> float | None:
        """`metric`, `delta` or `gain` of one experiment: the value in its row, at a fraction of the cost."""
        ledger = self.ledger
        if index in ledger.superseded:
            _, metric, delta, gain, _ = self._verdict(index)
            return _present({"metric": metric, "delta": delta, "gain": gain}[name])
        return None if ledger.decided_at[index] > self.position else _present(getattr(ledger, name)[index])

    def find(self, session: str, number: int) -> int | None:
        """The row of an experiment, if it was proposed by then."""
        index = self.ledger.find(session, number)
        return index if index is not None and index < self.experiment_count else None

    def rows_with_idea(self, words: Sequence[str], *, limit: int) -> Sequence[int]:
        """The latest experiments of all sessions whose idea has all the words, in any case."""
        wanted = [word.lower() for word in words]
        if not wanted:
            return ()
        found = []
        for row in self.ledger.idea.rows_with(max(wanted, key=len)):
            if row < self.experiment_count and all(word in self.proposal(row)[0].lower() for word in wanted):
                found.append(row)
            if len(found) == limit:
                break
        return found

    @cached_property
    def rows(self) -> Sequence[int]:
        """Rows of the latest session, in the order of their proposals."""
        log = self._log
        return log.rows[: bisect_right(log.undecided.starts, self.position)] if log else ()

    @cached_property
    def kept_rows(self) -> Sequence[int]:
        """Rows kept in the latest session, in the order of their verdicts; without the vetoed ones."""
        log = self._log
        if log is None:
            return ()
        kept = log.kept[: bisect_right(log.verdicts["keep"], self.position)]
        return [row for row in kept if self.status(row) == "keep"] if log.superseded["keep"] else kept

    @cached_property
    def crashed_rows(self) -> Sequence[int]:
        """Rows that crashed in the latest session, in the order of their verdicts."""
        log = self._log
        return log.crashed[: bisect_right(log.verdicts["crash"], self.position)] if log else ()

    def latest_keep_or_crash(self, *, after: int) -> int | None:
        """The row of the latest keep or crash of the latest session behind a position; None if there is none."""
        log = self._log
        if log is None:
            return None
        found = []
        for status, rows in (("keep", log.kept), ("crash", log.crashed)):
            index = bisect_right(log.verdicts[status], self.position) - 1
            if index >= 0 and log.verdicts[status][index] > after:
                found.append((log.verdicts[status][index], rows[index]))
        return max(found)[1] if found else None

    def incumbents(self, *, limit: int) -> Sequence[Incumbent]:
        """The incumbents of the latest session in order: the kept experiments, and those that a person chose.

        If there are more than `limit`, about `limit` of them, evenly spaced, with the first and the last among them.
        """
        if self._log is None:
            return ()
        return incumbents(self.ledger, self._log, self.kept_rows, until=self.position, limit=limit)

    @cached_property
    def active_runs(self) -> Sequence[ActiveRun]:
        """The runs in flight, in the order of their starts."""
        log = self._log
        if log is None:
            return []
        return [ActiveRun(log.run_row[run], log.run_number[run]) for run in log.running.open_at(self.position)]

    @cached_property
    def active_rows(self) -> Sequence[int]:
        """Rows of the experiments in flight: without a verdict, or with a run in flight. In the order of their proposals."""
        log = self._log
        undecided = [log.rows[index] for index in log.undecided.open_at(self.position)] if log else ()
        return sorted({*undecided, *(active.row for active in self.active_runs)})

    @cached_property
    def failure_count(self) -> int:
        """Failed runs so far, in all sessions."""
        return bisect_right(self.ledger.failed_at, self.position)

    @cached_property
    def session(self) -> SessionSummary | None:
        """The latest session."""
        if self._log is None:
            return None
        found = self.incumbents(limit=1)
        return summarize(self._log, self.position, incumbents=[*found[:1], *found[-1:]])


def _present(value: float) -> float | None:
    return None if isnan(value) else value
