"""The application: what keys, pasted text and answers do. When frames are shown is told in `tui.app.display`."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from textual import events

from journal.errors import JournalError
from journal.store import Reader
from tui.app import perform, saved_queries
from tui.app.display import Answered, Showing
from tui.feed.playback import Travel, at_time
from tui.feed.scene import SceneBuilders
from tui.state.effects import Ask, Copy, Effect, Post, Quit, Save, Seek
from tui.state.ui import Confirm, Look, Scene, Ui
from tui.state.update import paste, press

PLAY_SECONDS = 0.25  # between frames of play
NICENESS = 5  # training comes first


class Outside(Struct, frozen=True, kw_only=True):
    """What the application takes from the world; a test gives its own."""

    pressed: Callable[[events.Event], float] = attrgetter("time")  # monotonic: when it was sent, not when its turn came
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    settings: Path | None = None  # where queries are kept; None keeps them for this screen only


class ArTui(Showing, inherit_bindings=False):
    """Shows a journal."""

    def __init__(self, path: Path, *, ui: Ui, outside: Outside) -> None:
        kept = saved_queries.read(outside.settings) if outside.settings else saved_queries.SavedQueries()
        super().__init__(path, ui=replace(ui, sql=replace(ui.sql, saved=kept.saved, history=kept.history)))
        self.path, self.outside = path, outside
        self._stages = SceneBuilders(path)
        self._travel = Travel()

    def on_mount(self) -> None:
        """Besides that of `Showing`, which Textual calls as well."""
        self._player = self.set_interval(PLAY_SECONDS, self._play, pause=True)

    def scene(self) -> Scene:
        """What there is to paint."""
        now, height = self.outside.now(), self.size.height
        try:
            return self._stages.of(self.feed.ledger).scene(self.snapshot, self.ui, now=now, height=height)
        except JournalError as error:  # gone since; the feed tells more, and when it is back
            return Scene(snapshot=replace(self.snapshot, trouble=str(error)), ui=self.ui, now=now, height=height)

    # --- what comes in ---

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

    def on_answered(self, message: Answered) -> None:
        """Show an answer, unless another question was asked since."""
        sql = self.ui.sql
        if message.number != sql.asked:
            return
        answered = replace(sql, running=False, answer=message.answer, error=message.error, seconds=message.seconds)
        self.ui = replace(self.ui, sql=answered)
        self.repaint()

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
                sequence, note = perform.copy(text, environ=os.environ)
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
        return perform.post(self.path, confirmed, session=session.tag)

    def _ask(self, query: str, number: int) -> None:
        """Put a query, in a thread of its own; a later number interrupts it."""
        asked = perform.query(self.path, query, stopped=lambda: self.ui.sql.asked != number)
        self.post_message(Answered(number, *asked))

    def _keep(self) -> None:
        sql = self.ui.sql
        if self.outside.settings is not None:
            saved_queries.write(self.outside.settings, saved_queries.SavedQueries(saved=sql.saved, history=sql.history))

    def _seek(self, text: str) -> None:
        try:
            found = at_time(self._stages.of(self.feed.ledger), self.snapshot, text)
        except JournalError as error:
            found = str(error)
        self.ui = replace(self.ui, note=found) if isinstance(found, str) else replace(self.ui, replay=found)


def run(path: Path, *, look: Look, replay: int | None = None, mouse: bool = False) -> int:
    """Open the screen. Raises JournalError before the terminal is touched."""
    reader = Reader(path)
    head = reader.head()[0]
    reader.close()
    ui = Ui(look=look, replay=None if replay is None else max(1, min(replay, head)))
    if replay is not None:
        ui = replace(ui, screen="replay")
    os.nice(NICENESS)
    app = ArTui(path, ui=ui, outside=Outside(settings=saved_queries.place()))
    app.feed.start()
    return app.run(mouse=mouse) or 0
