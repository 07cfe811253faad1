from datetime import datetime, timedelta
from pathlib import Path

import sessions
from msgspec.structs import replace

from tui.feed.archive import Archive
from tui.feed.scene import scene_builder
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot
from tui.screens.paint import paint
from tui.state.ui import Scene, Ui
from tui.terminal.frame import Frame

NOW = sessions.START + timedelta(minutes=7)


class ScenePainter:
    """Builds and paints scenes of one journal as the application does, without a terminal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive, self.ledger = Archive(path), Ledger()
        self.head = self.archive.reader.head()[0]
        for _ in self.archive.advance(self.ledger, until=self.head):
            pass
        snapshot: Snapshot = self.archive.snapshot(self.ledger, self.head, head=self.head)
        self.live = replace(snapshot, is_loop_running=True)

    def scene(
        self, ui: Ui | None = None, *, width: int = 80, height: int = 24, now: datetime = NOW, **choices
    ) -> Scene:
        builder = scene_builder(self.archive, self.ledger)
        return builder.build(self.live, ui or Ui(**choices), now=now, size=(width, height))

    def frame(
        self, ui: Ui | None = None, *, width: int = 80, height: int = 24, now: datetime = NOW, **choices
    ) -> Frame:
        return paint(self.scene(ui, width=width, height=height, now=now, **choices), width=width, height=height)

    def text(self, ui: Ui | None = None, *, width: int = 80, height: int = 24, **choices) -> str:
        return self.frame(ui, width=width, height=height, **choices).text()

    def row(self, number: int) -> int:
        row = self.ledger.find(sessions.TAG, number)
        assert row is not None
        return row
