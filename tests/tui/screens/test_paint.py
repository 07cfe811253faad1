from datetime import timedelta

import msgspec
import nights
import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.color import ColorType

from journal.events import ProposerFailed, RunFailed, SessionEnded, SessionPaused, SessionResumed, experiment_stream
from journal.events.recorded import Recorded
from journal.query.sql import QueryResult
from journal.store import Journal
from tui.feed.scene import SceneBuilder, moment
from tui.model.columns import thin
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot
from tui.model.view import View
from tui.state.keys import SCREENS
from tui.state.ui import PANES, Confirm, InputLine, Look, PlotUi, Scene, Sql, Ui
from tui.terminal.frame import Frame, changed
from tui.terminal.themes import ROLES, THEMES, style
from tui.widgets.curves import at
from tui.widgets.plot import Box, Series, fit, paint_plot, smooth
from tui.widgets.status_lines import event_line, status_lines
from tui.widgets.table import window

ANSWER = QueryResult(columns=("number", "idea"), rows=[(number, f"idea {number}") for number in range(40)])


def ui_on(theatre, screen, **chosen):
    """A screen with something to show on it."""
    sql = Sql(query="SELECT number, idea FROM experiments", answer=ANSWER, seconds=0.004)
    replay = {"replay": 61} if screen == "replay" else {}
    return Ui(screen=screen, experiment=theatre.row(8), sql=sql, **replay, **chosen)


# --- as it looks ---


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_each_screen_looks_as_it_was_designed(theatre, golden, screen, size):
    width, height = size

    text = theatre.text(ui_on(theatre, screen), width=width, height=height)

    golden(f"{screen}-{width}x{height}", text)


@pytest.mark.parametrize("size", [(59, 15), (60, 16), (80, 24), (140, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_of_several_experiments_in_flight_one_is_shown_in_full_and_each_other_in_a_line(abreast, golden, size):
    width, height = size

    golden(f"abreast-{width}x{height}", abreast.text(width=width, height=height, cursor=abreast.row(7)))


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_of_several_experiments_at_once_can_be_seen_at_any_position(abreast, screen):
    texts = [abreast.text(screen=screen, experiment=0, replay=at) for at in range(1, abreast.head + 1)]

    assert all("REPLAY" in text for text in texts)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_terminal_without_unicode_gets_ascii_alone(theatre, golden, screen):
    text = theatre.text(ui_on(theatre, screen, look=Look(ascii=True)))

    assert text.isascii()
    golden(f"{screen}-ascii", text)


@pytest.mark.parametrize("pane", PANES)
def test_each_pane_of_an_experiment(theatre, golden, pane):
    golden(f"pane-{pane}", theatre.text(Ui(screen="experiment", experiment=theatre.row(10), pane=pane)))


def test_marked_experiments_over_one_another(theatre, golden):
    marks = frozenset({theatre.row(3), theatre.row(8), theatre.row(10)})

    golden("comparison", theatre.text(Ui(screen="experiment", comparing=True, marks=marks)))


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("help", {"help": True}),
        ("palette", {"prompt": InputLine(kind="palette", text="re", caret=2)}),
        (
            "confirm",
            {"confirm": Confirm(action="pause", words="Pause nov20 after the experiment in flight.", asked=0.0)},
        ),
        ("sql-completion", {"screen": "sql", "prompt": InputLine(kind="sql", text="select ga", caret=9)}),
        ("filter", {"screen": "history", "filter": "status:keep", "sort": "-gain", "note": "A note."}),
        ("nothing-found", {"screen": "history", "filter": "status:invalid"}),
        ("searched", {"screen": "failures", "search": "invalid size"}),
        ("crosshair", {"zoom": True, "plot": PlotUi(crosshair=10, smooth=True, log=True)}),
    ],
)
def test_what_lies_over_or_narrows_a_screen(theatre, golden, name, chosen):
    golden(name, theatre.text(Ui(**chosen)))


def test_too_small_a_window_gets_plain_lines(theatre, golden):
    golden("small", theatre.text(width=59, height=15))


def test_an_empty_journal_says_what_to_do():
    scene = Scene(snapshot=Snapshot(), ui=Ui(), now=nights.START)

    text = painted(scene)

    assert "start one with `ar-loop run`" in text


def view_of(events):
    """The view at the end of a night that was never written."""
    ledger, clock = Ledger(), nights.Clock()
    for position, event in enumerate(events, start=1):
        ledger.apply(Recorded(position, clock().isoformat(), "stream", 1, event, ""))
    return View(ledger, len(events))


def painted(scene, *, width=80, height=24):
    from tui.screens.paint import paint

    return paint(scene, width=width, height=height).text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"loop": "loop not running"}, "✗ loop not running"),
        ({"trouble": "There is no journal at x. Trying again."}, "There is no journal at x. Trying again."),
        ({"read": 0}, "reading the journal, 0%; counts follow"),
    ],
)
def test_what_is_wrong_is_said(theatre, change, words):
    scene = theatre.scene()

    text = painted(replace(scene, snapshot=replace(scene.snapshot, **change)))

    assert words in text


def test_limited_isolation_is_said_in_so_many_words(theatre):
    assert "limited, not contained" in theatre.text().splitlines()[2]


# --- what the loop does ---


def told_of(*, minutes=1, **facts):
    """The header of a session between experiments, some minutes after its start."""
    started = nights.started()
    view = view_of([msgspec.structs.replace(started, config={**started.config, **facts}), *nights.baseline(), *FAILED])
    return painted(Scene(snapshot=Snapshot(view=view), ui=Ui(), now=nights.START + timedelta(minutes=minutes)))


FAILED = [
    *nights.experiment(1, nights.IDEAS[1], best=1.539, parent=0),
    ProposerFailed(
        session=nights.TAG, experiment=2, proposer="claude", kind="rate_limit", reason="429", retry_after=3_600.0
    ),
]


def test_waiting_for_the_api_is_said_with_its_end():
    assert "waiting for claude until 22:15:" in told_of(minutes=3).splitlines()[0]
    assert "proposing" in told_of(minutes=90).splitlines()[0]


def test_a_plateau_of_the_brief_is_said():
    assert "plateau: 1 since a keep" in told_of(plateau=1)
    assert " 1 since a keep" in told_of(plateau=2)


def test_the_baseline_is_no_keep():
    view = view_of([nights.started(), *nights.baseline()])
    scene = Scene(snapshot=Snapshot(view=view), ui=Ui(), now=nights.START)

    assert "✓ 0 kept" in painted(scene)
    assert "kept 0," in "\n".join(status_lines(scene.snapshot, now=nights.START))


def test_an_ended_session_offers_nothing_to_ask_of_it():
    ended = SessionEnded(session=nights.TAG, reason="a bound")
    view = view_of([nights.started(), *nights.baseline(), ended])

    footer = painted(Scene(snapshot=Snapshot(view=view), ui=Ui(), now=nights.START)).splitlines()[-1]

    assert footer.split() == ["enter", "open", "/", "filter", "z", "zoom", "?", "help", "q", "quit", "1", "live"]


def test_a_long_reason_leaves_the_noise_in_the_header():
    paused = SessionPaused(session=nights.TAG, reason="all experiments of this call are done")
    view = view_of([nights.started(), *nights.baseline(), paused])

    header = painted(Scene(snapshot=Snapshot(view=view), ui=Ui(), now=nights.START)).splitlines()[0]

    assert "σ 0.0052" in header
    assert header.endswith("paused: all experiment…")


def test_a_reason_without_room_is_left_out_of_the_header():
    view = view_of([nights.started(), *nights.baseline(), SessionPaused(session=nights.TAG, reason="a long reason")])

    text = painted(Scene(snapshot=Snapshot(view=view, loop="loop not running"), ui=Ui(), now=nights.START))

    assert text.splitlines()[0].split()[-6:] == ["σ", "0.0052", "paused,", "no", "loop", "runs"]


def test_a_long_state_takes_the_place_of_the_baseline_and_leaves_the_noise():
    paused = SessionPaused(session=nights.TAG, reason="429", until="2026-11-21T02:00:00+00:00")
    view = view_of([nights.started(), *nights.baseline(), paused])

    header = painted(Scene(snapshot=Snapshot(view=view, loop="gone"), ui=Ui(), now=nights.START)).splitlines()[0]

    assert header.startswith("nov20  val_bpb ↓ 1.5390 (#0)  σ 0.0052  ")
    assert header.endswith(" paused until 02:00:00 UTC, no loop runs")


def test_the_clock_stands_while_the_session_is_paused_and_goes_on_after():
    night = [nights.started(), *nights.baseline()]
    paused, resumed = SessionPaused(session=nights.TAG, reason="asked"), SessionResumed(session=nights.TAG)
    later = nights.START + timedelta(minutes=5)

    stands, goes_on = (view_of([*night, *more]).session for more in ([paused], [paused, resumed, paused, resumed]))

    assert (stands.elapsed(later), stands.elapsed(later + timedelta(hours=8))) == (52.0, 52.0)
    assert goes_on.elapsed(later) == 5 * 60 - 4 - 2 * 4


def test_without_a_loop_the_clock_stands_at_the_last_event(theatre):
    gone = replace(theatre.live, loop="loop not running")
    stage = SceneBuilder(archive=theatre.archive, ledger=theatre.ledger)

    now = [stage.scene(gone, Ui(), now=nights.START + timedelta(hours=hours), height=24).now for hours in (1, 9)]

    assert now == [moment(theatre.live)] * 2


def test_a_curve_has_no_value_where_it_has_not_been():
    curve = [(float(second), 10.0 - second) for second in range(1, 5)]

    assert [at(curve, x) for x in (0.5, 1.0, 2.9, 4.8, 5.5)] == [None, 9.0, 8.0, 6.0, None]


# --- strangers' text ---


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text)[:20])
@pytest.mark.parametrize("screen", SCREENS)
def test_hostile_text_reaches_no_cell(theatre_of_strangers, screen, text):
    theatre = theatre_of_strangers(text)

    frames = [theatre.frame(Ui(screen=screen, experiment=0, pane=pane), width=100, height=30) for pane in PANES]

    assert all("".join(row).isprintable() for frame in frames for row in frame.chars)
    assert all(len(row) == 100 for frame in frames for row in frame.chars)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text)[:20])
def test_hostile_text_reaches_no_line_of_the_status(theatre_of_strangers, text):
    theatre = theatre_of_strangers(text)

    lines = status_lines(theatre.live, now=nights.START)
    told = [event_line(recorded) for recorded in theatre.archive.reader.read()]

    assert all(line.isprintable() for line in [*lines, *told])


@pytest.fixture(scope="module")
def theatre_of_strangers(tmp_path_factory):
    """A night in which everything that a stranger can write is one text; made once for each text."""
    from theatre import Theatre

    known = {}

    def make(text):
        if text not in known:
            path = tmp_path_factory.mktemp("strange") / "journal.db"
            _write_strange(path, text.encode("utf-8", "replace").decode())
            known[text] = Theatre(path)
        return known[text]

    return make


def _write_strange(path, text):
    idea = (text, text, text, ("KNOB" + text, text, text), None)
    events = nights.experiment(1, idea, best=1.5, parent=0)
    failed = next(event for event in events if isinstance(event, RunFailed))
    strange = {"reason": text, "signature": text, "trace": text}
    changed = [_changed(event, **strange) if event is failed else event for event in events]
    journal = Journal(path, clock=nights.Clock())
    journal.acquire()
    journal.restore(nights.rows_of([(experiment_stream(nights.TAG, 1), [nights.started(), *changed])]))
    journal.close()


def _changed(event, **fields):
    import msgspec

    return msgspec.structs.replace(event, **fields)


# --- colour ---


@pytest.mark.parametrize("theme", THEMES)
def test_each_theme_has_a_style_for_every_role(theme):
    assert set(THEMES[theme]) == set(ROLES)


def test_the_default_theme_uses_the_terminals_own_colours_alone():
    colours = [style("terminal", role).color for role in ROLES]

    assert {colour.type for colour in colours if colour} == {ColorType.STANDARD}


def test_the_plain_theme_has_no_colour_at_all():
    styles = [style("plain", role) for role in ROLES]

    assert {one.color for one in styles} | {one.bgcolor for one in styles} == {None}


@pytest.mark.parametrize("screen", SCREENS)
def test_every_role_that_is_painted_is_known(theatre, screen):
    frame = theatre.frame(ui_on(theatre, screen), width=160, height=50)

    assert {word for row in frame.roles for role in row for word in role.split()} <= set(ROLES)


def test_the_state_of_a_row_is_not_told_by_colour_alone(theatre):
    text = theatre.text(Ui(screen="history"))

    assert all(word in text for word in ("✓ keep", "· discard", "✗ crash", "▸ open"))


# --- frames ---

CELLS = st.lists(st.sampled_from("ab漢 "), min_size=12, max_size=12).map("".join)


@given(CELLS, CELLS)
def test_what_changed_covers_every_cell_that_differs(before_text, after_text):
    before, after = Frame(16, 1), Frame(16, 1)
    before.put(0, 0, before_text)
    after.put(0, 0, after_text)

    stretches = list(changed(before, after))

    covered = {x for _, start, stop in stretches for x in range(start, stop)}
    differing = {x for x in range(16) if before.chars[0][x] != after.chars[0][x]}
    assert differing <= covered
    assert all(after.chars[0][start] != "" for _, start, _ in stretches)


def test_frames_that_are_equal_have_nothing_changed(theatre):
    assert list(changed(theatre.frame(), theatre.frame())) == []


def test_text_never_leaves_its_line():
    frame = Frame(4, 1)

    assert frame.put(2, 0, "漢字") == 4
    assert frame.put(0, 7, "below") == 0
    assert frame.text() == "  漢"


# --- plots ---


def test_a_plot_without_points_has_no_axes():
    assert fit([Series(points=[])]) is None


@pytest.mark.parametrize("plain", [False, True])
@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=30).map(sorted),
    st.sampled_from(["line", "stairs", "dots"]),
    st.booleans(),
)
def test_a_plot_stays_in_its_box(plain, points, shape, log):
    frame = Frame(40, 12)
    series = [Series(points=points, shape=shape)]
    axes = fit(series, log=log)

    paint_plot(frame, Box(x=5, y=2, width=30, height=8), series, axes, plain=plain)

    outside = [frame.chars[y][x] for y in range(12) for x in range(40) if not (5 <= x < 35 and 2 <= y < 10)]
    assert set(outside) == {" "}


@pytest.mark.parametrize("plain", [False, True])
def test_a_dot_beyond_the_axes_is_marked_at_the_edge(plain):
    frame = Frame(40, 12)
    line = Series(points=[(0.0, 1.0), (10.0, 2.0)])
    dots = Series(points=[(5.0, 50.0), (2.0, 1.5), (8.0, -50.0)], shape="dots")

    inner = paint_plot(frame, Box(x=0, y=0, width=40, height=12), [line, dots], fit([line, dots]), plain=plain)

    edges = (inner.y, inner.y + inner.height - 1)
    marks = [(char, x - inner.x) for y in edges for x, char in enumerate(frame.chars[y]) if char in "▲▼"]
    assert marks == [("▲", round(0.5 * (inner.width - 1))), ("▼", round(0.8 * (inner.width - 1)))]


def test_dots_give_a_flat_line_its_height():
    level = Series(points=[(0.0, 1.0), (9.0, 1.0)], shape="stairs")
    dots = Series(points=[(1.0, 1.02), (2.0, 0.98), (3.0, 1.04), (4.0, 9.0)], shape="dots")

    axes = fit([level, dots])

    assert (axes.y_min, axes.y_max) == (pytest.approx(0.97), pytest.approx(1.03))


def test_thinning_keeps_the_last_point():
    points = [(float(x), 0.0) for x in range(10_001)]

    thinned = thin(points, limit=100)

    assert len(thinned) <= 102
    assert thinned[-1] == points[-1]


def test_smoothing_starts_at_the_first_point_and_stays_on_a_level():
    assert smooth([(0.0, 5.0), (1.0, 5.0)], weight=0.9) == [(0.0, pytest.approx(5.0)), (1.0, pytest.approx(5.0))]


@given(st.integers(0, 500), st.integers(1, 500), st.integers(1, 60))
def test_the_cursor_is_always_in_sight(cursor, total, height):
    cursor = min(cursor, total - 1)

    top = window(cursor, total=total, height=height)

    assert top <= cursor < top + height
