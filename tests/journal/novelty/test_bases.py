"""How many changes lie between two commits of a journal."""

import pytest
from scripted_session import ScriptedSession

from journal.novelty.bases import UNKNOWN, Bases
from journal.projections.lineage import inherited

FILES = {"train.py": "LR = 0.04\nBATCH = 16\nDEPTH = 4\n\n\ndef act(x):\n    return relu(x)\n"}


def edited(files, *pairs):
    text = files["train.py"]
    for old, new in pairs:
        text = text.replace(old, new)
    return {"train.py": text}


FASTER, SMALLER, GELU = ("0.04", "0.05"), ("16", "8"), ("relu", "gelu")


def distance(night, one, other):
    return Bases(night.state.changes).distance(one, other)


def test_each_kept_knob_is_one_change_away_from_the_start():
    night = ScriptedSession(FILES, session="one")
    start = night.parent
    night.kept(1, "raise the rate", edited(FILES, FASTER))
    night.kept(2, "smaller batch", edited(FILES, FASTER, SMALLER))

    assert distance(night, start, night.parent) == distance(night, night.parent, start) == 2


def test_a_replaced_function_is_one_change():
    night = ScriptedSession(FILES, session="one")
    start = night.parent
    night.kept(1, "swap in GeLU", edited(FILES, GELU))

    assert distance(night, start, night.parent) == 1


def test_two_sessions_that_kept_different_changes_are_apart_by_both():
    one = ScriptedSession(FILES, session="one")
    one.kept(1, "raise the rate", edited(FILES, FASTER))
    two = ScriptedSession(FILES, session="two", state=one.state)
    two.kept(1, "smaller batch", edited(FILES, SMALLER))

    assert distance(two, one.parent, two.parent) == 2
    assert distance(two, "one-c0", "two-c0") == 0


def test_knobs_that_a_person_edited_between_the_sessions_count():
    one = ScriptedSession(FILES, session="one")
    two = ScriptedSession(edited(FILES, FASTER, ("DEPTH = 4", "DEPTH = 8")), session="two", state=one.state)

    assert distance(two, one.parent, two.parent) == 2


@pytest.mark.parametrize(("one", "other"), [("one-c0", "elsewhere"), ("elsewhere", "one-c0"), ("here", "there")])
def test_a_commit_that_no_experiment_ran_is_far_from_every_other(one, other):
    night = ScriptedSession(FILES, session="one")

    assert distance(night, one, other) == UNKNOWN
    assert distance(night, one, one) == 0


def test_parents_that_form_a_circle_end_somewhere():
    night = ScriptedSession(FILES, session="one")
    night.parent = "one-c1"
    night.kept(1, "on itself", edited(FILES, FASTER))

    assert distance(night, "one-c1", "one-c0") == UNKNOWN


def test_a_session_that_starts_from_kept_changes_inherits_them_through_every_session():
    one = ScriptedSession(FILES, session="one")
    one.kept(1, "raise the rate", edited(FILES, FASTER))
    one.discarded(2, "smaller batch", edited(one.files, SMALLER))
    two = ScriptedSession(one.files, session="two", state=one.state)
    two.kept(1, "swap in GeLU", edited(two.files, GELU))
    three = ScriptedSession(two.files, session="three", state=one.state)

    rows = inherited(three.state, "three")

    assert [(row.session, row.number) for row in rows] == [("one", 1), ("two", 1)]


def test_control_a_session_from_the_same_start_inherits_nothing():
    one = ScriptedSession(FILES, session="one")
    one.kept(1, "raise the rate", edited(FILES, FASTER))
    two = ScriptedSession(FILES, session="two", state=one.state)

    assert inherited(two.state, "two") == []
