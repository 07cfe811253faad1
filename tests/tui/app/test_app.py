"""The application through Textual's pilot at 80 × 24: keys in, frames out, a real journal below."""

import asyncio
import threading
from contextlib import asynccontextmanager

import nights
import pytest
from msgspec.structs import replace

from journal.events import (
    PauseAcknowledged,
    PauseRequested,
    SessionEnded,
    control_stream,
    experiment_stream,
    session_stream,
)
from journal.store import Journal, Reader
from tui.app.app import ArTui, Outside
from tui.state.keys import CONFIRM, KEYS, SCREENS
from tui.state.ui import Look, Ui
from tui.terminal.frame import changed

NAMES = {" ": "space"}


class Unhurried:
    """Somebody who reads for a second before every key."""

    def __init__(self):
        self.now = 100.0

    def __call__(self, _event):
        self.now += 1.0
        return self.now


@asynccontextmanager
async def opened(path, *, ui=None, size=(80, 24), settings=None, pressed=None):
    """A running screen that has seen the journal."""
    outside = Outside(pressed=pressed or Unhurried(), **({"settings": settings} if settings else {}))
    app = ArTui(path, ui=ui or Ui(), outside=outside)
    app.feed.start()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.snapshot.head > 0 and app.snapshot.read is None)
        app.threads_before = threading.active_count()
        yield app, pilot


async def until(pilot, condition):
    """Wait for messages of other threads; a condition that never comes true ends the test."""
    async with asyncio.timeout(10):
        while not condition():
            await pilot.pause(0.01)


def shown(app):
    return app.canvas.frame.text()


@pytest.mark.parametrize("number", [str(place) for place in range(1, 7)])
async def test_a_number_opens_its_screen(night, number):
    async with opened(night) as (app, pilot):
        await pilot.press(number)

        assert shown(app).splitlines()[-1].endswith(f"{number} {SCREENS[int(number) - 1]}")


@pytest.mark.parametrize("screen", SCREENS)
async def test_every_key_of_the_table_is_taken_and_the_screen_lives_on(own_night, screen):
    keys = [one.keys[0] for one in KEYS if screen == min(one.where) and one.action != "quit"]
    async with opened(own_night, ui=Ui(screen=screen, replay=40)) as (app, pilot):
        await pilot.press(*(NAMES.get(key, key) for key in keys), "escape", "escape")

        assert app.is_running
        assert shown(app).splitlines()[0].startswith("nov20")


async def test_an_event_is_on_the_screen_without_a_key(own_night):
    journal = Journal(own_night)
    journal.acquire()
    async with opened(own_night) as (app, pilot):
        assert "training #12" in shown(app)

        journal.append(experiment_stream(nights.TAG, 12), [nights.finished(12, 1, 1.47)])

        await until(pilot, lambda: "judging #12" in shown(app))
    journal.close()


async def test_a_request_is_posted_shown_as_waiting_then_as_acknowledged(own_night):
    journal = Journal(own_night)
    journal.acquire()
    async with opened(own_night) as (app, pilot):
        await pilot.press("p", CONFIRM)
        await until(pilot, lambda: app.snapshot.view.session.waiting)
        await pilot.press("1")
        waiting = shown(app)

        asked = Reader(own_night).stream(control_stream(nights.TAG))[-1]
        answer = PauseAcknowledged(session=nights.TAG, request=asked.position, outcome="pauses after the run")
        journal.append(session_stream(nights.TAG), [answer])
        await until(pilot, lambda: "pause: pauses after the run" in shown(app))

        assert isinstance(asked.event, PauseRequested)
        assert asked.event.channel == "tui"
        assert f"posted at {asked.position}, not yet acknowledged: pause" in waiting
        assert "not yet acknowledged" not in shown(app)
    journal.close()


async def test_directions_are_numbered_as_they_are_posted(own_night):
    async with opened(own_night) as (_, pilot):
        await pilot.press("d", *"one", "enter", CONFIRM)
        await pilot.press("d", *"two", "enter", CONFIRM)

    directions = [one.event for one in Reader(own_night).stream(control_stream(nights.TAG))]
    assert [(one.direction, one.text) for one in directions] == [(1, "one"), (2, "two")]


async def test_keys_that_were_sent_at_once_post_nothing_however_slowly_they_are_taken(own_night):
    async with opened(own_night, pressed=lambda _: 7.0) as (app, pilot):
        await pilot.press("p", CONFIRM)

        assert "too fast to have been read" in shown(app)

    assert Reader(own_night).stream(control_stream(nights.TAG)) == []


async def test_readonly_posts_nothing_whatever_is_pressed(own_night):
    async with opened(own_night, ui=Ui(look=Look(readonly=True))) as (_, pilot):
        await pilot.press("p", CONFIRM, "s", CONFIRM, "d", "x", "enter", CONFIRM)

    assert Reader(own_night).stream(control_stream(nights.TAG)) == []


async def test_a_session_that_ends_while_the_question_stands_hears_nothing_more(own_night):
    async with opened(own_night) as (app, pilot):
        await pilot.press("p")
        journal = Journal(own_night)
        journal.acquire()
        journal.append(session_stream(nights.TAG), [SessionEnded(session=nights.TAG, reason="a bound")])
        journal.close()
        await pilot.press(CONFIRM)

        assert "Not posted: Session nov20 has ended" in shown(app)

        await until(pilot, lambda: app.snapshot.view.session.state.name == "ended")
        await pilot.press("d")

        assert "Session nov20 has ended: nothing more can be asked of it." in shown(app)

    assert Reader(own_night).stream(control_stream(nights.TAG)) == []


async def test_a_journal_that_cannot_be_written_says_so_and_the_screen_lives_on(own_night):
    async with opened(own_night) as (app, pilot):
        own_night.rename(own_night.with_name("elsewhere.db"))
        await pilot.press("p", CONFIRM)

        assert "Not posted: There is no journal at" in shown(app)


async def test_a_journal_that_vanishes_is_a_banner_and_one_that_comes_is_read(own_night, tmp_path):
    async with opened(own_night) as (app, pilot):
        aside = own_night.rename(tmp_path / "aside.db")
        await until(pilot, lambda: "There is no journal at" in shown(app))

        nights.write(own_night, count=3, flying=None).close()
        await until(pilot, lambda: "✓ 2 kept" in shown(app))

        assert aside.exists()


async def test_a_query_is_answered_and_a_refusal_is_a_sentence(night):
    async with opened(night) as (app, pilot):
        await pilot.press("5", "e", *"SELECT count(*) AS n FROM runs", "enter")
        await until(pilot, lambda: "1 row in" in shown(app))
        await pilot.press("e", "ctrl+u", *"DELETE FROM events", "enter")
        await until(pilot, lambda: "refused" in shown(app))

        assert "The journal answers one SELECT at a time" in shown(app)


async def test_an_interrupted_query_ends_at_once(night):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    async with opened(night) as (app, pilot):
        app.ui = replace(app.ui, screen="sql", sql=replace(app.ui.sql, query=endless))
        await pilot.press("e", "enter", "x")
        await until(pilot, lambda: threading.active_count() == app.threads_before)

        assert "Interrupted." in shown(app)


async def test_queries_are_kept_for_the_next_time(night, tmp_path):
    file = tmp_path / "state" / "tui.json"
    async with opened(night, settings=file) as (app, pilot):
        await pilot.press("5", "e", *"SELECT 7", "enter", "w", *"seven", "enter")

    async with opened(night, settings=file) as (app, pilot):
        assert app.ui.sql.history == ("SELECT 7",)
        assert app.ui.sql.saved == (("seven", "SELECT 7"),)


async def test_replay_shows_the_past_and_live_is_a_key_away(night):
    async with opened(night) as (app, pilot):
        await pilot.press("6", "@", *"#3", "enter", "1")
        then = shown(app)
        await pilot.press("L")

        assert "REPLAY" in then
        assert "raise the matrix learning rate" in then
        assert "▸ preparing #3" in then
        assert "loop not running" in shown(app)


async def test_replay_goes_to_a_time_of_day(night):
    async with opened(night) as (app, pilot):
        await pilot.press("6", "@", *"21:16:00", "enter")
        assert "21:15:59 UTC" in shown(app)

        await pilot.press("@", *"25:00", "enter")
        assert "25:00 is no time of day" in shown(app)


async def test_replay_plays_to_the_end_and_holds(night):
    async with opened(night, ui=Ui(screen="replay", replay=1, speed=3_600)) as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: app.ui.replay == app.snapshot.head)

        assert not app.ui.playing


async def test_what_is_copied_goes_to_a_file_for_this_user_alone(night, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with opened(night) as (_, pilot):
        await pilot.press("2", "G", "y")

    (file,) = tmp_path.glob("ar-tui-*.copy")
    assert file.read_text().startswith("#0\tkeep\t1.5390")
    assert file.stat().st_mode & 0o777 == 0o600


async def test_only_the_clock_changes_when_nothing_else_has(night):
    async with opened(night) as (app, pilot):
        await until(pilot, lambda: "loop not running" in shown(app))
        await pilot.press("2")
        before = app.canvas.frame

        app.repaint()

        assert all(y == 1 and start > 60 for y, start, _ in changed(before, app.canvas.frame))


@pytest.mark.parametrize("size", [(200, 60), (59, 15), (1, 1), (60, 16), (20, 100)])
async def test_a_window_may_be_resized_to_anything_and_back(night, size):
    async with opened(night) as (app, pilot):
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: (app.canvas.frame.width, app.canvas.frame.height) == size)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.canvas.frame.width == 80)

        assert "nov20" in shown(app)


async def test_the_exit_code_of_q_is_0_and_of_an_interrupt_130(night):
    async with opened(night) as (quitting, pilot):
        await pilot.press("q")
    async with opened(night) as (interrupted, pilot):
        await pilot.press("ctrl+c")

    assert (quitting.return_value, interrupted.return_value) == (0, 130)
