"""The ledger as of one position: the only thing a screen knows of the journal. Pure; every answer is a bisection.

A view at the head and a view of last Tuesday are the same code: live is the replay of now.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from math import isnan, nan

from msgspec import Struct

from tui.model.incumbents import Standing, incumbents
from tui.model.ledger import Ledger
from tui.model.session_log import STATUSES, SessionLog
from tui.model.session_summary import Summary, summarize


class Row(Struct, frozen=True):
    """One experiment as it stood. Metrics in the brief's unit, seconds of training, seconds since the epoch."""

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
    word: str  # its status, as a list tells it


class Flight(Struct, frozen=True):
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

    def verdict_beside(self, position: int, *, on: bool) -> int | None:
        """The position of the next verdict after a position, or of the last one before it, in the latest session."""
        log = self._log
        if log is None:
            return None
        found = []
        for positions in log.verdicts.values():
            place = bisect_right(positions, position) if on else bisect_left(positions, position) - 1
            if 0 <= place < len(positions):
                found.append(positions[place])
        return (min if on else max)(found) if found else None

    @cached_property
    def count(self) -> int:
        """Experiments proposed so far, in all sessions."""
        return bisect_right(self.ledger.opened, self.position)

    @cached_property
    def _log(self) -> SessionLog | None:
        """That of the session which the loop worked on last: an older one may have been taken up again."""
        turns = bisect_right(self.ledger.turned_at, self.position)
        return self.ledger.turned_to[turns - 1] if turns else None

    @cached_property
    def sessions(self) -> int:
        return sum(log.started.position <= self.position for log in self.ledger.sessions.values())

    def row(self, index: int) -> Row:
        """One experiment as it stood."""
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
            word=self.word(index),
        )

    def status(self, index: int) -> str:
        return self._verdict(index)[0]

    def word(self, index: int) -> str:
        """The status, or more: vetoed, where it was kept once, and moved, where it gained on an incumbent of before."""
        status = self.status(index)
        if status == "invalid" and index in self.ledger.overruled:
            return "vetoed"
        return "moved" if status == "discard" and index in self.ledger.overtaken else status

    def _verdict(self, index: int) -> tuple[str, float, float, float, float]:
        """Status, metric, delta, gain in σ, time."""
        ledger = self.ledger
        for past in ledger.overruled.get(index, ()):
            if past.decided <= self.position < past.replaced:
                return past.status, past.metric, past.delta, past.gain, past.time
        if ledger.decided[index] > self.position:
            return UNDECIDED
        time = ledger.decided_time[index]
        return STATUSES[ledger.status[index]], ledger.metric[index], ledger.delta[index], ledger.gain[index], time

    def proposal(self, index: int) -> tuple[str, str, str, str]:
        """Idea, kind, proposer and knobs, as last proposed by then."""
        ledger = self.ledger
        for replaced, *facts in ledger.earlier.get(index, ()):
            if replaced > self.position:
                return (facts[0], facts[1], facts[2], facts[3])
        return ledger.idea[index], ledger.kind[index], ledger.proposer[index], ledger.knobs[index]

    def figure(self, name: str, index: int) -> float | None:
        """Metric, delta or gain of one experiment: the same as its row's, without making one."""
        ledger = self.ledger
        if index in ledger.overruled:
            _, metric, delta, gain, _ = self._verdict(index)
            return _present({"metric": metric, "delta": delta, "gain": gain}[name])
        if ledger.decided[index] > self.position:
            return None
        column = ledger.metric if name == "metric" else ledger.delta if name == "delta" else ledger.gain
        return _present(column[index])

    def find(self, session: str, number: int) -> int | None:
        """The row of an experiment, if it was proposed by then."""
        index = self.ledger.find(session, number)
        return index if index is not None and index < self.count else None

    @cached_property
    def rows(self) -> Sequence[int]:
        """Rows of the latest session, in the order of their proposals."""
        log = self._log
        return log.rows[: bisect_right(log.tried.begun, self.position)] if log else ()

    @cached_property
    def kept(self) -> Sequence[int]:
        """Rows kept in the latest session, in the order of their verdicts; without those taken back."""
        log = self._log
        if log is None:
            return ()
        kept = log.kept[: bisect_right(log.verdicts["keep"], self.position)]
        return [row for row in kept if self.status(row) == "keep"] if log.overruled["keep"] else kept

    def incumbents(self, *, limit: int) -> Sequence[Standing]:
        """What proposals stood on in the latest session, in order: what was kept, and what a person chose.

        Of more than `limit` about as many are given, evenly taken, the first and the last among them.
        """
        return incumbents(self.ledger, self._log, self.kept, until=self.position, limit=limit) if self._log else ()

    @cached_property
    def training(self) -> Sequence[Flight]:
        """The runs in flight, in the order of their starts."""
        log = self._log
        going = log.runs.going(self.position) if log else ()
        return [Flight(log.run_row[run], log.run_number[run]) for run in going] if log else ()

    @cached_property
    def in_flight(self) -> Sequence[int]:
        """Rows of the experiments without a verdict or with a run in flight, in the order of their proposals."""
        log = self._log
        undecided = [log.rows[place] for place in log.tried.going(self.position)] if log else ()
        return sorted({*undecided, *(one.row for one in self.training)})

    @cached_property
    def failures(self) -> int:
        """Failed runs so far, in all sessions."""
        return bisect_right(self.ledger.failed_at, self.position)

    @cached_property
    def session(self) -> Summary | None:
        """The latest session as it stood."""
        if self._log is None:
            return None
        ends = self.incumbents(limit=1)
        return summarize(self._log, self.position, kept=[*ends[:1], *ends[-1:]])


UNDECIDED = ("open", nan, nan, nan, nan)


def _present(value: float) -> float | None:
    return None if isnan(value) else value
