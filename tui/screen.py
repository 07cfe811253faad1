"""The application: messages in, frames out. Textual gives the terminal, the keys and the timers; pure functions the rest."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen

from journal import intents
from journal.errors import JournalError, QueryRefused
from journal.query import Answer, ask
from journal.store import Reader
from tui import clipboard, controls, settings
from tui.archive import Archive
from tui.effects import Ask, Copy, Effect, Post, Quit, Save, Seek
from tui.feed import Feed
from tui.formatting import count
from tui.messages import Answered, Fresh
from tui.moving import under_cursor
from tui.paint import paint
from tui.select import FilterError, select
from tui.snapshot import Snapshot
from tui.ui import Confirm, Loaded, Look, Scene, Ui
from tui.update import paste, press
from tui.widgets.canvas import Canvas

FRAME_SECONDS = 0.25  # at most four frames a second for what the journal brings; keys are answered at once
CALM_SECONDS = 5.0
TICK_SECONDS = 1.0  # the clock, while a run is in flight
PLAY_SECONDS = 0.25  # between frames of play
NICENESS = 5  # training comes first


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the application takes from the world; a test gives its own."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    settings: Path = Path(os.devnull)
    mouse: bool = False


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

    def __init__(self, path: Path, *, ui: Ui, outside: Outside = Outside()) -> None:
        super().__init__(ansi_color=True)
        self.animation_level = "none"
        self.path, self.outside = path, outside
        kept = settings.read(outside.settings)
        self.ui = replace(ui, sql=replace(ui.sql, saved=kept.saved, history=kept.history))
        self.snapshot = Snapshot()
        self.feed = Feed(path, self._deliver)
        self.canvas = Canvas(ui.look.theme)
        self._archive: Archive | None = None
        self._painted = 0.0
        self._due = False
        self._play_from: tuple[float, datetime] | None = None

    def get_default_screen(self) -> Screen[None]:
        return Window(self.canvas)

    def on_mount(self) -> None:
        self.feed.start()
        self.set_interval(TICK_SECONDS, self._tick)
        self.set_interval(PLAY_SECONDS, self._play)

    def on_unmount(self) -> None:
        self.feed.stop()

    # --- messages ---

    def _deliver(self, snapshot: Snapshot) -> None:
        """Called in the feed's thread."""
        self.post_message(Fresh(snapshot))

    def on_fresh(self, message: Fresh) -> None:
        """Show the first change at once, then no more often than the frame time."""
        self.snapshot = message.snapshot
        if self._due:
            return
        pause = CALM_SECONDS if self.ui.look.calm else FRAME_SECONDS
        wait = self._painted + pause - time.monotonic()
        if wait <= 0:
            self.repaint()
        else:
            self._due = True
            self.set_timer(wait, self.repaint)

    def on_answered(self, message: Answered) -> None:
        """Show an answer, unless another question was asked since."""
        sql = self.ui.sql
        if message.number != sql.asked:
            return
        answered = replace(sql, running=False, answer=message.answer, error=message.error, seconds=message.seconds)
        self.ui = replace(self.ui, sql=answered)
        self.repaint()

    def on_resize(self, _: events.Resize) -> None:
        self.call_after_refresh(self.repaint)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        key = event.character if event.character and event.is_printable else event.key
        self.ui, effects = press(self.scene(), key, at=self.outside.monotonic())
        for effect in effects:
            self._do(effect)
        self.repaint()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.ui = paste(self.scene(), event.text)
        self.repaint()

    def _tick(self) -> None:
        if self.snapshot.view.flight is not None and self.ui.replay is None and not self.ui.look.calm:
            self.repaint()

    # --- what is shown ---

    def scene(self) -> Scene:
        """What there is to paint. Reads the few rows that the screen needs."""
        ui, trouble = self.ui, ""
        snapshot = self.snapshot
        scene = Scene(snapshot=snapshot, ui=ui, now=self.outside.now(), height=self.size.height)
        try:
            if ui.replay is not None:
                snapshot = self._then(ui.replay)
                scene = replace(scene, snapshot=snapshot, now=_moment(snapshot) or scene.now)
            scene = self._listed(scene)
            loaded = self._load(scene)
        except (JournalError, sqlite3.Error, OSError) as error:
            trouble, loaded = str(error), Loaded()
            self._archive = None
        if trouble:
            scene = replace(scene, snapshot=replace(scene.snapshot, trouble=trouble))
        return replace(scene, loaded=loaded)

    def _then(self, position: int) -> Snapshot:
        """The journal as it stood."""
        known = min(position, self.feed.ledger.position)
        return self._reading().snapshot(self.feed.ledger, known, head=self.snapshot.head)

    def _listed(self, scene: Scene) -> Scene:
        ui, view = scene.ui, scene.snapshot.view
        if ui.screen == "live":
            return replace(scene, rows=view.rows[::-1])
        try:
            return replace(scene, rows=select(view, filter_text=ui.filter, sort_text=ui.sort))
        except FilterError as error:
            return replace(scene, filter_error=str(error))

    def _load(self, scene: Scene) -> Loaded:
        if scene.ui.screen not in {"experiment", "failures", "replay"}:
            return Loaded()
        return self._reading().load(scene.snapshot, scene.ui, row=under_cursor(scene))

    def _reading(self) -> Archive:
        if self._archive is None:
            self._archive = Archive(self.path)
        return self._archive

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
            self._play_from = None
            return
        shown = self._then(self.ui.replay)
        moment = self._play_from[1] if self._play_from and self._play_from[0] == self.ui.replay else _moment(shown)
        if moment is None:
            return
        moment += timedelta(seconds=PLAY_SECONDS * self.ui.speed)
        position = max(self.ui.replay, self._reading().position_at(moment, head=self.snapshot.view.position))
        self._play_from = (position, moment)
        self.ui = replace(self.ui, replay=position, playing=position < self.snapshot.view.position)
        self.repaint()

    # --- effects ---

    def _do(self, effect: Effect) -> None:
        match effect:
            case Quit():
                self.exit(0)
            case Copy(text):
                self._copy(text)
            case Post(confirmed):
                self._post(confirmed)
            case Ask(query, number):
                self._keep()
                threading.Thread(target=self._ask, args=(query, number), daemon=True).start()
            case Save():
                self._keep()
            case Seek(moment):
                self._seek(moment)

    def _copy(self, text: str) -> None:
        file = clipboard.copy_file(os.environ)
        try:
            clipboard.write_file(file, text)
            place = f"in {file}"
        except OSError as error:
            place = f"not in a file ({error.strerror})"
        sequence = clipboard.sequence(text, environ=os.environ)
        if sequence is not None and self._driver is not None:
            self._driver.write(sequence)
        sent = "sent to the terminal and" if sequence else "too long for the terminal;"
        self.ui = replace(self.ui, note=f"{count(len(text))} characters {sent} {place}.")

    def _post(self, confirmed: Confirm) -> None:
        session = self.snapshot.view.session
        if session is None or self.ui.look.readonly or self.ui.replay is not None:
            return
        author = intents.author()
        intent = controls.intent(confirmed, session=session.tag, author=author)
        try:
            if intent is not None:
                posted = intents.post(self.path, intent)
            else:
                posted = intents.add_direction(
                    self.path, session=session.tag, text=confirmed.text, author=author, channel=controls.CHANNEL
                )
            note = f"Posted at {posted.position}; the loop has yet to acknowledge it."
        except (JournalError, sqlite3.Error, OSError) as error:
            note = f"Not posted: {error}"
        self.ui = replace(self.ui, note=note)

    def _ask(self, query: str, number: int) -> None:
        """Put a query, in a thread of its own."""
        started = time.monotonic()
        answer: Answer | None = None
        error = ""
        try:
            answer = ask(self.path, query)
        except (QueryRefused, JournalError, sqlite3.Error) as refused:
            error = str(refused)
        self.post_message(Answered(number, answer, error, time.monotonic() - started))

    def _keep(self) -> None:
        sql = self.ui.sql
        settings.write(self.outside.settings, settings.Settings(saved=sql.saved, history=sql.history))

    def _seek(self, text: str) -> None:
        """To a time of day: its last occurrence in the night that is not after the head."""
        head = self.snapshot.view.position
        event = self._reading().event(head)
        try:
            wanted = clock_time.fromisoformat(text.strip().zfill(5))
        except ValueError:
            self.ui = replace(self.ui, note=f"{text} is no time of day: write 02:14 or 02:14:30.")
            return
        if event is None:
            return
        last = datetime.fromisoformat(event.recorded_at)
        moment = datetime.combine(last.date(), wanted, tzinfo=UTC)
        moment -= timedelta(days=1 if moment > last else 0)
        self.ui = replace(self.ui, replay=self._reading().position_at(moment, head=head))


def _moment(snapshot: Snapshot) -> datetime | None:
    return datetime.fromisoformat(snapshot.recorded_at) if snapshot.recorded_at else None


def run(path: Path, *, look: Look, replay: int | None = None, mouse: bool = False) -> int:
    """Open the screen. Raises JournalError before the terminal is touched."""
    reader = Reader(path)
    head = reader.head()[0]
    reader.close()
    ui = Ui(look=look, replay=None if replay is None else max(1, min(replay, head)))
    if replay is not None:
        ui = replace(ui, screen="replay")
    os.nice(NICENESS)
    app = ArTui(path, ui=ui, outside=Outside(settings=settings.place()))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: app.call_later(app.exit, 0))
    return app.run(mouse=mouse) or 0
