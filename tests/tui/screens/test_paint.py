from datetime import timedelta

import msgspec
import pytest
import sessions
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.color import ColorType

from journal.events import ProposerFailed, RunFailed, SessionEnded, SessionPaused, SessionResumed, experiment_stream
from journal.events.recorded import Recorded
from journal.query.sql import QueryResult
from journal.store import Journal
from tui.feed.scene import last_event_time, scene_builder
from tui.model.columns import downsample
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot
from tui.model.view import View
from tui.state.keys import SCREENS
from tui.state.ui import PANES, Confirmation, DisplayOptions, InputLine, PlotUi, Scene, SqlUi, Ui
from tui.terminal.frame import Frame, changed_spans
from tui.terminal.themes import ROLES, THEMES, style
from tui.widgets.plot import Box, Series, fit_axes, paint_plot, smooth
from tui.widgets.status_lines import event_line, status_lines
from tui.widgets.table import first_line

ANSWER = QueryResult(columns=("number", "idea"), rows=[(number, f"idea {number}") for number in range(40)])


def ui_on(painter, screen, **chosen):
    """A screen with something to show on it."""
    sql = SqlUi(query="SELECT number, idea FROM experiments", result=ANSWER, seconds=0.004)
    replay = {"replay": 61} if screen == "replay" else {}
    return Ui(screen=screen, experiment=painter.row(8), sql=sql, **replay, **chosen)


# --- as it looks ---


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_each_screen_looks_as_it_was_designed(painter, golden, screen, size):
    width, height = size

    text = painter.text(ui_on(painter, screen), width=width, height=height)

    golden(f"{screen}-{width}x{height}", text)


@pytest.mark.parametrize("size", [(59, 15), (60, 16), (80, 24), (140, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_of_several_experiments_in_flight_one_is_shown_in_full_and_each_other_in_a_line(parallel, golden, size):
    width, height = size

    golden(f"parallel-{width}x{height}", parallel.text(width=width, height=height, cursor=parallel.row(7)))


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_of_several_experiments_at_once_can_be_seen_at_any_position(parallel, screen):
    texts = [parallel.text(screen=screen, experiment=0, replay=at) for at in range(1, parallel.head + 1)]

    assert all("REPLAY" in text for text in texts)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_terminal_without_unicode_gets_ascii_alone(painter, golden, screen):
    text = painter.text(ui_on(painter, screen, display=DisplayOptions(is_ascii=True)))

    assert text.isascii()
    golden(f"{screen}-ascii", text)


@pytest.mark.parametrize("pane", PANES)
def test_each_pane_of_an_experiment(painter, golden, pane):
    golden(f"pane-{pane}", painter.text(Ui(screen="experiment", experiment=painter.row(10), pane=pane)))


def test_marked_experiments_over_one_another(painter, golden):
    marks = frozenset({painter.row(3), painter.row(8), painter.row(10)})

    golden("comparison", painter.text(Ui(screen="experiment", is_comparing=True, marks=marks)))


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("help", {"is_help": True}),
        ("palette", {"input_line": InputLine(kind="palette", text="re", caret=2)}),
        (
            "confirm",
            {"confirmation": Confirmation(action="pause", question="Pause nov20 after the experiment in flight.")},
        ),
        ("sql-completion", {"screen": "sql", "input_line": InputLine(kind="sql", text="select ga", caret=9)}),
        ("filter", {"screen": "history", "filter": "status:keep", "sort": "-gain", "message": "A message."}),
        ("nothing-found", {"screen": "history", "filter": "status:invalid"}),
        ("searched", {"screen": "failures", "search": "invalid size"}),
        ("crosshair", {"is_zoomed": True, "plot": PlotUi(crosshair=10, is_smoothed=True, is_log=True)}),
    ],
)
def test_what_lies_over_or_narrows_a_screen(painter, golden, name, chosen):
    golden(name, painter.text(Ui(**chosen)))


def test_too_small_a_window_gets_plain_lines(painter, golden):
    golden("small", painter.text(width=59, height=15))


def test_an_empty_journal_says_what_to_do():
    scene = Scene(snapshot=Snapshot(), ui=Ui(), now=sessions.START)

    text = painted(scene)

    assert "start one with `ar-loop run`" in text


def view_of(events):
    """The view after these events."""
    ledger, clock = Ledger(), sessions.Clock()
    for position, event in enumerate(events, start=1):
        ledger.apply(Recorded(position, clock().isoformat(), "stream", 1, event, ""))
    return View(ledger, len(events))


def painted(scene, *, width=80, height=24):
    from tui.screens.paint import paint

    return paint(scene, width=width, height=height).text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"is_loop_running": False}, "✗ loop not running"),
        ({"read_error": "There is no journal at x. Retrying."}, "There is no journal at x. Retrying."),
        ({"events_read": 0}, "reading the journal, 0%; counts and cost follow"),
    ],
)
def test_an_error_is_shown(painter, change, words):
    scene = painter.scene()

    text = painted(replace(scene, snapshot=replace(scene.snapshot, **change)))

    assert words in text


def test_limited_isolation_is_shown_in_words(painter):
    assert "limited, not contained" in painter.text().splitlines()[3]


# --- what the loop does ---


def screen_of(*, minutes=1, **facts):
    """The screen of a session between experiments, some minutes after its start."""
    started = sessions.started()
    view = view_of(
        [msgspec.structs.replace(started, config={**started.config, **facts}), *sessions.baseline(), *FAILED]
    )
    return painted(
        Scene(
            snapshot=Snapshot(view=view, is_loop_running=True), ui=Ui(), now=sessions.START + timedelta(minutes=minutes)
        )
    )


FAILED = [
    *sessions.experiment(1, sessions.IDEAS[1], best=1.539, parent=0),
    ProposerFailed(
        session=sessions.TAG, experiment=2, proposer="claude", kind="rate_limit", reason="429", retry_after=3_600.0
    ),
]


def test_waiting_for_the_api_is_shown_with_its_end():
    assert "waiting for claude until 22:15:" in screen_of(minutes=3).splitlines()[1]
    assert "proposing" in screen_of(minutes=90).splitlines()[1]


def test_a_plateau_of_the_brief_is_shown():
    assert "plateau: 1 since last keep" in screen_of(plateau=1)
    assert " 1 since last keep" in screen_of(plateau=2)


def test_the_baseline_is_no_keep():
    view = view_of([sessions.started(), *sessions.baseline()])
    scene = Scene(snapshot=Snapshot(view=view, is_loop_running=True), ui=Ui(), now=sessions.START)

    assert "✓ 0 kept" in painted(scene)
    assert "kept 0," in "\n".join(status_lines(scene.snapshot, now=sessions.START))


def test_an_ended_session_offers_nothing_to_ask_of_it():
    ended = SessionEnded(session=sessions.TAG, reason="a bound")
    view = view_of([sessions.started(), *sessions.baseline(), ended])

    footer = painted(
        Scene(snapshot=Snapshot(view=view, is_loop_running=True), ui=Ui(), now=sessions.START)
    ).splitlines()[-1]

    assert footer.split() == [
        "enter",
        "open",
        "t",
        "tail",
        "/",
        "filter",
        ":",
        "find",
        "z",
        "zoom",
        "?",
        "help",
        "q",
        "quit",
    ]


def test_a_long_reason_leaves_the_noise_in_the_header():
    paused = SessionPaused(session=sessions.TAG, reason="all experiments of this call are done")
    view = view_of([sessions.started(), *sessions.baseline(), paused])

    header = painted(
        Scene(snapshot=Snapshot(view=view, is_loop_running=True), ui=Ui(), now=sessions.START)
    ).splitlines()[1]

    assert "σ 0.0052" in header
    assert header.endswith("paused: all experiments of this call ar…")


def test_a_reason_without_room_is_left_out_of_the_header():
    view = view_of(
        [sessions.started(), *sessions.baseline(), SessionPaused(session=sessions.TAG, reason="a long reason")]
    )

    scene = Scene(snapshot=Snapshot(view=view, is_loop_running=False), ui=Ui(), now=sessions.START)
    text = painted(scene, width=72)

    assert text.splitlines()[1].split()[-5:] == ["0.0052", "paused,", "loop", "not", "running"]


def test_a_long_state_takes_the_place_of_the_baseline_and_leaves_the_noise():
    waits = ProposerFailed(
        session=sessions.TAG, experiment=1, proposer="claude", kind="rate_limit", reason="429", retry_after=3_600.0
    )
    view = view_of([sessions.started(), *sessions.baseline(), waits])

    header = painted(
        Scene(snapshot=Snapshot(view=view, is_loop_running=True), ui=Ui(), now=sessions.START)
    ).splitlines()[1]

    assert header.startswith("nov20  val_bpb ↓ 1.5390 (#0)  σ 0.0052  ")
    assert header.endswith(" waiting for claude until 22:14:59 UTC")


def test_the_clock_stops_while_the_session_is_paused():
    shared_journal = [sessions.started(), *sessions.baseline()]
    paused, resumed = SessionPaused(session=sessions.TAG, reason="asked"), SessionResumed(session=sessions.TAG)
    later = sessions.START + timedelta(minutes=5)

    paused_session, resumed_session = (
        view_of([*shared_journal, *more]).session for more in ([paused], [paused, resumed, paused, resumed])
    )

    assert (paused_session.elapsed(later), paused_session.elapsed(later + timedelta(hours=8))) == (52.0, 52.0)
    assert resumed_session.elapsed(later) == 5 * 60 - 4 - 2 * 4


def test_without_a_loop_the_clock_stops_at_the_last_event(painter):
    gone = replace(painter.live, is_loop_running=False)
    builder = scene_builder(painter.archive, painter.ledger)

    now = [
        builder.build(gone, Ui(), now=sessions.START + timedelta(hours=hours), size=(80, 24)).now for hours in (1, 9)
    ]

    assert now == [last_event_time(painter.live)] * 2


# --- strangers' text ---


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text)[:20])
@pytest.mark.parametrize("screen", SCREENS)
def test_hostile_text_reaches_no_cell(hostile_painter, screen, text):
    painter = hostile_painter(text)

    frames = [painter.frame(Ui(screen=screen, experiment=0, pane=pane), width=100, height=30) for pane in PANES]

    assert all("".join(row).isprintable() for frame in frames for row in frame.chars)
    assert all(len(row) == 100 for frame in frames for row in frame.chars)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text)[:20])
def test_hostile_text_reaches_no_line_of_the_status(hostile_painter, text):
    painter = hostile_painter(text)

    lines = status_lines(painter.live, now=sessions.START)
    events = [event_line(recorded) for recorded in painter.archive.reader.read()]

    assert all(line.isprintable() for line in [*lines, *events])


@pytest.fixture(scope="module")
def hostile_painter(tmp_path_factory):
    """A session in which every text that a stranger can write is the same text; written once for each text."""
    from painter import ScenePainter

    known = {}

    def make(text):
        if text not in known:
            path = tmp_path_factory.mktemp("strange") / "journal.db"
            _write_strange(path, text.encode("utf-8", "replace").decode())
            known[text] = ScenePainter(path)
        return known[text]

    return make


def _write_strange(path, text):
    idea = (text, text, text, ("KNOB" + text, text, text), None)
    events = sessions.experiment(1, idea, best=1.5, parent=0)
    failed = next(event for event in events if isinstance(event, RunFailed))
    strange = {"reason": text, "signature": text, "trace": text}
    changed = [_changed(event, **strange) if event is failed else event for event in events]
    journal = Journal(path, clock=sessions.Clock())
    journal.acquire()
    journal.restore(sessions.rows_of([(experiment_stream(sessions.TAG, 1), [sessions.started(), *changed])]))
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
def test_every_role_that_is_painted_is_known(painter, screen):
    frame = painter.frame(ui_on(painter, screen), width=160, height=50)

    assert {word for row in frame.roles for role in row for word in role.split()} <= set(ROLES)


def test_the_state_of_a_row_is_not_shown_by_colour_alone(painter):
    text = painter.text(Ui(screen="history"))

    assert all(word in text for word in ("✓ keep", "· discard", "✗ crash", "▸ open"))


# --- frames ---

CELLS = st.lists(st.sampled_from("ab漢 "), min_size=12, max_size=12).map("".join)


@given(CELLS, CELLS)
def test_what_changed_covers_every_cell_that_differs(before_text, after_text):
    before, after = Frame(16, 1), Frame(16, 1)
    before.put(0, 0, before_text)
    after.put(0, 0, after_text)

    stretches = list(changed_spans(before, after))

    covered = {x for _, start, stop in stretches for x in range(start, stop)}
    differing = {x for x in range(16) if before.chars[0][x] != after.chars[0][x]}
    assert differing <= covered
    assert all(after.chars[0][start] != "" for _, start, _ in stretches)


def test_frames_that_are_equal_have_nothing_changed(painter):
    assert list(changed_spans(painter.frame(), painter.frame())) == []


def test_text_never_leaves_its_line():
    frame = Frame(4, 1)

    assert frame.put(2, 0, "漢字") == 4
    assert frame.put(0, 7, "below") == 0
    assert frame.text() == "  漢"


# --- plots ---


def test_a_plot_without_points_has_no_axes():
    assert fit_axes([Series(points=[])]) is None


@pytest.mark.parametrize("plain", [False, True])
@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=30).map(sorted),
    st.sampled_from(["line", "stairs", "dots"]),
    st.booleans(),
)
def test_a_plot_stays_in_its_box(plain, points, shape, log):
    frame = Frame(40, 12)
    series = [Series(points=points, shape=shape)]
    axes = fit_axes(series, is_log=log)

    paint_plot(frame, Box(x=5, y=2, width=30, height=8), series, axes, is_ascii=plain)

    outside = [frame.chars[y][x] for y in range(12) for x in range(40) if not (5 <= x < 35 and 2 <= y < 10)]
    assert set(outside) == {" "}


@pytest.mark.parametrize("plain", [False, True])
def test_an_arrow_at_the_edge_marks_a_dot_beyond_the_axes(plain):
    frame = Frame(40, 12)
    line = Series(points=[(0.0, 1.0), (10.0, 2.0)])
    dots = Series(points=[(5.0, 50.0), (2.0, 1.5), (8.0, -50.0)], shape="dots")

    inner = paint_plot(frame, Box(x=0, y=0, width=40, height=12), [line, dots], fit_axes([line, dots]), is_ascii=plain)

    edges = (inner.y, inner.y + inner.height - 1)
    marks = [(char, x - inner.x) for y in edges for x, char in enumerate(frame.chars[y]) if char in "▲▼"]
    assert marks == [("▲", round(0.5 * (inner.width - 1))), ("▼", round(0.8 * (inner.width - 1)))]


def test_dots_give_a_flat_line_its_height():
    level = Series(points=[(0.0, 1.0), (9.0, 1.0)], shape="stairs")
    dots = Series(points=[(1.0, 1.02), (2.0, 0.98), (3.0, 1.04), (4.0, 9.0)], shape="dots")

    axes = fit_axes([level, dots])

    assert (axes.y_min, axes.y_max) == (pytest.approx(0.97), pytest.approx(1.03))


def test_thinning_keeps_the_last_point():
    points = [(float(x), 0.0) for x in range(10_001)]

    thinned = downsample(points, limit=100)

    assert len(thinned) <= 102
    assert thinned[-1] == points[-1]


def test_without_room_for_a_point_the_thinned_values_stay_few():
    assert list(downsample([1, 2, 3], limit=0)) == [1, 3]


def test_smoothing_starts_at_the_first_point_and_stays_on_a_level():
    assert smooth([(0.0, 5.0), (1.0, 5.0)], weight=0.9) == [(0.0, pytest.approx(5.0)), (1.0, pytest.approx(5.0))]


@given(st.integers(0, 500), st.integers(1, 500), st.integers(1, 60))
def test_the_cursor_is_always_in_sight(cursor, total, height):
    cursor = min(cursor, total - 1)

    top = first_line(cursor, total=total, height=height)

    assert top <= cursor < top + height
