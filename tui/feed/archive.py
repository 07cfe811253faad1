"""Reads from the journal what a screen needs beyond the ledger: one experiment, one curve, one event. Holds no cursor."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from journal.errors import QueryRefused
from journal.events import experiment_stream, session_stream
from journal.events.recorded import Recorded
from journal.projections.runs import Run
from journal.query.sql import ask
from journal.store import Reader
from journal.store.reader import recorded
from tui.feed.failure_search import Search
from tui.feed.transcripts import Askings
from tui.model.ledger import TAKES, Ledger
from tui.model.snapshot import Curve, Detail, Flying, Snapshot, detail
from tui.model.view import View
from tui.state.ui import Hit, Loaded, Ui

CURVES = 24  # kept in memory
AROUND = 60  # events before and after the position that replay lists
TAIL = 250  # events of a preview: more than a screen's worth of experiments
KEPT = """
WITH latest AS (SELECT session FROM sessions ORDER BY started_at DESC LIMIT 1)
SELECT session, 0 FROM latest
UNION ALL
SELECT * FROM (SELECT session, experiment FROM frontier JOIN latest USING (session) ORDER BY experiment DESC LIMIT 12)
"""


class Archive:
    """One read-only connection, for one thread."""

    def __init__(self, path: Path) -> None:
        self.reader = Reader(path)
        self._curves: dict[tuple[str, int, int], tuple[Curve, bool]] = {}  # and whether the run has ended
        self._search, self._askings = Search(path), Askings(path)

    def snapshot(self, ledger: Ledger, position: int, *, head: int) -> Snapshot:
        """The journal as it stood at a position of the ledger."""
        view = View(ledger, position)
        session = view.session
        if session is None:
            return Snapshot(view=view, head=head, recorded_at=self._time(position))
        at = self._time(position)
        return Snapshot(
            view=view,
            head=head,
            recorded_at=at,
            flying=tuple(self._flying(view, at=at, live=position == head)),
            rival=self.curve(session.tag, session.best_experiment, 1) if session.best_experiment is not None else (),
        )

    def _flying(self, view: View, *, at: str, live: bool) -> Iterator[Flying]:
        for row in view.in_flight:
            found = self._of_row(view, row)
            if found is None:
                continue
            training: list[Run | None] = [run for run in found.runs if run.status == "running"]
            for run in training or [found.run]:
                yield Flying(row=row, detail=found, run=run, curve=self._so_far(run, at=at, live=live))

    def _so_far(self, run: Run | None, *, at: str, live: bool) -> Curve:
        """The curve of a run, as it stood at a time: whole when live, and once the run has ended."""
        if run is None:
            return ()
        curve = self.curve(run.session, run.experiment, run.run, growing=run.status == "running")
        if live or run.status != "running":
            return curve
        elapsed = (datetime.fromisoformat(at) - datetime.fromisoformat(run.started_at)).total_seconds()
        return tuple(sample for sample in curve if sample.seconds <= elapsed)

    def detail(self, session: str, number: int, *, until: int) -> Detail | None:
        """One experiment as it stood."""
        return detail(self.reader.stream(experiment_stream(session, number)), until=until)

    def curve(self, session: str, number: int, run: int, *, growing: bool = False) -> Curve:
        """The telemetry of a run. A growing one is asked only for what is new."""
        key = (session, number, run)
        known, whole = self._curves.pop(key, ((), False))
        if not whole:
            last = known[-1].step if known else -1
            known += tuple(self.reader.samples(session, number, run=run, after_step=last))
        self._curves[key] = known, whole or not growing  # behind the others: the longest unasked goes first
        while len(self._curves) > CURVES:
            del self._curves[next(iter(self._curves))]
        return known

    def event(self, position: int) -> Recorded | None:
        """The event at a position."""
        return next(iter(self.reader.read(after=position - 1, until=position)), None) if position > 0 else None

    def position_at(self, moment: datetime, *, head: int) -> int:
        """The last position recorded at or before a moment; 1 where there is none."""
        low, high = 1, max(1, head)
        while low < high:
            middle = (low + high + 1) // 2
            if datetime.fromisoformat(self._time(middle)) <= moment:
                low = middle
            else:
                high = middle - 1
        return low

    def around(self, position: int, *, head: int) -> tuple[Recorded, ...]:
        """The events before and after a position."""
        return tuple(self.reader.read(after=max(0, position - AROUND), until=min(head, position + AROUND)))

    def load(self, snapshot: Snapshot, ui: Ui, *, row: int | None) -> Loaded:
        """What the screen shown needs besides the snapshot; `row` is under its cursor."""
        view = snapshot.view
        match ui.screen:
            case "experiment" if ui.comparing:
                return Loaded(compared=tuple(self._compared(snapshot, ui.marks)))
            case "experiment" if row is not None:
                loaded = self._looked_at(snapshot, row)
                return replace(loaded, asked=self._asked(loaded.detail, view)) if ui.pane == "prompt" else loaded
            case "failures":
                hits, error = self._search.find(view, ui.search) if ui.search else ((), "")
                detail = self._of_row(view, row) if row is not None and not ui.search else self._of_hit(view, hits, ui)
                return Loaded(detail=detail, hits=hits, hits_error=error)
            case "replay":
                return Loaded(events=self.around(view.position, head=snapshot.head))
            case _:
                return Loaded()

    def _of_row(self, view: View, row: int) -> Detail | None:
        if row >= view.count:  # not proposed yet at this position
            return None
        return self.detail(view.ledger.session[row], view.ledger.number[row], until=view.position)

    def _of_hit(self, view: View, hits: tuple[Hit, ...], ui: Ui) -> Detail | None:
        if not hits:
            return None
        hit = hits[min(ui.cluster, len(hits) - 1)]
        return self.detail(hit.session, hit.experiment, until=view.position)

    def _looked_at(self, snapshot: Snapshot, row: int) -> Loaded:
        found = self._of_row(snapshot.view, row)
        live = snapshot.view.position == snapshot.head
        return Loaded(
            detail=found, curve=self._so_far(found.run if found else None, at=snapshot.recorded_at, live=live)
        )

    def _asked(self, detail: Detail | None, view: View) -> tuple[str, ...]:
        if detail is None:
            return ()
        session, number = detail.experiment.session, detail.experiment.number
        events = self.reader.stream(experiment_stream(session, number))
        past = [recorded for recorded in events if recorded.position <= view.position]
        return self._askings.lines(past, session=session, number=number)

    def _compared(self, snapshot: Snapshot, marks: frozenset[int]) -> Iterator[tuple[Detail, Curve]]:
        for row in sorted(marks):
            loaded = self._looked_at(snapshot, row)
            if loaded.detail is not None:
                yield loaded.detail, loaded.curve

    def advance(self, ledger: Ledger, *, until: int) -> Iterator[int]:
        """Fold what the ledger has not seen, position by position; events that it ignores are not even decoded."""
        for row in self.reader.rows(after=ledger.position, until=until):
            if row[4] in TAKES:
                ledger.apply(recorded(row))
            else:
                ledger.skip(row[0], row[1])
            yield row[0]

    def preview(self, *, head: int) -> Snapshot | None:
        """The latest session as far as its last events and kept experiments tell: a first look at a long journal.

        Its counts are of what it read, so it is shown as such. None where the journal has no tables to find them by.
        """
        try:
            kept = [(str(tag), int(number or 0)) for tag, number in ask(self.reader.path, KEPT).rows]
        except QueryRefused:
            return None
        if not kept:
            return None
        streams = [session_stream(kept[0][0]), *(experiment_stream(tag, number) for tag, number in kept)]
        found = {one.position: one for stream in streams for one in self.reader.stream(stream)}
        found |= {one.position: one for one in self.reader.read(after=max(0, head - TAIL), until=head)}
        ledger = Ledger()
        for position in sorted(found):
            ledger.apply(found[position])
        return replace(self.snapshot(ledger, head, head=head), read=0)

    def _time(self, position: int) -> str:
        recorded = self.event(position)
        return recorded.recorded_at if recorded else ""

    def close(self) -> None:
        self.reader.close()
