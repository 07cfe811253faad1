import msgspec
import pytest
import sessions

from journal.events.recorded import Recorded
from tui.model.ledger import Ledger
from tui.model.view import View
from tui.state.filters import FilterError, parse_filter, parse_sort, select, while_typed


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("status:keep", [8, 3, 1, 0]),
        ("status:keep,crash number>3", [10, 8, 5]),
        ("delta<-0.01", [8, 3, 1]),
        ("gain>=2 -status:crash", [8, 3, 1]),
        ("idea~ROPE", [7]),
        ("rope", [7]),
        ("knob:MATRIX_LR", [3]),
        ("knob~_lr", [3]),
        ("-status:discard -status:keep", [12, 10, 5]),
        ('"the batch"', [12, 1]),
        ("number=#4", [4]),
        ("metric<1.48 by:sampler", [9, 8]),
        ("session:nov20 kind:architecture", [11, 2]),
        ("status:invalid", []),
        ("", [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
    ],
)
def test_a_filter_keeps_what_passes_every_term(painter, text, numbers):
    rows = select(painter.live.view, filter_text=text, sort_text="")

    assert [painter.ledger.number[row] for row in rows] == numbers


@pytest.mark.parametrize(
    ("text", "numbers"), [("status:moved", [1]), ("status:discard", [3, 1]), ("status:discard -status:moved", [3])]
)
def test_a_status_is_found_by_its_label_as_well(parallel, text, numbers):
    rows = select(parallel.live.view, filter_text=text, sort_text="")

    assert [parallel.ledger.number[row] for row in rows] == numbers


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("speed>3", "speed is not a field"),
        ("delta<low", "low is not a number"),
        ("idea<3", "idea is text"),
        ("delta~3", "delta is a number"),
        ('"open', "quotation mark"),
    ],
)
def test_an_invalid_filter_names_the_error(text, words):
    with pytest.raises(FilterError, match=words):
        parse_filter(text)


def test_several_columns_sort_with_the_first_deciding(painter):
    rows = select(painter.live.view, filter_text="number<9", sort_text="status -gain")

    assert [painter.ledger.number[row] for row in rows] == [5, 7, 6, 2, 4, 1, 8, 3, 0]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("gain", 1),
        ("-gain", 1),
        ("+gain", 4),
        ("metric", 8),
        ("-metric", 4),
        ("delta", 1),
        ("number", 0),
        ("-number", 12),
    ],
)
def test_the_best_comes_first_unless_the_sign_says_otherwise(painter, sort, first):
    rows = select(painter.live.view, filter_text="", sort_text=sort)

    assert painter.ledger.number[rows[0]] == first


def test_the_best_metric_of_a_maximized_one_is_the_highest():
    start = sessions.started()
    config = {**start.config, "direction": "maximize"}
    events = [msgspec.structs.replace(start, config=config), *sessions.baseline()]
    events += sessions.experiment(1, sessions.IDEAS[0], best=1.539, parent=0)
    ledger = Ledger()
    for position, event in enumerate(events, start=1):
        ledger.apply(Recorded(position, sessions.START.isoformat(), "s", 1, event, ""))

    rows = select(View(ledger, len(events)), filter_text="", sort_text="metric")

    assert [ledger.number[row] for row in rows] == [0, 1]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("sta", ""),
        ("status:", ""),
        ("status:ke", "status~ke"),
        ("status:keep,cr", "status:keep"),
        ("-by:sam", "-by~sam"),
        ("rope", "rope"),
        ("rope gain>", "rope"),
        ("rope gain>1", "rope gain>1"),
        ("status:keep ", "status:keep "),
    ],
)
def test_an_unfinished_word_filters_by_what_is_typed_of_it(text, meant):
    assert while_typed(text) == meant


def test_what_has_no_value_comes_last_either_way(painter):
    up = select(painter.live.view, filter_text="", sort_text="metric")
    down = select(painter.live.view, filter_text="", sort_text="-metric")

    assert {painter.ledger.number[row] for row in up[-3:]} == {5, 10, 12}
    assert {painter.ledger.number[row] for row in down[-3:]} == {5, 10, 12}


def test_a_sort_by_an_unknown_column_says_which_there_are():
    with pytest.raises(FilterError, match=r"beauty is not a column; the columns are status"):
        parse_sort("beauty")


def test_the_filter_sees_the_session_as_of_the_position(painter):
    position = painter.ledger.proposed_at[painter.row(3)]
    view = type(painter.live.view)(painter.ledger, position)

    rows = select(view, filter_text="status:keep", sort_text="")

    assert [painter.ledger.number[row] for row in rows] == [1, 0]
