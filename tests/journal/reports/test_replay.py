"""The night again."""

import math

import pytest
from eventful import EVENTS, LAW
from histories import COMMITS, TAG, placed_at, write
from hypothesis import given
from hypothesis import strategies as st

from journal.console.text import one_line, plain
from journal.errors import JournalMissing
from journal.events import RunLaunched, experiment_stream
from journal.projections.state import fold
from journal.reports.experiment import portray, text
from journal.reports.narration import line, sentence
from journal.reports.replay import LONGEST, facts, paced, state_at
from journal.store import Reader


def test_the_pauses_are_the_night_s_over_the_speed(night):
    steps = list(paced(night.read(), speed=60))

    assert [step.pause for step in steps[:3]] == [0.0, 1.0, 1.0]
    assert [step.recorded for step in steps] == list(night.read())


def test_no_pause_is_longer_than_a_person_waits(night):
    assert max(step.pause for step in paced(night.read(), speed=0.01)) == LONGEST


def test_infinite_speed_leaves_no_pauses(night):
    assert sum(step.pause for step in paced(night.read(), speed=math.inf)) == 0.0


def test_a_clock_that_went_back_makes_no_negative_pause():
    steps = list(paced([placed_at(1, "23:10"), placed_at(2, "23:05")], speed=60))

    assert [step.pause for step in steps] == [0.0, 0.0]


def test_an_empty_night_has_no_steps():
    assert list(paced([], speed=60)) == []


@LAW
@given(position=st.integers(0, 30))
def test_the_state_at_a_position_is_what_was_known_then(tmp_path_factory, position):
    reader = night_reader(tmp_path_factory)
    known = fold([step for step in reader.read() if step.position <= position])

    assert facts(state_at(reader, position)) == facts(known)


def night_reader(tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "replayed.db"
    return Reader(path if path.exists() else write(path))


def test_every_event_has_a_line(night):
    told = [line(step) for step in night.read()]

    assert told[10] == "    11  23:11:00  nov20  #1 KEPT 1.4800: better by four σ"
    assert len(told) == night.head()[0]


@LAW
@given(EVENTS)
def test_any_event_has_a_sentence(event):
    assert sentence(event)


def test_an_event_for_the_machine_alone_is_told_by_its_name():
    launched = RunLaunched(session=TAG, experiment=3, run=1, pid=7, pid_started=8, boot="b", folder="f")

    assert sentence(launched) == "#3 run launched"


def test_text_of_models_cannot_command_the_terminal():
    assert plain("\x1b[2Jhalve\x07 the \u202ebatch\x9b31m") == "[2Jhalve the batch31m"
    assert one_line("halve\nthe\tbatch " + "x" * 200, width=20) == "halve the batch xxx…"


def test_a_portrait_tells_the_whole_experiment(night):
    state = fold(night.read())

    portrait = portray(state, night.stream(experiment_stream(TAG, 2)), session=TAG, experiment=2)

    assert [row.number for row in portrait.lineage] == [1, 0]
    assert portrait.verdict == "1.4790 (-0.001 against 1.4800, +0.2σ): within noise"
    told = text(portrait)
    assert "#2 discard: swap in GeLU" in told
    assert "run 1: candidate, seed 1337, 1.4790 (measured), 20 s of training" in told
    assert "Stands on: #1 halve the batch (1.4800) ← #0 baseline (1.5000)" in told
    assert f"commit {COMMITS[2]} on {COMMITS[1]}" in told
    assert told.endswith("-BATCH = 16\n+BATCH = 2")


def test_an_unknown_experiment_is_told(night):
    with pytest.raises(JournalMissing, match="Session nov20 has no experiment 99"):
        portray(fold(night.read()), [], session=TAG, experiment=99)
