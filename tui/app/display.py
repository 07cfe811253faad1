"""Shows frames: none before the first snapshot, then the journal's changes at most four times a second, keys at once.

Textual provides the terminal and the timers; a subclass provides the scenes.
"""

import gc
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.screen import Screen

from journal.query.sql import QueryResult
from tui.feed.feed import Feed, LatestValue
from tui.model.snapshot import Snapshot
from tui.screens.paint import paint
from tui.state.alerts import alert
from tui.state.ledger_change import follow_ledger
from tui.state.ui import Scene, Ui
from tui.terminal import notifications, signals
from tui.widgets.canvas import Canvas

FRAME_SECONDS = 0.25  # between frames of the journal's changes
CALM_SECONDS = 5.0
TICK_SECONDS = 1.0  # between updates of the clock while an experiment is in flight
FIRST_FRAME_SECONDS = 0.5  # after which even a journal that is not read yet is shown


class SnapshotReady(Message):
    """The feed has delivered a new snapshot."""


@dataclass
class QueryFinished(Message):
    """A query has ended: its number, its result or an error message, and the seconds that it took."""

    number: int
    result: QueryResult | None
    error: str
    seconds: float


class CanvasScreen(Screen[None], inherit_bindings=False):
    """The only screen of Textual: a canvas."""

    BINDINGS: ClassVar = []

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.canvas = canvas

    def compose(self) -> ComposeResult:
        yield self.canvas


class DisplayApp(App[int], inherit_bindings=False):
    """Follows a journal and shows its scenes."""

    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar = []
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, path: Path, *, ui: Ui) -> None:
        super().__init__(ansi_color=True)
        self.animation_level = "none"
        self.ui = ui
        self.snapshot = Snapshot()
        self.feed = Feed(path, self._deliver)
        self.canvas = Canvas(ui.display.theme, self.write)
        self._painted = 0.0
        self._is_scheduled = self._has_news = self._has_title = False
        self._hold, self._is_held, self._is_ready = ExitStack(), True, False
        self._latest = LatestValue[Snapshot]()

    def scene(self) -> Scene:
        """The scene to paint."""
        raise NotImplementedError

    def write(self, sequence: str) -> None:
        """Send a sequence to the terminal, in one piece if it knows synchronized updates."""
        if self._driver is not None:
            self._begin_update()
            self._driver.write(sequence)
            self._end_update()

    def get_default_screen(self) -> Screen[None]:
        return CanvasScreen(self.canvas)

    def on_load(self) -> None:
        self._hold.enter_context(self.batch_update())  # Textual draws nothing before the first frame

    def on_mount(self) -> None:
        if not self.is_headless:
            signals.exit_on_signals(self.exit)
            signals.defer_suspend_signals()
        self.set_interval(TICK_SECONDS, self._tick)
        self.app_resume_signal.subscribe(self, self._resume)

    def on_ready(self) -> None:
        """Start after the layout; Textual's own first paint is still in the screen's queue."""
        self.screen.call_later(self._start)

    def _resume(self, _: App[int]) -> None:
        """Redraw everything after a suspend, because the terminal was cleared."""
        self.screen.refresh(layout=True)

    def _start(self) -> None:
        self._is_ready = True
        self.set_timer(FIRST_FRAME_SECONDS, self._show_first_frame)
        self.post_message(SnapshotReady())  # for a snapshot that came before `_is_ready`

    def on_unmount(self) -> None:
        if self._has_title:
            self.write(notifications.RESTORE_TITLE)
        self.feed.stop()

    def _notify(self, text: str) -> None:
        """Ring and set the title, which is put back at the end."""
        if not self._has_title:
            self._has_title = True
            self.write(notifications.SAVE_TITLE)
        self.write(notifications.notification(text, environ=os.environ))

    def _deliver(self, snapshot: Snapshot) -> None:
        """Called in the feed's thread."""
        if self._latest.put(snapshot) and self._is_ready:
            self.post_message(SnapshotReady())

    def on_snapshot_ready(self, _: SnapshotReady) -> None:
        """Show a change at once, but no more often than the frame time."""
        snapshot = self._latest.take()
        if snapshot is None:
            return
        self.ui = follow_ledger(self.ui, self.snapshot.view, snapshot.view)
        if self.ui.display.has_bell and (text := alert(self.snapshot, snapshot)):
            self._notify(text)
        self.snapshot = snapshot
        if self._is_held:
            self._show_first_frame()
            return
        if self._is_scheduled:
            return
        pause = CALM_SECONDS if self.ui.display.is_calm else FRAME_SECONDS
        delay = self._painted + pause - time.monotonic()
        if delay <= 0:
            self.repaint()
        else:
            self._is_scheduled = True
            self.set_timer(delay, self.repaint)

    def _show_first_frame(self) -> None:
        """Let Textual draw; later calls do nothing."""
        if not self._is_held:
            return
        self._is_held = False
        self._hold.close()
        self.repaint()
        gc.freeze()  # what is there now stays until the end; `tui.cli` turned the collection off for the start
        gc.enable()
        self.call_after_refresh(self.feed.first_frame.set)

    def on_resize(self, _: events.Resize) -> None:
        if not self._is_held:
            self.call_after_refresh(self.repaint)

    def _tick(self) -> None:
        """Move the clocks while an experiment is in flight, and remove news that have become old."""
        session = self.snapshot.view.session
        had_news, self._has_news = self._has_news, session is not None and session.news(datetime.now(UTC)) is not None
        is_moving = bool(self.snapshot.active) and self.snapshot.is_loop_running is not False
        if (is_moving or had_news != self._has_news) and self.ui.replay is None and not self.ui.display.is_calm:
            self.repaint()

    def repaint(self) -> None:
        """Paint the scene and show what changed."""
        self._is_scheduled, self._painted = False, time.monotonic()
        width, height = self.size
        has_new_theme = self.canvas.theme_name != self.ui.display.theme
        self.canvas.theme_name = self.ui.display.theme
        self.canvas.show(paint(self.scene(), width=width, height=height), is_redrawn=has_new_theme)
