"""The application: handles keys, pasted text, query results and effects. `tui.app.display` decides when frames are shown."""

import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from operator import attrgetter
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from textual import events

from journal.errors import JournalError
from journal.store import Reader
from tui.app import options_file, perform, saved_queries
from tui.app.display import DisplayApp, QueryFinished
from tui.app.mouse_mode import switch_mouse
from tui.feed.playback import Playback, position_at_time
from tui.feed.scene import SceneBuilder, SceneBuilderCache
from tui.state.effects import CopyText, Effect, PostIntent, Quit, RunQuery, SaveOptions, SaveQueries, SeekTime
from tui.state.mouse import click
from tui.state.ui import Confirmation, DisplayOptions, Scene, Ui
from tui.state.update import paste, press
from tui.terminal.local_time import LOCAL

PLAY_SECONDS = 0.25  # between frames of a playback
NICENESS = 5  # training has priority


class Environment(Struct, frozen=True, kw_only=True):
    """Clocks and files of the application; tests replace them."""

    key_time: Callable[[events.Event], float] = attrgetter("time")  # monotonic: when the terminal sent it
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    queries_file: Path | None = None  # None: queries are lost at the end
    options_file: Path | None = None  # None: options are forgotten at the end
    zone: tzinfo = UTC


class TuiApp(DisplayApp, inherit_bindings=False):
    """Shows a journal, and responds to the user."""

    def __init__(self, path: Path, *, ui: Ui, environment: Environment) -> None:
        file = environment.queries_file
        queries = saved_queries.read(file) if file else saved_queries.SavedQueries()
        super().__init__(path, ui=replace(ui, sql=replace(ui.sql, saved=queries.saved, history=queries.history)))
        self.path, self.environment = path, environment
        self._builders = SceneBuilderCache(path, zone=environment.zone)
        self._playback = Playback()

    def on_mount(self) -> None:
        """Textual also calls the method of the base class."""
        self._play_timer = self.set_interval(PLAY_SECONDS, self._play, pause=True)

    def scene(self) -> Scene:
        """The scene to paint."""
        now = self.environment.now()
        try:
            return self._builder().build(self.snapshot, self.ui, now=now, size=self.size)
        except JournalError as error:  # the file has just gone; the feed reports it, and reads it again when it is back
            snapshot = replace(self.snapshot, read_error=str(error))
            return Scene(snapshot=snapshot, ui=self.ui, now=now, present=now, height=self.size.height)

    def _builder(self) -> SceneBuilder:
        """Raises JournalError."""
        return self._builders.get(self.feed.ledger, file_number=self.feed.file_number)

    # --- input ---

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "ctrl+z":
            self.action_suspend_process()
            return
        self._press(event.character if event.character and event.is_printable else event.key, event)

    def _press(self, key: str, event: events.Event) -> None:
        self._apply(*press(self.scene(), key, time=self.environment.key_time(event)))

    def _apply(self, ui: Ui, effects: Sequence[Effect]) -> None:
        """Show the next state of the screen, and carry out the effects."""
        self.ui = ui
        for effect in effects:
            self._perform(effect)
        if not self.is_headless:
            switch_mouse(self._driver, is_on=self.ui.display.has_mouse)
        (self._play_timer.resume if self.ui.is_playing else self._play_timer.pause)()
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        action = self.canvas.frame.target_at(event.x, event.y)
        if action is None or not self.ui.display.has_mouse:
            return
        if action[0] == "key":
            self._press(str(action[1]), event)
            return
        self._apply(*click(self.scene(), action, time=self.environment.key_time(event)))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._press("j", event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._press("k", event)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.ui = paste(self.scene(), event.text)
        self.repaint()

    def on_query_finished(self, message: QueryFinished) -> None:
        """Show a result, unless another query was started since."""
        sql = self.ui.sql
        if message.number != sql.query_number:
            return
        sql = replace(sql, is_running=False, result=message.result, error=message.error, seconds=message.seconds)
        self.ui = replace(self.ui, sql=sql)
        self.repaint()

    # --- playback ---

    def _play(self) -> None:
        """Advance the replayed position at the chosen speed."""
        if not self.ui.is_playing or self.ui.replay is None:
            return
        try:
            builder = self._builder()
            seconds = PLAY_SECONDS * self.ui.speed
            position = self._playback.advance(builder, self.snapshot, position=self.ui.replay, seconds=seconds)
        except JournalError:
            return  # the next scene reports it
        self.ui = replace(self.ui, replay=position, is_playing=position < builder.ledger.position)
        self.repaint()

    # --- effects ---

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Quit(code):
                self.exit(code)
            case CopyText(text):
                self._copy(text)
            case PostIntent(confirmation):
                self.ui = replace(self.ui, message=self._post(confirmation))
            case RunQuery(query, number):
                self._save_queries()
                threading.Thread(target=self._run_query, args=(query, number), daemon=True).start()
            case SeekTime(time):
                self._seek(time)
            case SaveQueries():
                self._save_queries()
            case SaveOptions():
                self._save_options()

    def _copy(self, text: str) -> None:
        sequence, message = perform.copy(text, environ=os.environ)
        if sequence:
            self.write(sequence)
        self.ui = replace(self.ui, message=message)

    def _post(self, confirmation: Confirmation) -> str:
        session = self.snapshot.view.session
        if session is None or self.ui.display.is_readonly or self.ui.replay is not None:
            return "Not posted: there is no session, or the screen is read-only or in replay."
        return perform.post(self.path, confirmation, session=session.tag)

    def _run_query(self, query: str, number: int) -> None:
        """Run a query in its own thread; a later query stops it."""
        outcome = perform.query(self.path, query, is_stopped=lambda: self.ui.sql.query_number != number)
        self.post_message(QueryFinished(number, *outcome))

    def _save_queries(self) -> None:
        file, sql = self.environment.queries_file, self.ui.sql
        if file is not None:
            saved_queries.write(file, saved_queries.SavedQueries(saved=sql.saved, history=sql.history))

    def _save_options(self) -> None:
        if self.environment.options_file is not None:
            options_file.write(self.environment.options_file, self.ui.display)

    def _seek(self, time: str) -> None:
        try:
            zone = UTC if self.ui.display.is_utc else self.environment.zone
            position = position_at_time(self._builder(), self.snapshot, time, zone=zone)
        except JournalError as error:
            position = str(error)
        changes = {"message": position} if isinstance(position, str) else {"replay": position}
        self.ui = replace(self.ui, **changes)


def run(path: Path, *, display: DisplayOptions, replay: int | None = None) -> int:
    """Open the screen. Returns the exit code. Raises JournalError before it changes the terminal."""
    reader = Reader(path)
    head = reader.head()[0]
    reader.close()
    ui = Ui(display=display)
    if replay is not None:
        ui = replace(ui, screen="replay", replay=max(1, min(replay, head)))
    os.nice(NICENESS)
    app = TuiApp(
        path,
        ui=ui,
        environment=Environment(
            queries_file=saved_queries.default_file(), options_file=options_file.default_file(), zone=LOCAL
        ),
    )
    app.feed.start()
    return app.run(mouse=display.has_mouse) or 0
