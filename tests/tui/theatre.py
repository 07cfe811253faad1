from datetime import UTC, datetime, timedelta
from pathlib import Path

import house  # noqa: F401  # Hypothesis without a stopwatch
import nights
from hypothesis import settings

from tui.feed.archive import Archive
from tui.feed.scene import SceneBuilder
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot
from tui.screens.paint import paint
from tui.state.ui import Scene, Ui
from tui.terminal.frame import Frame

settings.register_profile("patient", deadline=None)  # a busy machine is not a failure
settings.load_profile("patient")

GOLDEN = Path(__file__).parent / "golden"
NOW = nights.START + timedelta(minutes=7)
MONDAY = datetime(2026, 11, 23, 7, 40, tzinfo=UTC)


class Theatre:
    """Sets and paints scenes of one journal, as the application does, without a terminal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive, self.ledger = Archive(path), Ledger()
        self.head = self.archive.reader.head()[0]
        for _ in self.archive.advance(self.ledger, until=self.head):
            pass
        self.live: Snapshot = self.archive.snapshot(self.ledger, self.head, head=self.head)

    def scene(self, ui: Ui | None = None, *, height: int = 24, now: datetime = NOW, **chosen) -> Scene:
        stage = SceneBuilder(archive=self.archive, ledger=self.ledger)
        return stage.scene(self.live, ui or Ui(**chosen), now=now, height=height)

    def frame(self, ui: Ui | None = None, *, width: int = 80, height: int = 24, now: datetime = NOW, **chosen) -> Frame:
        return paint(self.scene(ui, height=height, now=now, **chosen), width=width, height=height)

    def text(self, ui: Ui | None = None, *, width: int = 80, height: int = 24, **chosen) -> str:
        return self.frame(ui, width=width, height=height, **chosen).text()

    def row(self, number: int) -> int:
        found = self.ledger.find(nights.TAG, number)
        assert found is not None
        return found
