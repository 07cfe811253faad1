"""From a snapshot and a person's choices to the scene that painters look at: the only step between them that reads."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from journal.errors import JournalError
from tui.feed.archive import Archive
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot
from tui.model.view import View
from tui.state.cursor import under_cursor
from tui.state.filters import FilterError, select
from tui.state.ui import Scene, Ui

READING = frozenset({"experiment", "failures", "replay"})  # screens that need more than the snapshot


class SceneBuilder(Struct, frozen=True, kw_only=True):
    """Where scenes are set: a connection of one's own, and the ledger that the feed folds."""

    archive: Archive
    ledger: Ledger

    def scene(self, live: Snapshot, ui: Ui, *, now: datetime, height: int) -> Scene:
        """The scene to paint, live or as of the position that is replayed. A journal in trouble is told in it."""
        scene = Scene(snapshot=live, ui=ui, now=told_at(live, now=now), height=height)
        try:
            if ui.replay is not None:
                then = self.then(live, ui.replay)
                scene = replace(scene, snapshot=then, now=moment(then) or now)
            scene = _listed(scene)
            if ui.screen in READING:
                loaded = self.archive.load(scene.snapshot, ui, row=under_cursor(scene))
                scene = replace(scene, loaded=loaded)
        except (JournalError, OSError) as error:
            scene = replace(scene, snapshot=replace(scene.snapshot, trouble=str(error)))
        return scene

    def then(self, live: Snapshot, position: int) -> Snapshot:
        """The journal as it stood at a position, as far as it is folded."""
        return self.archive.snapshot(self.ledger, min(position, self.ledger.position), head=live.head)


class SceneBuilders:
    """The stage for the file that the feed reads: another ledger means another file, and another connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stage: SceneBuilder | None = None

    def of(self, ledger: Ledger) -> SceneBuilder:
        """Raises JournalError."""
        if self._stage is None or self._stage.ledger is not ledger:
            if self._stage is not None:
                self._stage.archive.close()
            self._stage = SceneBuilder(archive=Archive(self._path), ledger=ledger)
        return self._stage


def _listed(scene: Scene) -> Scene:
    ui, view = scene.ui, scene.snapshot.view
    if ui.screen == "live":
        return replace(scene, rows=_newest(view))
    try:
        return replace(scene, rows=select(view, filter_text=ui.filter, sort_text=ui.sort))
    except FilterError as error:
        return replace(scene, filter_error=str(error))


def _newest(view: View) -> Sequence[int]:
    """The rows of the latest session, the newest first; of several in flight those before all others, as Live shows them."""
    newest, flying = view.rows[::-1], view.in_flight
    if len(flying) < 2:
        return newest
    oldest = bisect_left(view.rows, flying[0])
    begun_since = [row for row in view.rows[oldest:] if row not in flying]
    return [*flying, *reversed(begun_since), *view.rows[:oldest][::-1]]


def told_at(snapshot: Snapshot, *, now: datetime) -> datetime:
    """The time that a snapshot is told by: without a loop that goes on with it, that of its last event."""
    return (moment(snapshot) or now) if snapshot.loop else now


def moment(snapshot: Snapshot) -> datetime | None:
    """When the last event of a snapshot was recorded."""
    return datetime.fromisoformat(snapshot.recorded_at) if snapshot.recorded_at else None
