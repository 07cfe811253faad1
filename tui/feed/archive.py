"""Reads from the journal what a screen needs beyond the ledger: one experiment, one curve, one event."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from journal.events import experiment_stream
from journal.events.recorded import MachineSample, Recorded
from journal.projections.runs import Run
from journal.store import Reader
from journal.store.reader import recorded
from tui.model.ledger import FOLDED, Ledger
from tui.model.run_curve import RunCurve
from tui.model.snapshot import ActiveExperiment, ExperimentDetail, Snapshot, fold_detail, is_of_incumbent
from tui.model.view import View

CACHED_CURVES = 96  # more than there are experiments in flight, so that none is read again at each change
MACHINE_SAMPLES = 540  # a minute of eight GPUs and the processor
END_OF_TIME = "9999"
NO_CURVE = RunCurve()


class Archive:
    """One read-only connection, for one thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reader = Reader(path)
        self._curves: dict[tuple[str, int, int], tuple[RunCurve, bool]] = {}  # with whether the run has ended

    def snapshot(self, ledger: Ledger, position: int, *, head: int) -> Snapshot:
        """The journal as of a position of the ledger."""
        view, recorded_at = View(ledger, position), self._recorded_at(position)
        session = view.session
        if session is None:
            return Snapshot(view=view, head=head, recorded_at=recorded_at)
        best, is_live = session.best_experiment, position == head
        active = tuple(self._active(view, recorded_at=recorded_at, is_live=is_live))
        return Snapshot(
            view=view,
            head=head,
            recorded_at=recorded_at,
            active=active,
            machine=self._machine(active, until=END_OF_TIME if is_live else recorded_at),
            incumbent_curve=NO_CURVE if best is None else self.curve(session.tag, best, 1),
        )

    def _active(self, view: View, *, recorded_at: str, is_live: bool) -> Iterator[ActiveExperiment]:
        for row in view.active_rows:
            detail = self.detail_of_row(view, row)
            if detail is None:
                continue
            in_training: list[Run | None] = [run for run in detail.runs if run.status == "running"]
            latest = detail.runs[-1] if detail.runs else None
            own_curve = self.curve_at(detail.own_run, recorded_at, is_live=is_live)
            for run in in_training or [latest]:
                is_own = run is None or not is_of_incumbent(run)
                curve = self.curve_at(run, recorded_at, is_live=is_live)
                yield ActiveExperiment(
                    row=row, detail=detail, run=run, curve=curve, own_curve=curve if is_own else own_curve
                )

    def _machine(self, active: Sequence[ActiveExperiment], *, until: str) -> tuple[MachineSample, ...]:
        """The machine since the first of these runs started, at most a minute of it: also while an experiment is judged."""
        starts = [each.run.started_at for each in active if each.run is not None]
        if not starts:
            return ()
        samples = self.reader.latest_machine_samples(until=until, limit=MACHINE_SAMPLES)
        return tuple(sample for sample in samples if sample.sampled_at >= min(starts))

    def curve_at(self, run: Run | None, time: str, *, is_live: bool) -> RunCurve:
        """The curve of a run at a time; all of it when live, and once the run has ended."""
        if run is None:
            return NO_CURVE
        curve = self.curve(run.session, run.experiment, run.run, is_growing=run.status == "running")
        if is_live or run.status != "running":
            return curve
        elapsed = (datetime.fromisoformat(time) - datetime.fromisoformat(run.started_at)).total_seconds()
        return curve.until(elapsed)

    def detail(self, session: str, number: int, *, until: int) -> ExperimentDetail | None:
        """One experiment as of a position."""
        return fold_detail(self.reader.stream(experiment_stream(session, number)), until=until)

    def detail_of_row(self, view: View, row: int) -> ExperimentDetail | None:
        """One experiment of a view; None if it was not proposed yet."""
        if row >= view.experiment_count:
            return None
        return self.detail(view.ledger.session[row], view.ledger.number[row], until=view.position)

    def curve(self, session: str, number: int, run: int, *, is_growing: bool = False) -> RunCurve:
        """The telemetry of a run. Only what is new of a growing one is read."""
        key = (session, number, run)
        curve, is_complete = self._curves.pop(key, (None, False))
        curve = curve or RunCurve()
        if not is_complete:
            last = curve.last
            curve = curve.extended(self.reader.samples(session, number, run=run, after_step=last.step if last else -1))
        self._curves[key] = curve, is_complete or not is_growing  # last in the dict: the least recently used goes first
        while len(self._curves) > CACHED_CURVES:
            del self._curves[next(iter(self._curves))]
        return curve

    def event(self, position: int) -> Recorded | None:
        """The event at a position."""
        return next(iter(self.reader.read(after=position - 1, until=position)), None) if position > 0 else None

    def hash_at(self, position: int) -> str:
        """The hash of the event at a position; empty if there is none."""
        event = self.event(position)
        return event.hash if event else ""

    def position_at(self, time: datetime, *, head: int) -> int:
        """The last position recorded at or before a time; 1 if there is none."""
        low, high = 1, max(1, head)
        while low < high:
            middle = (low + high + 1) // 2
            if datetime.fromisoformat(self._recorded_at(middle)) <= time:
                low = middle
            else:
                high = middle - 1
        return low

    def advance(self, ledger: Ledger, *, until: int) -> Iterator[int]:
        """Fold new events into the ledger, position by position; the events that it ignores are not even decoded."""
        for row in self.reader.rows(after=ledger.position, until=until):
            if row[4] in FOLDED:
                ledger.apply(recorded(row))
            else:
                ledger.skip(row[0], row[1])
            yield row[0]

    def _recorded_at(self, position: int) -> str:
        event = self.event(position)
        return event.recorded_at if event else ""

    def close(self) -> None:
        self.reader.close()
