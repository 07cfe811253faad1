"""The night again."""

import math
import time
from zoneinfo import ZoneInfo

import pytest
from eventful import EVENTS, LAW
from histories import COMMITS, TAG, placed_at, write
from hypothesis import given
from hypothesis import strategies as st

from journal.console.text import one_line, strip_controls
from journal.errors import JournalMissing
from journal.events import RunLaunched, experiment_stream
from journal.projections.state import fold
from journal.reports.experiment import experiment_report, render_experiment
from journal.reports.narration import log_line, sentence
from journal.reports.replay import MAX_PAUSE, state_as_dict, with_pauses
from journal.store import Reader


def test_the_pauses_are_the_original_ones_over_the_speed(night):
    steps = list(with_pauses(night.read(), speed=60))

    assert [step.pause for step in steps[:3]] == [0.0, 1.0, 1.0]
    assert [step.recorded for step in steps] == list(night.read())


def test_no_pause_is_longer_than_a_person_waits(night):
    assert max(step.pause for step in with_pauses(night.read(), speed=0.01)) == MAX_PAUSE


def test_infinite_speed_leaves_no_pauses(night):
    assert sum(step.pause for step in with_pauses(night.read(), speed=math.inf)) == 0.0


def test_a_clock_that_went_back_makes_no_negative_pause():
    steps = list(with_pauses([placed_at(1, "23:10"), placed_at(2, "23:05")], speed=60))

    assert [step.pause for step in steps] == [0.0, 0.0]


def test_an_empty_session_has_no_steps():
    assert list(with_pauses([], speed=60)) == []


@LAW
@given(position=st.integers(0, 30))
def test_the_state_at_a_position_is_what_was_known_then(tmp_path_factory, position):
    reader = night_reader(tmp_path_factory)
    expected = fold([step for step in reader.read() if step.position <= position])

    assert state_as_dict(fold(reader.read(until=position))) == state_as_dict(expected)


def night_reader(tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "replayed.db"
    return Reader(path if path.exists() else write(path))


def test_every_event_has_a_line(night):
    result = [log_line(step, ZoneInfo("Asia/Kolkata")) for step in night.read()]

    assert result[10] == "    11  04:41:00+05:30  nov20  #1 KEPT 1.4800: better by four σ"
    assert len(result) == night.head()[0]


def test_a_line_has_the_time_of_the_machine_s_zone(night, monkeypatch):
    monkeypatch.setenv("TZ", "America/St_Johns")
    time.tzset()
    first = log_line(next(night.read()))
    monkeypatch.delenv("TZ")
    time.tzset()

    assert "  19:31:00-03:30  nov20  session nov20 starts" in first


@LAW
@given(EVENTS)
def test_any_event_has_a_sentence(event):
    assert sentence(event)


def test_an_event_that_people_need_not_see_is_its_name():
    launched = RunLaunched(session=TAG, experiment=3, run=1, pid=7, pid_started=8, boot="b", folder="f")

    assert sentence(launched) == "#3 run launched"


def test_text_of_models_cannot_command_the_terminal():
    assert strip_controls("\x1b[2Jhalve\x07 the \u202ebatch\x9b31m") == "[2Jhalve the batch31m"
    assert one_line("halve\nthe\tbatch " + "x" * 200, width=20) == "halve the batch xxx…"


def test_a_report_holds_the_whole_experiment(night):
    state = fold(night.read())

    report = experiment_report(state, night.stream(experiment_stream(TAG, 2)), session=TAG, experiment=2)

    assert [row.number for row in report.lineage] == [1, 0]
    assert report.verdict == "1.4790 (-0.001 against 1.4800, +0.2σ): within noise"
    result = render_experiment(report)
    assert "#2 discard: swap in GeLU" in result
    assert "run 1: candidate, seed 1337, 1.4790 (measured), 20 s of training" in result
    assert "Parents: #1 halve the batch (1.4800) ← #0 baseline (1.5000)" in result
    assert f"commit {COMMITS[2]} on {COMMITS[1]}" in result
    assert result.endswith("-BATCH = 16\n+BATCH = 2")


def test_a_report_of_an_unknown_experiment_is_refused(night):
    with pytest.raises(JournalMissing, match="Session nov20 has no experiment 99"):
        experiment_report(fold(night.read()), [], session=TAG, experiment=99)
