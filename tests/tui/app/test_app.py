"""The application through Textual's pilot at 80 × 24: keys in, frames out, a real journal below."""

import asyncio
import threading
from contextlib import asynccontextmanager

import pytest
import sessions
from msgspec.structs import replace

from journal.events import (
    PauseAcknowledged,
    PauseRequested,
    RequestWithdrawn,
    SessionEnded,
    SessionPaused,
    control_stream,
    experiment_stream,
    session_stream,
)
from journal.store import Journal, Reader
from tui.app.app import Environment, TuiApp
from tui.state.keys import CONFIRM, KEYS, SCREENS
from tui.state.ui import DisplayOptions, Ui
from tui.terminal.frame import changed_spans

NAMES = {" ": "space"}


class Unhurried:
    """A user who reads for a second before every key."""

    def __init__(self):
        self.now = 100.0

    def __call__(self, _event):
        self.now += 1.0
        return self.now


@asynccontextmanager
async def opened(path, *, ui=None, size=(80, 24), queries_file=None, key_time=None):
    """A running screen that has seen the journal."""
    environment = Environment(
        key_time=key_time or Unhurried(), **({"queries_file": queries_file} if queries_file else {})
    )
    app = TuiApp(path, ui=ui or Ui(), environment=environment)
    app.feed.start()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.snapshot.head > 0 and app.snapshot.events_read is None)
        app.threads_before = threading.active_count()
        yield app, pilot


async def until(pilot, condition):
    """Wait for messages of other threads; a condition that never comes true ends the test."""
    async with asyncio.timeout(10):
        while not condition():
            await pilot.pause(0.01)


def shown(app):
    return app.canvas.frame.text()


def header(app):
    return "\n".join(shown(app).splitlines()[:3])


def footer(app):
    return shown(app).splitlines()[-1]


def tab(app):
    """The highlighted tab."""
    frame = app.canvas.frame
    return "".join(char for char, role in zip(frame.chars[0], frame.roles[0], strict=True) if role == "tab").strip()


@pytest.mark.parametrize("number", [str(place) for place in range(1, 7)])
async def test_a_number_opens_its_screen(shared_journal, number):
    async with opened(shared_journal) as (app, pilot):
        await pilot.press(number)

        assert tab(app) == f"{number} {SCREENS[int(number) - 1]}"


@pytest.mark.parametrize("screen", SCREENS)
async def test_every_key_of_the_table_is_taken_and_the_screen_lives_on(own_journal, screen):
    keys = [one.names[0] for one in KEYS if screen == min(one.screens) and one.names and one.action != "quit"]
    async with opened(own_journal, ui=Ui(screen=screen, replay=40)) as (app, pilot):
        await pilot.press(*(NAMES.get(key, key) for key in keys), "escape", "escape")

        assert app.is_running
        assert shown(app).splitlines()[1].startswith("nov20")


async def test_an_event_is_on_the_screen_without_a_key(own_journal):
    journal = Journal(own_journal)
    journal.acquire()
    async with opened(own_journal) as (app, pilot):
        assert "training #12" in shown(app)

        journal.append(experiment_stream(sessions.TAG, 12), [sessions.finished(12, 1, 1.47)])

        await until(pilot, lambda: "judging #12" in shown(app))
    journal.close()


async def test_a_request_is_posted_shown_as_waiting_then_as_acknowledged(own_journal):
    journal = Journal(own_journal)
    journal.acquire()
    async with opened(own_journal) as (app, pilot):
        await pilot.press("p", CONFIRM)
        await until(pilot, lambda: app.snapshot.view.session.requests)
        await pilot.press("2")
        waiting = header(app)

        request = Reader(own_journal).stream(control_stream(sessions.TAG))[-1]
        answer = PauseAcknowledged(session=sessions.TAG, request=request.position, outcome="pausing after the run")
        journal.append(session_stream(sessions.TAG), [answer])
        await until(pilot, lambda: "pausing after #12" in header(app))
        pending = footer(app)
        journal.append(session_stream(sessions.TAG), [SessionPaused(session=sessions.TAG, reason="asked")])
        await until(pilot, lambda: "paused" in header(app))

        assert isinstance(request.event, PauseRequested)
        assert request.event.channel == "tui"
        assert "pause asked" in waiting
        assert "p resume" in pending
        assert "pausing after" not in header(app)
    journal.close()


async def test_an_unanswered_request_is_withdrawn_with_a_key(own_journal):
    journal = Journal(own_journal)
    journal.acquire()
    async with opened(own_journal) as (app, pilot):
        await pilot.press("S", CONFIRM)
        await until(pilot, lambda: "stop asked" in header(app))
        await pilot.press("u")
        question = footer(app)
        await pilot.press(CONFIRM)
        await until(pilot, lambda: "withdrawing: stop" in header(app))

    stop, withdrawal = Reader(own_journal).stream(control_stream(sessions.TAG))
    assert question.startswith(" Withdraw the request “stop after the experiments")
    assert (type(withdrawal.event), withdrawal.event.request) == (RequestWithdrawn, stop.position)
    journal.close()


async def test_directions_are_numbered_as_they_are_posted(own_journal):
    async with opened(own_journal) as (_, pilot):
        await pilot.press("d", *"one", "enter", CONFIRM)
        await pilot.press("d", *"two", "enter", CONFIRM)

    directions = [one.event for one in Reader(own_journal).stream(control_stream(sessions.TAG))]
    assert [(one.direction, one.text) for one in directions] == [(1, "one"), (2, "two")]


async def test_keys_that_were_sent_at_once_post_nothing_however_slowly_they_are_taken(own_journal):
    async with opened(own_journal, key_time=lambda _: 7.0) as (app, pilot):
        await pilot.press("p", CONFIRM)

        assert "came too fast after the question" in shown(app)

    assert Reader(own_journal).stream(control_stream(sessions.TAG)) == []


async def test_readonly_posts_nothing_whatever_is_pressed(own_journal):
    async with opened(own_journal, ui=Ui(display=DisplayOptions(is_readonly=True))) as (_, pilot):
        await pilot.press("p", CONFIRM, "s", CONFIRM, "d", "x", "enter", CONFIRM)

    assert Reader(own_journal).stream(control_stream(sessions.TAG)) == []


async def test_a_session_that_ends_before_the_confirmation_gets_no_request(own_journal):
    async with opened(own_journal) as (app, pilot):
        await pilot.press("p")
        journal = Journal(own_journal)
        journal.acquire()
        journal.append(session_stream(sessions.TAG), [SessionEnded(session=sessions.TAG, reason="a bound")])
        journal.close()
        await pilot.press(CONFIRM)

        assert "Not posted: Session nov20 has ended" in shown(app)

        await until(pilot, lambda: app.snapshot.view.session.state.name == "ended")
        await pilot.press("d")

        assert "Session nov20 has ended and takes no requests." in shown(app)

    assert Reader(own_journal).stream(control_stream(sessions.TAG)) == []


async def test_a_journal_that_cannot_be_written_says_so_and_the_screen_lives_on(own_journal):
    async with opened(own_journal) as (app, pilot):
        own_journal.rename(own_journal.with_name("elsewhere.db"))
        await pilot.press("p", CONFIRM)

        assert "Not posted: There is no journal at" in shown(app)


async def test_a_journal_that_vanishes_is_a_banner_and_one_that_comes_is_read(own_journal, tmp_path):
    async with opened(own_journal) as (app, pilot):
        aside = own_journal.rename(tmp_path / "aside.db")
        await until(pilot, lambda: "There is no journal at" in shown(app))

        sessions.write(own_journal, count=3, in_flight=None).close()
        await until(pilot, lambda: "✓ 2 kept" in shown(app))

        assert aside.exists()


async def test_a_query_is_answered_and_a_refusal_is_a_sentence(shared_journal):
    async with opened(shared_journal) as (app, pilot):
        await pilot.press("5", "e", *"SELECT count(*) AS n FROM runs", "enter")
        await until(pilot, lambda: "1 row in" in shown(app))
        await pilot.press("e", "ctrl+u", *"DELETE FROM events", "enter")
        await until(pilot, lambda: "refused" in shown(app))

        assert "The journal runs one SELECT at a time" in shown(app)


async def test_an_interrupted_query_ends_at_once(shared_journal):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    async with opened(shared_journal) as (app, pilot):
        app.ui = replace(app.ui, screen="sql", sql=replace(app.ui.sql, query=endless))
        await pilot.press("e", "enter", "x")
        await until(pilot, lambda: threading.active_count() == app.threads_before)

        assert "Stopped." in shown(app)


async def test_queries_are_kept_for_the_next_time(shared_journal, tmp_path):
    file = tmp_path / "state" / "tui.json"
    async with opened(shared_journal, queries_file=file) as (app, pilot):
        await pilot.press("5", "e", *"SELECT 7", "enter", "w", *"seven", "enter")

    async with opened(shared_journal, queries_file=file) as (app, pilot):
        assert app.ui.sql.history == ("SELECT 7",)
        assert app.ui.sql.saved == (("seven", "SELECT 7"),)


async def test_replay_shows_the_past_and_live_is_a_key_away(shared_journal):
    async with opened(shared_journal) as (app, pilot):
        await pilot.press("6", "@", *"#3", "enter", "1")
        then = shown(app)
        await pilot.press("L")

        assert "REPLAY" in then
        assert "raise the matrix learning rate" in then
        assert "▸ preparing #3" in then
        assert "loop not running" in shown(app)


async def test_replay_goes_to_a_time_of_day(shared_journal):
    async with opened(shared_journal) as (app, pilot):
        await pilot.press("6", "@", *"21:16:00", "enter")
        assert "21:15:59 UTC" in shown(app)

        await pilot.press("@", *"25:00", "enter")
        assert "25:00 is not a time of day" in shown(app)


async def test_replay_plays_to_the_end_and_holds(shared_journal):
    async with opened(shared_journal, ui=Ui(screen="replay", replay=1, speed=3_600)) as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: app.ui.replay == app.snapshot.head)

        assert not app.ui.is_playing


async def test_what_is_copied_goes_to_a_file_for_this_user_alone(shared_journal, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with opened(shared_journal) as (_, pilot):
        await pilot.press("2", "G", "y")

    (file,) = tmp_path.glob("ar-tui-*.copy")
    assert file.read_text().startswith("#0\tkeep\t1.5390")
    assert file.stat().st_mode & 0o777 == 0o600


async def test_only_the_clock_changes_when_nothing_else_has(shared_journal):
    async with opened(shared_journal) as (app, pilot):
        await until(pilot, lambda: "loop not running" in shown(app))
        await pilot.press("2")
        before = app.canvas.frame

        app.repaint()

        assert all(y == 1 and start > 60 for y, start, _ in changed_spans(before, app.canvas.frame))


@pytest.mark.parametrize("size", [(200, 60), (59, 15), (1, 1), (60, 16), (20, 100)])
async def test_a_window_may_be_resized_to_anything_and_back(shared_journal, size):
    async with opened(shared_journal) as (app, pilot):
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: (app.canvas.frame.width, app.canvas.frame.height) == size)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.canvas.frame.width == 80)

        assert "nov20" in shown(app)


async def test_the_exit_code_of_q_is_0_and_of_an_interrupt_130(shared_journal):
    async with opened(shared_journal) as (quitting, pilot):
        await pilot.press("q")
    async with opened(shared_journal) as (interrupted, pilot):
        await pilot.press("ctrl+c")

    assert (quitting.return_value, interrupted.return_value) == (0, 130)
