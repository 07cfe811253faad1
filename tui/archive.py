"""Reads from the journal what a screen needs beyond the ledger: one experiment, one curve, one event. Holds no cursor."""

from datetime import datetime
from pathlib import Path

from journal.events import experiment_stream
from journal.recorded import Recorded
from journal.store import Reader
from tui.ledger import Ledger
from tui.snapshot import Curve, Detail, Snapshot, detail
from tui.view import View

CURVES = 24  # finished curves kept in memory


class Archive:
    """One read-only connection, for one thread."""

    def __init__(self, path: Path) -> None:
        self.reader = Reader(path)
        self._curves: dict[tuple[str, int, int], Curve] = {}

    def snapshot(self, ledger: Ledger, position: int, *, head: int) -> Snapshot:
        """The journal as it stood at a position of the ledger."""
        view = View(ledger, position)
        session = view.session
        if session is None:
            return Snapshot(view=view, head=head, recorded_at=self._time(position))
        row = view.flight.row if view.flight else view.open_row
        flight = None if row is None else self.detail(session.tag, ledger.number[row], until=position)
        at = self._time(position)
        return Snapshot(
            view=view,
            head=head,
            recorded_at=at,
            flight=flight,
            curve=self._flying(view, flight, at=at, live=position == head),
            rival=self.curve(session.tag, session.best_experiment, 1) if session.best_experiment is not None else (),
        )

    def _flying(self, view: View, flight: Detail | None, *, at: str, live: bool) -> Curve:
        """The curve of the run in flight: whole when live, else up to the moment shown."""
        if view.flight is None or flight is None:
            return ()
        run = next((run for run in flight.runs if run.run == view.flight.run), None)
        if run is None:
            return ()
        curve = self.curve(run.session, run.experiment, run.run, growing=True)
        if live:
            return curve
        elapsed = (datetime.fromisoformat(at) - datetime.fromisoformat(run.started_at)).total_seconds()
        return tuple(sample for sample in curve if sample.seconds <= elapsed)

    def detail(self, session: str, number: int, *, until: int) -> Detail | None:
        """One experiment as it stood."""
        return detail(self.reader.stream(experiment_stream(session, number)), until=until)

    def curve(self, session: str, number: int, run: int, *, growing: bool = False) -> Curve:
        """The telemetry of a run. A growing one is asked only for what is new."""
        key = (session, number, run)
        known = self._curves.get(key, ())
        if growing or key not in self._curves:
            last = known[-1].step if known else -1
            known += tuple(self.reader.samples(session, number, run=run, after_step=last))
            self._curves[key] = known
        while len(self._curves) > CURVES:
            del self._curves[next(iter(self._curves))]
        return known

    def event(self, position: int) -> Recorded | None:
        """The event at a position."""
        return next(iter(self.reader.read(after=position - 1, until=position)), None) if position > 0 else None

    def _time(self, position: int) -> str:
        recorded = self.event(position)
        return recorded.recorded_at if recorded else ""

    def close(self) -> None:
        self.reader.close()
