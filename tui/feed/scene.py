"""Builds the scene that painters read, from a snapshot and the user's choices: the last step that reads the journal."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from journal.errors import JournalError
from tui.feed.archive import Archive
from tui.feed.screen_reader import ScreenReader
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot
from tui.model.view import View
from tui.state.cursor import row_under_cursor
from tui.state.filters import FilterError, select
from tui.state.ui import PREVIEW_HEIGHT, WITH_PREVIEW, Scene, Ui


class SceneBuilder(Struct, frozen=True, kw_only=True):
    """Builds scenes of one journal, with a connection of its own and the ledger that the feed folds."""

    archive: Archive
    ledger: Ledger
    screens: ScreenReader
    zone: tzinfo = UTC

    def build(self, live: Snapshot, ui: Ui, *, now: datetime, size: tuple[int, int]) -> Scene:
        """The scene to paint, live or as of the replayed position. It also reports a journal that cannot be read."""
        width, height = size
        has_preview = width >= WITH_PREVIEW and height >= PREVIEW_HEIGHT
        scene = Scene(snapshot=live, ui=ui, now=display_time(live, now=now), present=now, zone=self.zone, height=height)
        try:
            if ui.replay is not None:
                snapshot = self.snapshot_at(live, ui.replay)
                scene = replace(scene, snapshot=snapshot, now=last_event_time(snapshot) or now)
            scene = _with_rows(scene)
            row = row_under_cursor(scene)
            scene = replace(scene, data=self.screens.load(scene.snapshot, ui, row=row, has_preview=has_preview))
        except (JournalError, OSError) as error:
            scene = replace(scene, snapshot=replace(scene.snapshot, read_error=str(error)))
        return scene

    def snapshot_at(self, live: Snapshot, position: int) -> Snapshot:
        """The journal as of a position, as far as it is folded."""
        return self.archive.snapshot(self.ledger, min(position, self.ledger.position), head=live.head)


def scene_builder(archive: Archive, ledger: Ledger, *, zone: tzinfo = UTC) -> SceneBuilder:
    """A builder on an open archive."""
    return SceneBuilder(archive=archive, ledger=ledger, screens=ScreenReader(archive), zone=zone)


class SceneBuilderCache:
    """Keeps the builder for the feed's ledger. A file that the feed opened again needs a new connection here as well."""

    def __init__(self, path: Path, *, zone: tzinfo = UTC) -> None:
        self._path, self._zone = path, zone
        self._file_number = 0
        self._builder: SceneBuilder | None = None

    def get(self, ledger: Ledger, *, file_number: int) -> SceneBuilder:
        """Raises JournalError."""
        if self._builder is None or self._builder.ledger is not ledger or self._file_number != file_number:
            if self._builder is not None:
                self._builder.archive.close()
            self._builder, self._file_number = None, file_number
            self._builder = scene_builder(Archive(self._path), ledger, zone=self._zone)
        return self._builder


def _with_rows(scene: Scene) -> Scene:
    ui, view = scene.ui, scene.snapshot.view
    if ui.screen == "live":
        return replace(scene, rows=_newest_first(view))
    try:
        return replace(scene, rows=select(view, filter_text=ui.filter, sort_text=ui.sort))
    except FilterError as error:
        return replace(scene, filter_error=str(error))


def _newest_first(view: View) -> Sequence[int]:
    """The rows of the latest session, the newest first; several experiments in flight come before all others."""
    rows, active = view.rows, view.active_rows
    if len(active) < 2:
        return rows[::-1]
    oldest = bisect_left(rows, active[0])
    decided_since = [row for row in rows[oldest:] if row not in active]
    return [*active, *reversed(decided_since), *rows[:oldest][::-1]]


def display_time(snapshot: Snapshot, *, now: datetime) -> datetime:
    """The time that a live screen counts from: now, or that of the last event unless a loop runs."""
    return now if snapshot.is_loop_running else last_event_time(snapshot) or now


def last_event_time(snapshot: Snapshot) -> datetime | None:
    """When the last event of a snapshot was recorded."""
    return datetime.fromisoformat(snapshot.recorded_at) if snapshot.recorded_at else None
