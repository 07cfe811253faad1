"""What one screen needs besides the snapshot, read when it is painted."""

from collections.abc import Iterator

from msgspec.structs import replace

from journal.events import experiment_stream
from tui.feed.archive import Archive
from tui.feed.baseline_diff import BaselineDiffs
from tui.feed.failure_search import FailureSearch
from tui.feed.run_log import RunLog
from tui.feed.transcripts import TranscriptReader
from tui.model.run_curve import RunCurve
from tui.model.snapshot import ExperimentDetail, Snapshot
from tui.model.view import View
from tui.state.ui import ScreenData, SearchHit, Ui

REPLAY_EVENTS = 60  # listed before the replayed position, and as many after it


class ScreenReader:
    """Reads for the screens of one journal."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._search, self._transcripts = FailureSearch(archive.path), TranscriptReader(archive.path)
        self._log, self._baseline = RunLog(archive.path), BaselineDiffs(archive)

    def load(self, snapshot: Snapshot, ui: Ui, *, row: int | None, has_preview: bool = False) -> ScreenData:
        """What the current screen needs; `row` is under its cursor."""
        view = snapshot.view
        match ui.screen:
            case "experiment" if ui.is_comparing:
                return ScreenData(compared=tuple(self._compared(snapshot, ui.marks)))
            case "experiment" if row is not None:
                return self._pane(snapshot, ui, row)
            case "failures":
                return self._failures(view, ui, row)
            case "replay":
                first, last = max(0, view.position - REPLAY_EVENTS), min(snapshot.head, view.position + REPLAY_EVENTS)
                return ScreenData(events=tuple(self.archive.reader.read(after=first, until=last)))
            case "live" | "history" if has_preview and row is not None:
                return self._experiment(snapshot, row)
            case _:
                return ScreenData()

    def _pane(self, snapshot: Snapshot, ui: Ui, row: int) -> ScreenData:
        data = self._experiment(snapshot, row)
        match ui.pane:
            case "prompt":
                return replace(data, transcript=self._transcript(data.detail, snapshot.view))
            case "log":
                runs = data.detail.runs if data.detail else ()
                return replace(data, log=self._log.tail(runs[-1] if runs else None))
            case "diff" if ui.is_from_baseline and data.detail is not None:
                return replace(data, baseline_diff=self._baseline.diff(snapshot.view, row))
            case _:
                return data

    def _failures(self, view: View, ui: Ui, row: int | None) -> ScreenData:
        """The search's hits, and the experiment under the cursor: it is a hit, if there is a search."""
        if not ui.search:
            return ScreenData(detail=self.archive.detail_of_row(view, row) if row is not None else None)
        found = self._search.find(view, ui.search)
        detail = self._detail_of_hit(view, found.hits, ui)
        return ScreenData(detail=detail, hits=found.hits, hit_count=found.count, search_error=found.error)

    def _detail_of_hit(self, view: View, hits: tuple[SearchHit, ...], ui: Ui) -> ExperimentDetail | None:
        if not hits:
            return None
        hit = hits[min(ui.failure, len(hits) - 1)]
        return self.archive.detail(hit.session, hit.experiment, until=view.position)

    def _experiment(self, snapshot: Snapshot, row: int) -> ScreenData:
        detail = self.archive.detail_of_row(snapshot.view, row)
        if detail is None:
            return ScreenData()
        is_live = snapshot.view.position == snapshot.head
        return ScreenData(
            detail=detail, curve=self.archive.curve_at(detail.own_run, snapshot.recorded_at, is_live=is_live)
        )

    def _transcript(self, detail: ExperimentDetail | None, view: View) -> tuple[str, ...]:
        if detail is None:
            return ()
        session, number = detail.experiment.session, detail.experiment.number
        events = self.archive.reader.stream(experiment_stream(session, number))
        past = [event for event in events if event.position <= view.position]
        return self._transcripts.lines(past, session=session, number=number)

    def _compared(self, snapshot: Snapshot, marks: frozenset[int]) -> Iterator[tuple[ExperimentDetail, RunCurve]]:
        for row in sorted(marks):
            data = self._experiment(snapshot, row)
            if data.detail is not None:
                yield data.detail, data.curve
