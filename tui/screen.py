"""The application: messages in, frames out. Textual gives the terminal, the keys and the timers; pure functions the rest."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen

from journal.errors import JournalError
from tui import deeds, leaving, settings
from tui.effects import Ask, Copy, Effect, Post, Quit, Save, Seek
from tui.feed import Feed
from tui.mailbox import Mailbox
from tui.messages import Answered, Fresh
from tui.paint import paint
from tui.snapshot import Snapshot
from tui.staging import Stages
from tui.travel import Travel, at_time
from tui.ui import Confirm, Scene, Ui
from tui.update import paste, press
from tui.widgets.canvas import Canvas

FRAME_SECONDS = 0.25  # at most four frames a second for what the journal brings; keys are answered at once
CALM_SECONDS = 5.0
TICK_SECONDS = 1.0  # the clock, while a run is in flight
PLAY_SECONDS = 0.25  # between frames of play
CURTAIN_SECONDS = 0.5  # after which even an unread journal is shown


class Outside(Struct, frozen=True, kw_only=True):
    """What the application takes from the world; a test gives its own."""

    pressed: Callable[[events.Event], float] = attrgetter("time")  # monotonic: when it was sent, not when its turn came
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    settings: Path | None = None  # where queries are kept; None keeps them for this screen only


class Window(Screen[None], inherit_bindings=False):
    """The only screen: a canvas."""

    BINDINGS: ClassVar = []

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.canvas = canvas

    def compose(self) -> ComposeResult:
        yield self.canvas


class ArTui(App[int], inherit_bindings=False):
    """Shows a journal."""

    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar = []
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, path: Path, *, ui: Ui, outside: Outside) -> None:
        super().__init__(ansi_color=True)
        self.animation_level = "none"
        self.path, self.outside = path, outside
        kept = settings.read(outside.settings) if outside.settings else settings.Settings()
        self.ui = replace(ui, sql=replace(ui.sql, saved=kept.saved, history=kept.history))
        self.snapshot = Snapshot()
        self.feed = Feed(path, self._deliver)
        self.canvas = Canvas(ui.look.theme)
        self._stages = Stages(path)
        self._painted = 0.0
        self._due = False
        self._curtain, self._curtained, self._is_ready = ExitStack(), True, False
        self._travel = Travel()
        self._mail = Mailbox[Snapshot]()

    def get_default_screen(self) -> Screen[None]:
        return Window(self.canvas)

    def on_load(self) -> None:
        self._curtain.enter_context(self.batch_update())  # nothing is drawn before there is something to show

    def on_mount(self) -> None:
        if not self.is_headless:
            leaving.on_signals(self.exit)
            leaving.stop_in_turn()
        self.set_interval(TICK_SECONDS, self._tick)
        self._player = self.set_interval(PLAY_SECONDS, self._play, pause=True)
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

    # --- messages ---

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

    def on_answered(self, message: Answered) -> None:
        """Show an answer, unless another question was asked since."""
        sql = self.ui.sql
        if message.number != sql.asked:
            return
        answered = replace(sql, running=False, answer=message.answer, error=message.error, seconds=message.seconds)
        self.ui = replace(self.ui, sql=answered)
        self.repaint()

    def on_resize(self, _: events.Resize) -> None:
        if not self._curtained:
            self.call_after_refresh(self.repaint)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "ctrl+z":
            self.action_suspend_process()
            return
        self._act(event.character if event.character and event.is_printable else event.key, event)

    def _act(self, key: str, event: events.Event) -> None:
        self.ui, effects = press(self.scene(), key, at=self.outside.pressed(event))
        for effect in effects:
            self._do(effect)
        (self._player.resume if self.ui.playing else self._player.pause)()
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._act("j", event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._act("k", event)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.ui = paste(self.scene(), event.text)
        self.repaint()

    def _tick(self) -> None:
        if self.snapshot.flying and self.ui.replay is None and not self.ui.look.calm:
            self.repaint()

    # --- what is shown ---

    def scene(self) -> Scene:
        """What there is to paint."""
        now, height = self.outside.now(), self.size.height
        try:
            return self._stages.of(self.feed.ledger).scene(self.snapshot, self.ui, now=now, height=height)
        except JournalError as error:  # gone since; the feed tells more, and when it is back
            return Scene(snapshot=replace(self.snapshot, trouble=str(error)), ui=self.ui, now=now, height=height)

    def repaint(self) -> None:
        """Paint the scene and show what changed."""
        self._due, self._painted = False, time.monotonic()
        width, height = self.size
        themed = self.canvas.palette != self.ui.look.theme
        self.canvas.palette = self.ui.look.theme
        self.canvas.show(paint(self.scene(), width=width, height=height), whole=themed)

    # --- play ---

    def _play(self) -> None:
        """Move the position on by the night's clock, at the chosen speed."""
        if not self.ui.playing or self.ui.replay is None:
            return
        try:
            stage = self._stages.of(self.feed.ledger)
            passed = PLAY_SECONDS * self.ui.speed
            position = self._travel.on(stage, self.snapshot, position=self.ui.replay, seconds=passed)
        except JournalError:
            return  # told by the next scene
        self.ui = replace(self.ui, replay=position, playing=position < stage.ledger.position)
        self.repaint()

    # --- effects ---

    def _do(self, effect: Effect) -> None:
        match effect:
            case Quit(code):
                self.exit(code)
            case Copy(text):
                sequence, note = deeds.copy(text, environ=os.environ)
                if sequence and self._driver is not None:
                    self._driver.write(sequence)
                self.ui = replace(self.ui, note=note)
            case Post(confirmed):
                self.ui = replace(self.ui, note=self._post(confirmed))
            case Ask(query, number):
                self._keep()
                threading.Thread(target=self._ask, args=(query, number), daemon=True).start()
            case Save():
                self._keep()
            case Seek(time_of_day):
                self._seek(time_of_day)

    def _post(self, confirmed: Confirm) -> str:
        session = self.snapshot.view.session
        if session is None or self.ui.look.readonly or self.ui.replay is not None:
            return "Nothing can be asked of the loop here."
        return deeds.post(self.path, confirmed, session=session.tag)

    def _ask(self, query: str, number: int) -> None:
        """Put a query, in a thread of its own; a later number interrupts it."""
        asked = deeds.query(self.path, query, stopped=lambda: self.ui.sql.asked != number)
        self.post_message(Answered(number, *asked))

    def _keep(self) -> None:
        sql = self.ui.sql
        if self.outside.settings is not None:
            settings.write(self.outside.settings, settings.Settings(saved=sql.saved, history=sql.history))

    def _seek(self, text: str) -> None:
        try:
            found = at_time(self._stages.of(self.feed.ledger), self.snapshot, text)
        except JournalError as error:
            found = str(error)
        self.ui = replace(self.ui, note=found) if isinstance(found, str) else replace(self.ui, replay=found)
