import nights
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from journal.events import (
    BranchFromRequested,
    DirectionWithdrawn,
    PauseRequested,
    ResumeRequested,
    SkipRequested,
    StopRequested,
    VetoRequested,
)
from tui.state.confirmations import intent
from tui.state.effects import Ask, Copy, Post, Quit, Save
from tui.state.keys import CONFIRM, KEYS, SCREENS, available, bound
from tui.state.palette import commands, matching
from tui.state.ui import InputLine, Look, Ui
from tui.state.update import READING_SECONDS, paste, press

TOKENS = sorted(
    {key for binding in KEYS for key in binding.keys} | set("abcxyzABCXYZ019 .,:;!?") | {"escape", "enter", "tab"}
)


def type_in(theatre, ui, keys, *, at=0.0, pause=0.01):
    """Press keys one after the other; the choices at the end, and all effects."""
    effects = []
    for count, key in enumerate(keys):
        ui, more = press(theatre.scene(ui), key, at=at + count * pause)
        effects += more
    return ui, effects


def slowly(theatre, ui, keys):
    return type_in(theatre, ui, keys, pause=2 * READING_SECONDS)


# --- the table ---


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("replaying", [False, True])
def test_no_key_means_two_things_on_one_screen(screen, replaying):
    keys = [(key, one.action) for one in available(screen, readonly=False, replaying=replaying) for key in one.keys]
    meanings = {key: bound(key, screen, readonly=False, replaying=replaying).action for key, _ in keys}

    doubled = {(key, action) for key, action in keys if meanings[key] != action and key not in {"left", "right"}}

    assert doubled == set()


def test_no_key_needs_ctrl_or_alt():
    assert not [key for one in KEYS for key in one.keys if "ctrl" in key or "alt" in key]


def test_the_key_that_confirms_is_no_other_key():
    assert CONFIRM not in {key for one in KEYS for key in one.keys}


@pytest.mark.parametrize("binding", KEYS, ids=lambda one: f"{one.action} ({one.shown})")
def test_every_binding_does_something_or_says_why_not(theatre, binding):
    screen = min(binding.where)
    replay = theatre.head - 5 if binding.replaying else None
    before = Ui(screen=screen, replay=replay, cursor=theatre.row(8), experiment=theatre.row(8), speed=600)
    before = replace(before, sql=replace(before.sql, column=1), plot=replace(before.plot, crosshair=3), line=5)

    after, effects = press(theatre.scene(before), binding.keys[0], at=1.0)

    assert after != before or effects or binding.action in IDLE


# On this scene these rest where they are: at an end of the list, with nothing marked, or on the screen asked for.
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
def test_a_control_key_asks_and_another_key_acts(theatre, key, kind):
    begun = Ui(cursor=theatre.row(8))

    asked, nothing = slowly(theatre, begun, [key])
    done, effects = slowly(theatre, begun, [key, CONFIRM])

    assert (asked.confirm is not None, nothing) == (True, [])
    assert done.confirm is None
    assert [type(one) for one in effects] == [Post]
    assert isinstance(intent(effects[0].confirmed, session="nov20", author="ada@box"), kind)


@pytest.mark.parametrize(("key", "_kind"), CONTROLS)
@pytest.mark.parametrize("other", ["escape", "enter", "n", "y", "p", "q", " "])
def test_any_other_key_asks_nothing_of_the_loop(theatre, key, _kind, other):
    ui, effects = slowly(theatre, Ui(cursor=theatre.row(8)), [key, other, CONFIRM])

    assert effects == []
    assert ui.confirm is None


def test_the_question_says_exactly_what_will_happen(theatre):
    ui = Ui(cursor=theatre.row(8))

    words = {key: slowly(theatre, ui, [key])[0].confirm.words for key in "psSXvf"}

    assert words == {
        "p": "Pause nov20 after the experiment in flight.",
        "s": "End #12 now, recorded as invalid: “halve the batch”.",
        "S": "End session nov20 after the experiment in flight.",
        "X": "End session nov20 and the run in flight at once.",
        "v": "Take #8 back: “cool down over 60 % of the time”.",
        "f": "Let the next proposals stand on #8: “cool down over 60 % of the time”.",
    }


def test_of_several_in_flight_the_one_in_full_is_skipped_and_all_are_counted(abreast):
    asked = {
        keys: slowly(abreast, Ui(), [*keys.split()])[0]
        for keys in ("s", "tab s", "j j s", "shift+tab s", "p", "S", "X")
    }

    assert {keys: ui.confirm.words if ui.confirm else ui.note for keys, ui in asked.items()} == {
        "s": "End #6 now, recorded as invalid: “warm up for 2 % instead of none”.",
        "tab s": "End #7 now, recorded as invalid: “rope base 50,000”.",
        "j j s": "End #8 now, recorded as invalid: “cool down over 60 % of the time”.",
        "shift+tab s": "#9 has no run in flight: there is nothing to skip.",
        "p": "Pause nov20 after the 4 experiments in flight.",
        "S": "End session nov20 after the 4 experiments in flight.",
        "X": "End session nov20 and the 3 runs in flight at once.",
    }


def test_tab_goes_round_the_experiments_in_flight_and_escape_back_to_the_first(abreast):
    ends = {keys: slowly(abreast, Ui(), [*keys.split()])[0].cursor for keys in ("tab", "tab tab tab tab", "tab escape")}

    assert ends == {"tab": abreast.row(7), "tab tab tab tab": None, "tab escape": None}


def test_only_a_kept_experiment_can_be_vetoed(theatre):
    ui, _ = slowly(theatre, Ui(screen="history", cursor=theatre.row(9)), ["v"])

    assert (ui.confirm, ui.note) == (None, "Only a kept experiment can be vetoed: put the cursor on one.")


def test_the_code_as_it_came_cannot_be_vetoed(theatre):
    ui, _ = slowly(theatre, Ui(screen="history", cursor=theatre.row(0)), ["v"])

    assert (ui.confirm, ui.note) == (None, "Experiment 0 is the code as it came: there is nothing to take back.")


@pytest.mark.parametrize("number", [5, 12])
def test_what_crashed_or_has_no_verdict_cannot_be_gone_on_from(theatre, number):
    ui, _ = slowly(theatre, Ui(screen="history", cursor=theatre.row(number)), ["f"])

    assert ui.confirm is None
    assert ui.note.startswith("Only an experiment that was measured and counts")


def test_a_direction_is_written_then_confirmed(theatre):
    ui, effects = slowly(theatre, Ui(), ["d", *"try rope", "enter", CONFIRM])

    assert [one.confirmed.text for one in effects] == ["try rope"]
    assert ui.prompt is None


def test_a_direction_that_no_command_would_take_is_not_taken_here_either(theatre):
    ui, effects = slowly(theatre, Ui(prompt=InputLine(kind="direct", text="x" * 2001, caret=2001)), ["enter", CONFIRM])

    assert effects == []
    assert slowly(theatre, Ui(prompt=InputLine(kind="direct", text="x" * 2001)), ["enter"])[0].note.startswith(
        "A direction is a sentence"
    )
    assert ui.confirm is None


def test_an_unknown_direction_cannot_be_taken_back(theatre):
    ui, effects = slowly(theatre, Ui(), ["D", "3", "enter", CONFIRM])

    assert effects == []
    assert slowly(theatre, Ui(), ["D", "3", "enter"])[0].note == "There is no direction 3; those that stand: none."
    assert ui.confirm is None


def test_a_confirmed_withdrawal_and_resume_become_their_events(theatre):
    asked = slowly(theatre, Ui(), ["p"])[0].confirm

    resumed = intent(replace(asked, action="resume"), session="nov20", author="a")
    withdrawn = intent(replace(asked, action="withdraw", direction=2), session="nov20", author="a")

    assert isinstance(resumed, ResumeRequested)
    assert withdrawn == DirectionWithdrawn(session="nov20", author="a", channel="tui", direction=2)


@pytest.mark.parametrize("ui", [Ui(look=Look(readonly=True)), Ui(replay=40)], ids=["readonly", "replay"])
def test_a_window_that_is_read_only_or_in_the_past_has_no_control_keys(theatre, ui):
    assert [
        key for key in "psdDSXv" if slowly(theatre, ui, [key])[0].confirm or slowly(theatre, ui, [key])[0].prompt
    ] == []


@given(st.lists(st.sampled_from(TOKENS), max_size=60))
@settings(max_examples=60)
def test_a_mashed_keyboard_posts_nothing(theatre, keys):
    _, effects = type_in(theatre, Ui(), keys)

    assert not [one for one in effects if isinstance(one, Post)]


@given(st.sampled_from("psSXvd"), st.text(alphabet="Yyp\nq1 d", max_size=20))
@settings(max_examples=60)
def test_pasted_text_never_acts(theatre, key, text):
    ui, _ = press(theatre.scene(Ui(cursor=theatre.row(8))), key, at=0.0)

    pasted = paste(theatre.scene(ui), text)
    _, effects = slowly(theatre, pasted, ["escape", CONFIRM])

    assert pasted.confirm is None
    assert not [one for one in effects if isinstance(one, Post)]


def test_text_pasted_without_brackets_comes_too_fast_to_confirm(theatre):
    ui, effects = type_in(theatre, Ui(), ["p", CONFIRM])

    assert effects == []
    assert ui.note == "That came too fast to have been read: nothing was asked of the loop."


def test_pasted_text_goes_into_the_line_that_is_written_as_one_visible_line(theatre):
    ui, _ = slowly(theatre, Ui(), ["d"])

    pasted = paste(theatre.scene(ui), "rope\nbase\x1b[31m")

    assert pasted.prompt.text == "rope base␛[31m"


# --- moving, marking, reading ---


def test_the_cursor_stays_on_its_experiment_while_others_arrive(theatre):
    ui, _ = slowly(theatre, Ui(screen="history"), ["j", "j"])

    assert theatre.ledger.number[ui.cursor] == 10


def test_home_and_end_reach_the_ends_of_the_list(theatre):
    end, _ = slowly(theatre, Ui(screen="history"), ["G"])
    home, _ = slowly(theatre, end, ["g"])

    assert theatre.ledger.number[end.cursor] == 0
    assert home.cursor is None


def test_two_marks_make_a_comparison(theatre):
    alone, _ = slowly(theatre, Ui(screen="history"), ["m", "c"])
    both, _ = slowly(theatre, Ui(screen="history"), ["m", "m", "c"])

    assert (alone.comparing, alone.note) == (False, "Mark two or more experiments in History (m) to compare them.")
    assert (both.comparing, both.screen) == (True, "experiment")


def test_escape_goes_back_step_by_step(theatre):
    ui, _ = slowly(theatre, Ui(), ["2", "/", *"status:keep", "enter", "enter", "left", "z"])
    assert (ui.screen, ui.zoom, ui.filter) == ("experiment", True, "status:keep")

    steps = [slowly(theatre, ui, ["escape"] * count)[0] for count in range(1, 5)]

    assert [(one.plot.crosshair, one.zoom, one.screen, one.filter) for one in steps] == [
        (None, True, "experiment", "status:keep"),
        (None, False, "experiment", "status:keep"),
        (None, False, "history", "status:keep"),
        (None, False, "history", ""),
    ]


def test_a_filter_that_cannot_be_read_stays_open_to_be_mended(theatre):
    ui, _ = slowly(theatre, Ui(screen="history"), ["/", *"delta<low", "enter"])

    assert ui.prompt.text == "delta<low"
    assert ui.note == "delta<low: low is no number."


def test_editing_keys_edit_the_line(theatre):
    ui, _ = slowly(theatre, Ui(), ["d", *"halve it", "home", "right", "delete", "end", "backspace", "!", "left", "?"])
    cut, _ = slowly(theatre, ui, ["end", "ctrl+w"])
    cleared, _ = slowly(theatre, ui, ["end", "ctrl+u"])

    assert (ui.prompt.text, cut.prompt.text, cleared.prompt.text) == ("hlve i?!", "hlve ", "")


def test_copying_takes_what_the_cursor_is_on(theatre):
    _, line = slowly(theatre, Ui(screen="history", cursor=theatre.row(8)), ["y"])
    _, diff = slowly(theatre, Ui(screen="experiment", experiment=theatre.row(8)), ["y"])
    _, trace = slowly(theatre, Ui(screen="failures"), ["y"])

    assert line == [Copy("#8\tkeep\t1.4755\t-0.0175\t+3.4σ\tcool down over 60 % of the time\tCOOLDOWN 0.4→0.6")]
    assert diff[0].text.startswith("--- a/gpt/train.py\n")
    assert trace == [Copy(nights.TRACE)]


def test_leaving_is_the_applications_to_do(theatre):
    assert slowly(theatre, Ui(), ["q"])[1] == [Quit()]
    assert slowly(theatre, Ui(prompt=InputLine(kind="sql")), ["ctrl+c"])[1] == [Quit(130)]


def test_the_palette_finds_a_command_by_some_of_its_letters(theatre):
    ui, _ = slowly(theatre, Ui(), [":", *"histo", "enter"])

    assert ui.screen == "history"
    assert [one.title for one in matching("shwhist", commands(Ui()))] == ["show history"]


# --- sql and replay ---


def test_a_query_is_asked_remembered_and_recalled(theatre):
    asked, effects = slowly(theatre, Ui(screen="sql"), ["enter", *"SELECT 1", "enter"])
    recalled, _ = slowly(theatre, asked, ["e", "ctrl+u", "up"])

    assert effects == [Ask("SELECT 1", 1)]
    assert (asked.sql.running, asked.sql.history) == (True, ("SELECT 1",))
    assert recalled.prompt.text == "SELECT 1"


def test_tab_completes_tables_and_columns(theatre):
    ui, _ = slowly(theatre, Ui(screen="sql"), ["e", *"select gain_s", "tab", *" from exper", "tab"])

    assert ui.prompt.text == "select gain_sigma from experiments"


def test_an_interrupted_query_is_no_longer_waited_for(theatre):
    ui, _ = slowly(theatre, Ui(screen="sql"), ["e", *"SELECT 1", "enter", "x"])

    assert (ui.sql.running, ui.sql.error, ui.sql.asked) == (False, "Interrupted.", 2)


def test_a_query_is_saved_under_a_name_and_asked_by_it(theatre):
    ui, effects = slowly(theatre, Ui(screen="sql"), ["e", *"SELECT 1", "enter", "w", *"one", "enter"])
    _, again = slowly(theatre, ui, ["o", *"one", "enter"])

    assert effects[1:] == [Save("one", "SELECT 1")]
    assert again == [Ask("SELECT 1", 2)]


def test_replay_steps_by_event_and_by_verdict(theatre):
    begun, _ = slowly(theatre, Ui(), ["6"])

    back, _ = slowly(theatre, begun, [",", ","])
    verdict, _ = slowly(theatre, begun, ["<"])
    on, _ = slowly(theatre, verdict, ["."])

    assert (begun.replay, back.replay) == (theatre.head, theatre.head - 2)
    assert theatre.archive.event(verdict.replay).event.NAME == "ExperimentDiscarded"
    assert on.replay == verdict.replay + 1


@pytest.mark.parametrize(
    ("text", "position"), [("#3", 27), ("17", 17), ("50%", 44), ("999999", 89), ("-4", 1), ("soon", 89), ("#77", 89)]
)
def test_replay_goes_to_an_experiment_a_position_or_a_share(theatre, text, position):
    ui, _ = slowly(theatre, Ui(screen="replay", replay=theatre.head), ["@", *text, "enter"])

    assert ui.replay == position


def test_back_to_live_leaves_the_past(theatre):
    ui, _ = slowly(theatre, Ui(), ["6", ",", "L"])

    assert (ui.replay, ui.screen) == (None, "live")
