import pytest
import sessions
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from journal.events import (
    BranchFromRequested,
    DirectionAdded,
    DirectionWithdrawn,
    PauseRequested,
    RequestWithdrawn,
    ResumeRequested,
    SessionPaused,
    SkipRequested,
    StopRequested,
    VetoRequested,
)
from journal.events.recorded import Recorded
from journal.query.sql import QueryResult
from tui.model.ledger import Ledger
from tui.model.view import View
from tui.state.confirmations import to_intent
from tui.state.effects import CopyText, PostIntent, Quit, RunQuery, SaveOptions, SaveQueries
from tui.state.keys import CONFIRM, KEYS, SCREENS, available, find_binding
from tui.state.lists import commands, entries, queries, search
from tui.state.ui import DisplayOptions, InputLine, SqlUi, Ui
from tui.state.update import READING_SECONDS, paste, press

TOKENS = sorted(
    {key for binding in KEYS for key in binding.names} | set("abcxyzABCXYZ019 .,:;!?") | {"escape", "enter", "tab"}
)


def type_in(painter, ui, keys, *, time=0.0, pause=0.01):
    """Press keys one after the other. Returns the last state and all effects."""
    effects = []
    for count, key in enumerate(keys):
        ui, more = press(painter.scene(ui), key, time=time + count * pause)
        effects += more
    return ui, effects


def slowly(painter, ui, keys):
    return type_in(painter, ui, keys, pause=2 * READING_SECONDS)


# --- the table ---


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("is_replay", [False, True])
def test_no_key_means_two_things_on_one_screen(screen, is_replay):
    keys = [(key, one.action) for one in available(screen, is_readonly=False, is_replay=is_replay) for key in one.names]
    meanings = {key: find_binding(key, screen, is_readonly=False, is_replay=is_replay).action for key, _ in keys}

    doubled = {(key, action) for key, action in keys if meanings[key] != action and key not in {"left", "right"}}

    assert doubled == set()


def test_no_key_needs_ctrl_or_alt():
    assert not [key for one in KEYS for key in one.names if "ctrl" in key or "alt" in key]


def test_the_key_that_confirms_is_no_other_key():
    assert CONFIRM not in {key for one in KEYS for key in one.names}


@pytest.mark.parametrize("binding", [key for key in KEYS if key.names], ids=lambda one: f"{one.action} ({one.shown})")
def test_every_binding_does_something_or_says_why_not(painter, binding):
    screen = min(binding.screens)
    replay = painter.head - 5 if binding.in_replay else None
    before = Ui(screen=screen, replay=replay, cursor=painter.row(8), experiment=painter.row(8), speed=600)
    before = replace(before, sql=replace(before.sql, column=1), plot=replace(before.plot, crosshair=3), scroll=5)

    after, effects = press(painter.scene(before), binding.names[0], time=1.0)

    assert after != before or effects or binding.action in IDLE


# These change nothing in this scene: the cursor is at an end, nothing is marked, or the screen is already there.
IDLE = {"top", "page up", "up", "clear marks", "show experiment", "show live", "show replay", "columns left"}


# --- control ---


CONTROLS = [
    ("p", PauseRequested),
    ("s", SkipRequested),
    ("S", StopRequested),
    ("X", StopRequested),
    ("v", VetoRequested),
    ("f", BranchFromRequested),
]


@pytest.mark.parametrize(("key", "kind"), CONTROLS)
def test_a_control_key_asks_and_another_key_acts(painter, key, kind):
    begun = Ui(cursor=painter.row(8))

    question, nothing = slowly(painter, begun, [key])
    done, effects = slowly(painter, begun, [key, CONFIRM])

    assert (question.confirmation is not None, nothing) == (True, [])
    assert done.confirmation is None
    assert [type(one) for one in effects] == [PostIntent]
    assert isinstance(to_intent(effects[0].confirmation, session="nov20", author="ada@box"), kind)


@pytest.mark.parametrize(("key", "_kind"), CONTROLS)
@pytest.mark.parametrize("other", ["escape", "enter", "n", "y", "p", "q", " "])
def test_any_other_key_posts_nothing(painter, key, _kind, other):
    ui, effects = slowly(painter, Ui(cursor=painter.row(8)), [key, other, CONFIRM])

    assert effects == []
    assert ui.confirmation is None


def test_the_question_says_exactly_what_will_happen(painter):
    ui = Ui(cursor=painter.row(8))

    words = {key: slowly(painter, ui, [key])[0].confirmation.question for key in "psSXvf"}

    assert words == {
        "p": "Pause nov20 after the experiment in flight.",
        "s": "End #12 now and record it as invalid: “halve the batch”.",
        "S": "Stop session nov20 after the experiment in flight.",
        "X": "Stop session nov20 and the run in flight now.",
        "v": "Veto #8 and undo its change: “cool down over 60 % of the time”.",
        "f": "Make #8 the incumbent: “cool down over 60 % of the time”.",
    }


def test_of_several_in_flight_the_one_in_full_is_skipped_and_all_are_counted(parallel):
    states = {
        keys: slowly(parallel, Ui(), [*keys.split()])[0]
        for keys in ("s", "tab s", "j j s", "shift+tab s", "p", "S", "X")
    }

    assert {keys: ui.confirmation.question if ui.confirmation else ui.message for keys, ui in states.items()} == {
        "s": "End #6 now and record it as invalid: “warm up for 2 % instead of none”.",
        "tab s": "End #7 now and record it as invalid: “rope base 50,000”.",
        "j j s": "End #8 now and record it as invalid: “cool down over 60 % of the time”.",
        "shift+tab s": "#9 has no run in flight: there is nothing to skip.",
        "p": "Pause nov20 after the 4 experiments in flight.",
        "S": "Stop session nov20 after the 4 experiments in flight.",
        "X": "Stop session nov20 and the 3 runs in flight now.",
    }


def test_tab_goes_round_the_experiments_in_flight_and_escape_back_to_the_first(parallel):
    ends = {
        keys: slowly(parallel, Ui(), [*keys.split()])[0].cursor for keys in ("tab", "tab tab tab tab", "tab escape")
    }

    assert ends == {"tab": parallel.row(7), "tab tab tab tab": None, "tab escape": None}


def test_only_a_kept_experiment_can_be_vetoed(painter):
    ui, _ = slowly(painter, Ui(screen="history", cursor=painter.row(9)), ["v"])

    assert (ui.confirmation, ui.message) == (None, "Only a kept experiment can be vetoed: move the cursor to one.")


def test_the_unchanged_code_cannot_be_vetoed(painter):
    ui, _ = slowly(painter, Ui(screen="history", cursor=painter.row(0)), ["v"])

    assert (ui.confirmation, ui.message) == (None, "Experiment 0 is the unchanged code: there is nothing to undo.")


@pytest.mark.parametrize("number", [5, 12])
def test_what_crashed_or_has_no_verdict_cannot_become_the_incumbent(painter, number):
    ui, _ = slowly(painter, Ui(screen="history", cursor=painter.row(number)), ["f"])

    assert ui.confirmation is None
    assert ui.message.startswith("Only a measured, valid experiment can become the incumbent")


def test_a_direction_is_written_then_confirmed(painter):
    ui, effects = slowly(painter, Ui(), ["d", *"try rope", "enter", CONFIRM])

    assert [one.confirmation.text for one in effects] == ["try rope"]
    assert ui.input_line is None


def test_a_direction_that_no_command_would_take_is_not_taken_here_either(painter):
    ui, effects = slowly(
        painter, Ui(input_line=InputLine(kind="direct", text="x" * 2001, caret=2001)), ["enter", CONFIRM]
    )

    assert effects == []
    assert slowly(painter, Ui(input_line=InputLine(kind="direct", text="x" * 2001)), ["enter"])[0].message.startswith(
        "The direction is longer than 2,000 characters"
    )
    assert ui.confirmation is None


def with_control(painter, *events):
    """The painter's scene with requests behind its last event."""
    ledger = Ledger()
    history = list(painter.archive.reader.read())
    for position, event in enumerate(events, start=painter.head + 1):
        history.append(Recorded(position, sessions.START.isoformat(), "control/nov20", 1, event, ""))
    for recorded in history:
        ledger.apply(recorded)
    view = View(ledger, len(history))
    return lambda ui: replace(painter.scene(ui), snapshot=replace(painter.live, view=view, head=len(history)))


WHO = {"session": sessions.TAG, "author": "ada@box", "channel": "cli"}
DIRECTIONS = [DirectionAdded(**WHO, direction=number, text=text) for number, text in ((1, "try rope"), (2, "be bold"))]


def pressed(scene_of, ui, keys):
    effects = []
    for time, key in enumerate(keys):
        ui, more = press(scene_of(ui), key, time=float(time))
        effects += more
    return ui, effects


def test_a_standing_direction_is_withdrawn_from_the_list_by_the_cursor(painter):
    scene_of = with_control(painter, *DIRECTIONS)

    question, _ = pressed(scene_of, Ui(), ["D", "down", "enter"])
    _, effects = pressed(scene_of, Ui(), ["D", "down", "enter", CONFIRM])

    assert [entry.title for entry in entries(scene_of(Ui()), kind="withdraw", text="")] == ["1", "2"]
    assert question.confirmation.question == "Withdraw direction 2: “be bold”."
    assert [effect.confirmation.direction for effect in effects] == [2]


def test_a_direction_is_found_by_its_words(painter):
    scene_of = with_control(painter, *DIRECTIONS)

    question, _ = pressed(scene_of, Ui(), ["D", *"rope", "enter"])

    assert question.confirmation.question == "Withdraw direction 1: “try rope”."


def test_without_a_direction_there_is_nothing_to_withdraw(painter):
    ui, effects = slowly(painter, Ui(), ["D", "enter", CONFIRM])

    assert effects == []
    assert slowly(painter, Ui(), ["D"])[0].message == "No direction stands: d adds one."
    assert ui.confirmation is None


def test_the_only_open_request_is_withdrawn_without_a_list(painter):
    scene_of = with_control(painter, StopRequested(**WHO))

    question, _ = pressed(scene_of, Ui(), ["u"])
    _, effects = pressed(scene_of, Ui(), ["u", CONFIRM])

    assert question.confirmation.question == "Withdraw the request “stop after the experiments in flight”."
    intent = to_intent(effects[0].confirmation, session="nov20", author="ada@box")
    assert intent == RequestWithdrawn(session="nov20", author="ada@box", channel="tui", request=painter.head + 1)


def test_of_several_open_requests_one_is_chosen_the_latest_first(painter):
    scene_of = with_control(painter, PauseRequested(**WHO), SkipRequested(**WHO, experiment=12))

    ui, _ = pressed(scene_of, Ui(), ["u"])
    question, _ = pressed(scene_of, Ui(), ["u", "down", "enter"])

    assert ui.input_line.kind == "withdraw request"
    assert question.confirmation.question == "Withdraw the request “pause”."


@pytest.mark.parametrize("events", [[], [StopRequested(**WHO), "withdrawn"]], ids=["none", "withdrawn before"])
def test_what_is_answered_or_withdrawn_cannot_be_withdrawn(painter, events):
    withdrawn = RequestWithdrawn(**WHO, request=painter.head + 1)
    scene_of = with_control(painter, *(withdrawn if event == "withdrawn" else event for event in events))

    ui, effects = pressed(scene_of, Ui(), ["u", CONFIRM])

    assert effects == []
    assert "none to withdraw" in pressed(scene_of, Ui(), ["u"])[0].message
    assert ui.confirmation is None


@pytest.mark.parametrize(
    ("events", "question"),
    [
        ([], "Pause nov20 after the experiment in flight."),
        ([PauseRequested(**WHO)], "Do not pause nov20: go on."),
        ([SessionPaused(session=sessions.TAG, reason="asked")], "Resume nov20."),
    ],
)
def test_p_resumes_what_is_paused_or_about_to_pause(painter, events, question):
    ui, _ = pressed(with_control(painter, *events), Ui(), ["p"])

    assert ui.confirmation.question == question


def test_a_confirmed_withdrawal_and_resume_become_their_events(painter):
    pause = slowly(painter, Ui(), ["p"])[0].confirmation

    resumed = to_intent(replace(pause, action="resume"), session="nov20", author="a")
    withdrawn = to_intent(replace(pause, action="withdraw", direction=2), session="nov20", author="a")

    assert isinstance(resumed, ResumeRequested)
    assert withdrawn == DirectionWithdrawn(session="nov20", author="a", channel="tui", direction=2)


@pytest.mark.parametrize(
    "ui", [Ui(display=DisplayOptions(is_readonly=True)), Ui(replay=40)], ids=["readonly", "replay"]
)
def test_a_window_that_is_read_only_or_in_the_past_has_no_control_keys(painter, ui):
    assert [
        key
        for key in "psdDSXv"
        if slowly(painter, ui, [key])[0].confirmation or slowly(painter, ui, [key])[0].input_line
    ] == []


@given(st.lists(st.sampled_from(TOKENS), max_size=60))
@settings(max_examples=60)
def test_a_mashed_keyboard_posts_nothing(painter, keys):
    _, effects = type_in(painter, Ui(), keys)

    assert not [one for one in effects if isinstance(one, PostIntent)]


@given(st.sampled_from("psSXvd"), st.text(alphabet="Yyp\nq1 d", max_size=20))
@settings(max_examples=60)
def test_pasted_text_never_acts(painter, key, text):
    ui, _ = press(painter.scene(Ui(cursor=painter.row(8))), key, time=0.0)

    pasted = paste(painter.scene(ui), text)
    _, effects = slowly(painter, pasted, ["escape", CONFIRM])

    assert pasted.confirmation is None
    assert not [one for one in effects if isinstance(one, PostIntent)]


def test_text_pasted_without_brackets_comes_too_fast_to_confirm(painter):
    ui, effects = type_in(painter, Ui(), ["p", CONFIRM])

    assert effects == []
    assert ui.message == "Y came too fast after the question: nothing was posted."


def test_pasted_text_goes_into_the_line_that_is_written_as_one_visible_line(painter):
    ui, _ = slowly(painter, Ui(), ["d"])

    pasted = paste(painter.scene(ui), "rope\nbase\x1b[31m")

    assert pasted.input_line.text == "rope base␛[31m"


# --- moving, marking, reading ---


def test_the_cursor_stays_on_its_experiment_while_others_arrive(painter):
    ui, _ = slowly(painter, Ui(screen="history"), ["j", "j"])

    assert painter.ledger.number[ui.cursor] == 10


def test_home_and_end_reach_the_ends_of_the_list(painter):
    end, _ = slowly(painter, Ui(screen="history"), ["G"])
    home, _ = slowly(painter, end, ["g"])

    assert painter.ledger.number[end.cursor] == 0
    assert home.cursor is None


def test_two_marks_make_a_comparison(painter):
    alone, _ = slowly(painter, Ui(screen="history"), ["m", "c"])
    both, _ = slowly(painter, Ui(screen="history"), ["m", "j", "m", "c"])

    assert (alone.is_comparing, alone.message) == (
        False,
        "Mark two or more experiments in History (m) to compare them.",
    )
    assert (both.is_comparing, both.screen) == (True, "experiment")


def test_escape_goes_back_step_by_step(painter):
    ui, _ = slowly(painter, Ui(), ["2", "/", *"status:keep", "enter", "enter", "left", "z"])
    assert (ui.screen, ui.is_zoomed, ui.filter) == ("experiment", True, "status:keep")

    steps = [slowly(painter, ui, ["escape"] * count)[0] for count in range(1, 5)]

    assert [(one.plot.crosshair, one.is_zoomed, one.screen, one.filter) for one in steps] == [
        (None, True, "experiment", "status:keep"),
        (None, False, "experiment", "status:keep"),
        (None, False, "history", "status:keep"),
        (None, False, "history", ""),
    ]


def test_an_invalid_filter_stays_open_for_correction(painter):
    ui, _ = slowly(painter, Ui(screen="history"), ["/", *"delta<low", "enter"])

    assert ui.input_line.text == "delta<low"
    assert ui.message == "delta<low: low is not a number."


def test_editing_keys_edit_the_line(painter):
    ui, _ = slowly(painter, Ui(), ["d", *"halve it", "home", "right", "delete", "end", "backspace", "!", "left", "?"])
    cut, _ = slowly(painter, ui, ["end", "ctrl+w"])
    cleared, _ = slowly(painter, ui, ["end", "ctrl+u"])

    assert (ui.input_line.text, cut.input_line.text, cleared.input_line.text) == ("hlve i?!", "hlve ", "")


def test_copying_takes_what_the_cursor_is_on(painter):
    _, line = slowly(painter, Ui(screen="history", cursor=painter.row(8)), ["y"])
    _, diff = slowly(painter, Ui(screen="experiment", experiment=painter.row(8)), ["y"])
    _, trace = slowly(painter, Ui(screen="failures"), ["y"])

    assert line == [CopyText("#8\tkeep\t1.4755\t-0.0175\t+3.4σ\tcool down over 60 % of the time\tCOOLDOWN 0.4→0.6")]
    assert diff[0].text.startswith("--- a/gpt/train.py\n")
    assert trace == [CopyText(sessions.TRACE)]


def test_leaving_is_the_applications_to_do(painter):
    assert slowly(painter, Ui(), ["q"])[1] == [Quit()]
    assert slowly(painter, Ui(input_line=InputLine(kind="sql")), ["ctrl+c"])[1] == [Quit(130)]


def test_the_palette_finds_a_command_by_some_of_its_letters(painter):
    ui, _ = slowly(painter, Ui(), [":", *"histo", "enter"])

    assert ui.screen == "history"
    assert [one.title for one in search("shwhist", commands(painter.scene()))] == ["show history"]


# --- sql and replay ---


def test_a_query_runs_and_is_recalled_later(painter):
    running, effects = slowly(painter, Ui(screen="sql"), ["enter", *"SELECT 1", "enter"])
    recalled, _ = slowly(painter, running, ["e", "ctrl+u", "up"])

    assert effects == [RunQuery("SELECT 1", 1)]
    assert (running.sql.is_running, running.sql.history) == (True, ("SELECT 1",))
    assert recalled.input_line.text == "SELECT 1"


def test_tab_completes_tables_and_columns(painter):
    ui, _ = slowly(painter, Ui(screen="sql"), ["e", *"select gain_s", "tab", *" from exper", "tab"])

    assert ui.input_line.text == "select gain_sigma from experiments"


def test_an_interrupted_query_is_no_longer_waited_for(painter):
    ui, _ = slowly(painter, Ui(screen="sql"), ["e", *"SELECT 1", "enter", "x"])

    assert (ui.sql.is_running, ui.sql.error, ui.sql.query_number) == (False, "Stopped.", 2)


def test_a_query_is_saved_under_a_name_and_run_by_it(painter):
    ui, effects = slowly(painter, Ui(screen="sql"), ["e", *"SELECT 1", "enter", "w", *"one", "enter"])
    _, again = slowly(painter, ui, ["o", *"one", "enter"])

    assert effects[1:] == [SaveQueries()]
    assert again == [RunQuery("SELECT 1", 2)]


def test_the_users_own_queries_come_before_those_of_ar_journal_which_are_questions(painter):
    own = SqlUi(saved=(("mine", "SELECT 1"),))

    found = queries(painter.scene(Ui(sql=own)))

    assert [entry.title for entry in found[:2]] == ["mine", "What was kept, and what did each keep gain?"]
    assert "@near-misses" in [entry.description for entry in found]


def test_a_saved_query_that_needs_a_value_is_written_into_the_line(painter):
    ui, effects = slowly(painter, Ui(screen="sql"), ["o", *"hold any of these", "enter"])
    _, ran = slowly(painter, ui, [*"oom", "enter"])

    assert (ui.input_line.text, effects) == ("@failures-like ", [])
    assert ran == [RunQuery("@failures-like oom", 1)]


def test_tab_completes_the_names_of_saved_queries(painter):
    ui, _ = slowly(painter, Ui(screen="sql"), ["e", *"@near", "tab"])

    assert ui.input_line.text == "@near-misses"


# --- finding ---


def test_a_filter_holds_as_one_types_and_escape_brings_back_what_was_there(painter):
    typed, _ = slowly(painter, Ui(screen="history", filter="status:keep"), ["/", *"idea~rope"])
    left, _ = slowly(painter, typed, ["escape"])

    assert (typed.filter, len(painter.scene(typed).rows)) == ("idea~rope", 1)
    assert (left.filter, left.input_line) == ("status:keep", None)


def test_the_filter_is_empty_when_it_is_opened_again(painter):
    ui, _ = slowly(painter, Ui(screen="history"), ["/", *"status:keep", "enter", "/"])

    assert (ui.input_line.text, ui.filter) == ("", "")


def test_a_part_of_a_term_that_cannot_be_read_yet_leaves_the_filter(painter):
    ui, _ = slowly(painter, Ui(screen="history"), ["/", *"delta<-"])

    assert (ui.input_line.text, ui.filter) == ("delta<-", "")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("sta", "status:"),
        ("status:", "status:keep"),
        ("status:keep,cr", "status:keep,crash"),
        ("-by:sa", "-by:sampler"),
        ("gain>1 kno", "gain>1 knob:"),
        ("knob:MAT", "knob:MATRIX_LR"),
        ("del", "delta"),
        ("nothing", "nothing"),
    ],
)
def test_tab_completes_the_words_of_the_filter(painter, typed, completed):
    ui, _ = slowly(painter, Ui(screen="history"), ["/", *typed, "tab"])

    assert ui.input_line.text == completed


def test_leaving_a_filter_keeps_the_row(painter):
    ui, _ = slowly(painter, Ui(screen="history"), ["/", *"status:keep", "enter", "j"])
    left, _ = slowly(painter, ui, ["escape"])

    assert painter.ledger.number[ui.cursor] == 3
    assert (left.filter, left.cursor) == ("", ui.cursor)


def test_m_marks_where_the_cursor_stands_and_again_unmarks(painter):
    once, _ = slowly(painter, Ui(screen="history", cursor=painter.row(8)), ["m"])
    twice, _ = slowly(painter, once, ["m"])

    assert (once.marks, once.cursor) == (frozenset({painter.row(8)}), painter.row(8))
    assert (twice.marks, twice.cursor) == (frozenset(), painter.row(8))


def test_b_goes_to_the_best_in_a_list_and_from_elsewhere_to_its_screen(painter):
    listed, _ = slowly(painter, Ui(screen="history"), ["b"])
    filtered, _ = slowly(painter, Ui(screen="history", filter="status:crash"), ["b"])

    assert (listed.screen, listed.cursor) == ("history", painter.row(8))
    assert (filtered.screen, filtered.experiment) == ("experiment", painter.row(8))


@pytest.mark.parametrize(
    ("text", "screen", "number"),
    [
        ("#7", "history", 7),
        ("best", "history", 8),
        ("rope base", "history", 7),
        ("BASE rope", "history", 7),
    ],
)
def test_the_palette_goes_to_an_experiment(painter, text, screen, number):
    ui, _ = slowly(painter, Ui(screen="history"), [":", *text, "enter"])

    assert (ui.screen, painter.ledger.number[ui.cursor]) == (screen, number)


def test_the_palette_runs_a_query_and_changes_the_theme(painter):
    query, effects = slowly(painter, Ui(), [":", *"came closest", "enter"])
    theme, saved = slowly(painter, Ui(), [":", *"theme light", "enter"])

    assert (query.screen, effects) == ("sql", [RunQuery("@near-misses", 1)])
    assert (theme.display.theme, saved) == ("light", [SaveOptions()])


def test_a_group_of_failures_opens_to_its_experiments(painter):
    opened, _ = slowly(painter, Ui(screen="failures"), ["enter"])
    experiment, _ = slowly(painter, opened, ["j", "enter"])
    back, _ = slowly(painter, opened, ["escape"])

    assert opened.cluster == ("crash", "RuntimeError: shape is invalid for input of size N")
    assert (experiment.screen, painter.ledger.number[experiment.experiment]) == ("experiment", 5)
    assert (back.cluster, back.screen) == (None, "failures")


def test_a_row_of_a_result_opens_in_full_and_closes(painter):
    answer = QueryResult(columns=("idea",), rows=[("a" * 300,)])
    ui = Ui(screen="sql", sql=SqlUi(query="SELECT 1", result=answer))

    opened, _ = slowly(painter, ui, ["v"])
    closed, _ = slowly(painter, opened, ["escape"])

    assert (opened.sql.is_row_open, closed.sql.is_row_open, closed.screen) == (True, False, "sql")


def test_an_option_that_is_remembered_is_saved(painter):
    assert [slowly(painter, Ui(), [":", *text, "enter"])[1] for text in ("mouse", "bell")] == [[SaveOptions()]] * 2
    assert slowly(painter, Ui(), ["T"])[1] == [SaveOptions()]
    assert slowly(painter, Ui(), ["U"])[1] == []


# --- replay ---


def test_replay_steps_by_event_and_by_verdict(painter):
    begun, _ = slowly(painter, Ui(), ["6"])

    back, _ = slowly(painter, begun, [",", ","])
    verdict, _ = slowly(painter, begun, ["<"])
    on, _ = slowly(painter, verdict, ["."])

    assert (begun.replay, back.replay) == (painter.head, painter.head - 2)
    assert painter.archive.event(verdict.replay).event.NAME == "ExperimentDiscarded"
    assert on.replay == verdict.replay + 1


@pytest.mark.parametrize(
    ("text", "position"), [("#3", 27), ("17", 17), ("50%", 44), ("999999", 89), ("-4", 1), ("soon", 89), ("#77", 89)]
)
def test_replay_goes_to_an_experiment_a_position_or_a_share(painter, text, position):
    ui, _ = slowly(painter, Ui(screen="replay", replay=painter.head), ["@", *text, "enter"])

    assert ui.replay == position


def test_back_to_live_leaves_the_past(painter):
    ui, _ = slowly(painter, Ui(), ["6", ",", "L"])

    assert (ui.replay, ui.screen) == (None, "live")
