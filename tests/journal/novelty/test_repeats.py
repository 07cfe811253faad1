"""How alike two changes are, which experiments are near, and what the folds remember of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_session import ScriptedSession

from journal.changes.signature import signature
from journal.events import Change
from journal.novelty.nearest import nearest
from journal.novelty.repeats import matches, neighbours
from journal.novelty.retries import ration_refusal
from journal.novelty.similarity import are_opposed, distance, overlap, similarity
from journal.projections.state import State, fold

TRAIN = """\
LR = 0.04
BATCH = 16


def act(x):
    return relu(norm(x)) ** 2


def loss(logits):
    return cross_entropy(logits)
"""
FILES = {"train.py": TRAIN}


def edit(old, new):
    return {"train.py": TRAIN.replace(old, new)}


def changed(old, new):
    return signature(FILES, edit(old, new))


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("0.04", "4e-2", 0.0),
        ("0.04", "0.0408", 0.0198),
        ("100", "110", 0.0953),
        ("0.95", "0.975", 0.693),
        ("2**10", "1024", 0.0),
        ("'SL'", "'SL'", 0.0),
        ("'SL'", "'L'", float("inf")),
        ("true", "false", float("inf")),
        ("True", "1", float("inf")),
        ("0.1", "-0.1", float("inf")),
        ("0.0", "0.1", float("inf")),
        ("10**400", "0.5", 921.727),  # the product is more than a float holds
    ],
)
def test_values_are_apart_by_the_logarithm_of_their_ratio(one, other, near):
    assert distance(one, other) == pytest.approx(near, abs=1e-3)


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_a_distance_is_the_same_from_both_ends(one, other):
    assert distance(repr(one), repr(other)) == distance(repr(other), repr(one))


KNOWN = frozenset({"relu", "norm", "logits"})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Change(program="a", change="a", added=("gelu",)), Change(program="b", change="b", added=("gelu",)), 1.0),
        (Change(program="a", change="a", added=("gelu",)), Change(program="b", change="b", added=("silu",)), 0.0),
        (
            Change(program="a", change="a", added=("Dropout", "dtype")),
            Change(program="b", change="b", added=("dropout_",)),
            1.0,
        ),
        (
            Change(program="a", change="a", added=("tanh", "logits")),
            Change(program="b", change="b", added=("tanh",)),
            1 / 1.3,
        ),
        (
            Change(program="a", change="a", removed=("norm", "@f")),
            Change(program="b", change="b", removed=("norm", "@g")),
            0.0,
        ),
        (Change(program="a", change="a"), Change(program="b", change="b"), None),
    ],
    ids=["same word", "another word", "spelling, plumbing", "known words count less", "another place", "no structure"],
)
def test_structure_overlaps_by_what_it_brings(one, other, expected):
    assert overlap(one, other, KNOWN) == (None if expected is None else pytest.approx(expected))


def test_taking_away_is_opposed_to_bringing_and_a_further_knob_is_another_idea():
    softcap = changed("cross_entropy(logits)", "cross_entropy(tanh(logits))")
    without = signature(edit("cross_entropy(logits)", "cross_entropy(tanh(logits))"), FILES)
    both = signature(
        FILES, {"train.py": edit("cross_entropy(logits)", "cross_entropy(tanh(logits))")["train.py"].replace("16", "8")}
    )

    assert are_opposed(softcap, without)
    assert are_opposed(softcap, both)
    assert not are_opposed(softcap, softcap)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("relu(norm(x)) ** 2", "gelu(norm(x), approximate='tanh')", "same structure"),
        ("relu(norm(x)) ** 2", "silu(norm(x))", None),
        ("LR = 0.04", "LR = 0.08", None),
    ],
)
def test_another_implementation_on_the_same_parent_is_the_same_structure(old, new, rule):
    night = ScriptedSession(FILES)
    night.discarded(1, "swap in GeLU", edit("relu(norm(x)) ** 2", "gelu(norm(x))"))

    found = matches(night.state.changes, changed(old, new), session="nov20", experiment=2, parent=night.parent)

    assert [match.rule for match in found] == ([rule] if rule else [])


def test_a_repeat_comes_before_a_revisit():
    night = ScriptedSession(FILES)
    night.discarded(1, "lower the rate", edit("0.04", "0.03"))
    night.kept(2, "smaller batch", edit("16", "8"))
    base = night.files["train.py"]
    night.discarded(3, "lower the rate", {"train.py": base.replace("0.04", "0.03")}, retry_of=1)
    change = signature(night.files, {"train.py": base.replace("0.04", "0.03")})

    found = matches(night.state.changes, change, session="nov20", experiment=4, parent=night.parent)

    assert [(match.trial.experiment, match.is_repeat) for match in found] == [(3, True), (1, False)]


def test_neighbours_come_nearest_first_and_the_baseline_is_none():
    night = ScriptedSession(FILES)
    night.discarded(1, "a far rate", edit("0.04", "0.4"))
    night.discarded(2, "a near rate", edit("0.04", "0.05"))
    night.discarded(3, "another batch", edit("16", "32"))

    found = neighbours(night.state.changes, changed("0.04", "0.06"), session="nov20", experiment=4)

    assert [trial.experiment for trial in found] == [2, 1]


def test_structure_and_words_are_taken_in_turn():
    night = ScriptedSession(FILES)
    night.discarded(1, "GeLU", edit("relu(norm(x)) ** 2", "gelu(norm(x))"))
    night.discarded(2, "softcap", edit("cross_entropy(logits)", "cross_entropy(tanh(logits))"))
    night.discarded(3, "GeLU, tanh form", edit("relu(norm(x)) ** 2", "gelu(norm(x), approximate='tanh')"))
    change = night.state.changes.rows["nov20", 1].change

    found = nearest(night.state.changes, change, session="nov20", experiment=1, words=[2, 3, 1, 99])

    assert [(row.trial.experiment, row.by) for row in found] == [(3, "structure"), (2, "words")]
    assert found[0].score == pytest.approx(
        similarity(change, found[0].trial.change, frozenset({"relu", "norm"})), abs=0.3
    )


def test_refused_attempts_leave_the_index_and_are_remembered_apart():
    night = ScriptedSession(FILES)
    night.refused(1, "raise", edit("0.04", "0.05"))
    night.proposed(1, "raise more", edit("0.04", "0.08"), attempt=2)

    changes = night.state.changes

    assert [trial.idea for trial in changes.on_parent(night.parent)] == ["the code as it is", "raise more"]
    assert [change.knobs[0].new for change in changes.refused["nov20", 1]] == ["0.05"]
    assert night.state.knobs.rows["nov20", 1, "LR"].value == "0.08"


def test_a_knobs_row_holds_the_value_its_base_and_the_verdict():
    night = ScriptedSession(FILES)
    night.kept(1, "smaller batch", edit("16", "8"), gain=4.0)
    night.discarded(2, "raise", {"train.py": night.files["train.py"].replace("0.04", "0.05")}, gain=-2.0)

    row = night.state.knobs.rows["nov20", 2, "LR"]

    assert (row.old, row.value, row.parent_experiment, row.status, row.alone) == ("0.04", "0.05", 1, "discard", True)
    assert (row.metric, row.delta, row.gain_sigma) == (pytest.approx(1.49), pytest.approx(0.01), -2.0)


def test_the_ration_counts_the_last_twenty_experiments_alone():
    night = ScriptedSession(FILES)
    night.discarded(1, "a", edit("16", "4"), retry_of=0)
    night.discarded(2, "b", edit("16", "2"), retry_of=0)
    night.discarded(3, "c", edit("16", "64"), retry_of=0)
    night.discarded(4, "d", edit("16", "128"), retry_of=0)
    trials = list(night.state.changes.of_session("nov20"))

    assert ration_refusal(trials, before=5)
    assert ration_refusal(trials, before=21)
    assert ration_refusal(trials, before=22) is None


@given(cut=st.integers(0, 40))
def test_folding_in_two_parts_is_folding_at_once(cut):
    night = ScriptedSession(FILES)
    night.refused(1, "raise", edit("0.04", "0.05"))
    night.kept(1, "raise more", edit("0.04", "0.08"), attempt=2)
    night.crashed(2, "batch", edit("16", "1024"))

    parts = fold(night.events[cut:], state=fold(night.events[:cut], state=State()))

    assert parts.changes.rows == night.state.changes.rows
    assert parts.knobs.rows == night.state.knobs.rows
