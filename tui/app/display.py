"""When frames are shown: none before there is something to show, then what the journal brings, at most four times a second.

Textual gives the terminal and the timers; what is on a frame is for a subclass to say.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.screen import Screen

from journal.query.sql import QueryResult
from tui.feed.feed import Feed, Mailbox
from tui.model.snapshot import Snapshot
from tui.screens.paint import paint
from tui.state.ui import Scene, Ui
from tui.terminal import signals
from tui.widgets.canvas import Canvas

FRAME_SECONDS = 0.25  # at most four frames a second for what the journal brings; keys are answered at once
CALM_SECONDS = 5.0
TICK_SECONDS = 1.0  # the clock, while something is in flight
CURTAIN_SECONDS = 0.5  # after which even an unread journal is shown


class Fresh(Message):
    """The journal has moved on: the application's mailbox holds how it stands."""


@dataclass
class Answered(Message):
    """A query came back: its number, its answer or why there is none, and the seconds that it took."""

    number: int
    answer: QueryResult | None
    error: str
    seconds: float


class Window(Screen[None], inherit_bindings=False):
    """The only screen: a canvas."""

    BINDINGS: ClassVar = []

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.canvas = canvas

    def compose(self) -> ComposeResult:
        yield self.canvas


class Showing(App[int], inherit_bindings=False):
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
        self.canvas = Canvas(ui.look.theme)
        self._painted = 0.0
        self._due = False
        self._curtain, self._curtained, self._is_ready = ExitStack(), True, False
        self._mail = Mailbox[Snapshot]()

    def scene(self) -> Scene:
        """What there is to paint."""
        raise NotImplementedError

    def get_default_screen(self) -> Screen[None]:
        return Window(self.canvas)

    def on_load(self) -> None:
        self._curtain.enter_context(self.batch_update())  # nothing is drawn before there is something to show

    def on_mount(self) -> None:
        if not self.is_headless:
            signals.on_signals(self.exit)
            signals.stop_in_turn()
        self.set_interval(TICK_SECONDS, self._tick)
        self.app_resume_signal.subscribe(self, self._resumed)

    def on_ready(self) -> None:
        """Textual has laid everything out, behind the curtain; its own first paint is still in the screen's queue."""
        self.screen.call_later(self._begin)

    def _resumed(self, _: App[int]) -> None:
        """Back in the foreground, where the terminal has forgotten everything."""
        self.screen.refresh(layout=True)

    def _begin(self) -> None:
        self._is_ready = True
        self.set_timer(CURTAIN_SECONDS, self._raise_curtain)
        self.post_message(Fresh())  # what came before there was anyone to tell

    def on_unmount(self) -> None:
        self.feed.stop()

    def _deliver(self, snapshot: Snapshot) -> None:
        """Called in the feed's thread."""
        if self._mail.put(snapshot) and self._is_ready:
            self.post_message(Fresh())

    def on_fresh(self, _: Fresh) -> None:
        """Show the first change at once, then no more often than the frame time."""
        snapshot = self._mail.take()
        if snapshot is None:
            return
        self.snapshot = snapshot
        if self._curtained:
            self._raise_curtain()
            return
        if self._due:
            return
        pause = CALM_SECONDS if self.ui.look.calm else FRAME_SECONDS
        wait = self._painted + pause - time.monotonic()
        if wait <= 0:
            self.repaint()
        else:
            self._due = True
            self.set_timer(wait, self.repaint)

    def _raise_curtain(self) -> None:
        """Begin to draw; once."""
        if not self._curtained:
            return
        self._curtained = False
        self._curtain.close()
        self.repaint()
        self.call_after_refresh(self.feed.shown.set)

    def on_resize(self, _: events.Resize) -> None:
        if not self._curtained:
            self.call_after_refresh(self.repaint)

    def _tick(self) -> None:
        if self.snapshot.flying and self.ui.replay is None and not self.ui.look.calm:
            self.repaint()

    def repaint(self) -> None:
        """Paint the scene and show what changed."""
        self._due, self._painted = False, time.monotonic()
        width, height = self.size
        themed = self.canvas.palette != self.ui.look.theme
        self.canvas.palette = self.ui.look.theme
        self.canvas.show(paint(self.scene(), width=width, height=height), whole=themed)
