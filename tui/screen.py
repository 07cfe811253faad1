"""The application: messages in, frames out. Textual gives the terminal, the keys and the timers; painters give the rest."""

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen

from journal.store import Reader
from tui.feed import Feed
from tui.keys import bound
from tui.messages import Fresh
from tui.paint import paint
from tui.snapshot import Snapshot
from tui.ui import Look, Scene, Ui
from tui.widgets.canvas import Canvas

FRAME_SECONDS = 0.25  # at most four frames a second for what the journal brings; keys are answered at once
TICK_SECONDS = 1.0  # the clock, while a run is in flight
NICENESS = 5  # training comes first


class Window(Screen[None], inherit_bindings=False):
    """The only screen: a canvas."""

    BINDINGS: ClassVar = []

    def __init__(self, theme: str) -> None:
        super().__init__()
        self.canvas = Canvas(theme)

    def compose(self) -> ComposeResult:
        yield self.canvas


class ArTui(App[int], inherit_bindings=False):
    """Shows a journal."""

    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar = []
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, path: Path, *, look: Look) -> None:
        super().__init__(ansi_color=True)
        self.animation_level = "none"
        self.state = Ui(look=look)
        self.snapshot = Snapshot()
        self.feed = Feed(path, self._deliver)
        self._window = Window(look.theme)
        self._painted = 0.0
        self._due = False

    def get_default_screen(self) -> Screen[None]:
        return self._window

    def on_mount(self) -> None:
        self.feed.start()
        self.set_interval(TICK_SECONDS, self._tick)

    def on_unmount(self) -> None:
        self.feed.stop()

    def _deliver(self, snapshot: Snapshot) -> None:
        """Called in the feed's thread."""
        self.post_message(Fresh(snapshot))

    def on_fresh(self, message: Fresh) -> None:
        """Show the first change at once, then no more often than the frame time."""
        self.snapshot = message.snapshot
        if self._due:
            return
        wait = self._painted + FRAME_SECONDS - time.monotonic()
        if wait <= 0:
            self.repaint()
        else:
            self._due = True
            self.set_timer(wait, self.repaint)

    def on_resize(self, _: events.Resize) -> None:
        self.call_after_refresh(self.repaint)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        key = bound(event.key, self.state.screen)
        if key is None:
            return
        if key.action == "quit":
            self.exit(0)
        self.state = replace(self.state, note="")
        self.repaint()

    def _tick(self) -> None:
        if self.snapshot.view.flight is not None:
            self.repaint()

    def repaint(self) -> None:
        """Paint the scene and show it."""
        self._due, self._painted = False, time.monotonic()
        scene = Scene(snapshot=self.snapshot, ui=self.state, now=datetime.now(UTC))
        width, height = self.size
        self._window.canvas.show(paint(scene, width=width, height=height))


def run(path: Path, *, look: Look) -> int:
    """Open the screen. Raises JournalError before the terminal is touched."""
    Reader(path).close()
    os.nice(NICENESS)
    app = ArTui(path, look=look)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: app.call_from_thread(app.exit, 0))
    return app.run(mouse=False) or 0
