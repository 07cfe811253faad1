"""Telemetry on its way to the journal: often enough to watch, seldom enough to cost nothing."""

import pytest

from journal.events import SessionStarted, session_stream
from journal.store import Journal
from loop.contracts import RunSpec
from loop.experiment.launch import CurveWriter
from loop.runs.process.telemetry import TrainingStep
from loop.runtime.session_journal import SessionJournal

RUN = RunSpec(session="night", experiment=1, run=1, commit="c", seed=1, purpose="candidate")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.db")
    journal.acquire()
    start = SessionStarted(session="night", brief="", brief_hash="", config={}, base="b", start="b", branch="n")
    journal.append(session_stream("night"), [start])
    yield journal
    journal.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def curve(journal, clock):
    return CurveWriter(SessionJournal(journal, "night"), RUN, monotonic=clock)


def points(journal: Journal) -> list[int]:
    return [sample.step for sample in journal.samples("night", 1)]


def speak(curve: CurveWriter, clock: Clock, *, steps: int, apart: float) -> None:
    for step in range(steps):
        curve.add(TrainingStep(step=step, seconds=clock.now, loss=1.0))
        clock.now += apart


def test_the_first_point_is_there_at_once(curve, clock, journal):
    curve.add(TrainingStep(step=0, seconds=0.0))

    assert points(journal) == [0]


def test_slow_steps_are_all_kept_as_they_come(curve, clock, journal):
    speak(curve, clock, steps=5, apart=1.0)

    assert points(journal) == [0, 1, 2, 3, 4]


def test_a_training_that_never_stops_speaking_is_thinned_and_its_last_word_kept(curve, clock, journal):
    speak(curve, clock, steps=10_000, apart=0.0001)
    curve.finish()

    found = points(journal)
    assert len(found) <= 22
    assert found[-1] == 9_999


def test_nothing_said_is_nothing_written(curve, journal):
    curve.finish()

    assert points(journal) == []
