import pytest

from tui.state.filters import FilterError, parse_filter, parse_sort, select


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
def test_a_filter_keeps_what_passes_every_term(theatre, text, numbers):
    rows = select(theatre.live.view, filter_text=text, sort_text="")

    assert [theatre.ledger.number[row] for row in rows] == numbers


@pytest.mark.parametrize(
    ("text", "numbers"), [("status:moved", [1]), ("status:discard", [3, 1]), ("status:discard -status:moved", [3])]
)
def test_what_is_seen_of_a_status_is_found_as_well(abreast, text, numbers):
    rows = select(abreast.live.view, filter_text=text, sort_text="")

    assert [abreast.ledger.number[row] for row in rows] == numbers


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("speed>3", "speed: no such field"),
        ("delta<low", "low is no number"),
        ("idea<3", "idea is text"),
        ("delta~3", "delta is a number"),
        ('"open', "quotation mark"),
    ],
)
def test_a_filter_that_cannot_be_read_says_what_would_do(text, words):
    with pytest.raises(FilterError, match=words):
        parse_filter(text)


def test_several_columns_sort_with_the_first_deciding(theatre):
    rows = select(theatre.live.view, filter_text="number<9", sort_text="status -gain")

    assert [theatre.ledger.number[row] for row in rows] == [5, 7, 6, 2, 4, 1, 8, 3, 0]


def test_what_has_no_value_comes_last_either_way(theatre):
    up = select(theatre.live.view, filter_text="", sort_text="metric")
    down = select(theatre.live.view, filter_text="", sort_text="-metric")

    assert {theatre.ledger.number[row] for row in up[-3:]} == {5, 10, 12}
    assert {theatre.ledger.number[row] for row in down[-3:]} == {5, 10, 12}


def test_a_sort_by_an_unknown_column_says_which_there_are():
    with pytest.raises(FilterError, match=r"beauty: no such column; there are status"):
        parse_sort("beauty")


def test_the_filter_sees_the_night_as_it_stood(theatre):
    position = theatre.ledger.opened[theatre.row(3)]
    view = type(theatre.live.view)(theatre.ledger, position)

    rows = select(view, filter_text="status:keep", sort_text="")

    assert [theatre.ledger.number[row] for row in rows] == [1, 0]
