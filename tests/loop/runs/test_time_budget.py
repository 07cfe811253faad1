"""The loop's own clock of a training, moved by hand."""

import ast
import sys
from pathlib import Path

import loop.runs.run  # noqa: F401  (brings in all that a run is made of)
from loop.contracts import BaselineTimes
from loop.runs.process.telemetry import Started
from loop.runs.time_budget import TimeBudget


class Hands:
    """A clock that a test moves."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


USUAL = BaselineTimes(startup=10.0, training=100.0, wall=110.0, cpu=200.0)


def clock(**settings):
    hands = Hands()
    return TimeBudget(**{"startup": 60.0, "budget": 100.0, "usual": USUAL, "now": hands, **settings}), hands


def test_a_start_may_take_half_again_as_long_as_that_of_the_unchanged_code():
    ours, hands = clock()

    hands.seconds += 19.9
    in_time = ours.late()
    hands.seconds += 0.2

    assert in_time is None
    assert "did not say" in ours.late()


def test_the_budget_counts_from_the_first_word_and_a_second_word_changes_nothing():
    ours, hands = clock()
    hands.seconds += 5
    ours.hear(Started())
    hands.seconds += 104.9
    ours.hear(Started())
    in_time = ours.late()

    hands.seconds += 0.2

    assert in_time is None
    assert "budget" in ours.late()
    assert ours.startup_seconds() == 5


def test_code_that_never_says_when_it_starts_is_timed_from_its_process():
    ours, hands = clock(usual=BaselineTimes(startup=None, training=100.0, wall=100.0, cpu=100.0))

    hands.seconds += 105.1

    assert "budget" in ours.late()


def test_a_claim_counts_only_where_it_is_near_the_loop_s_own_clock():
    ours, hands = clock()
    ours.hear(Started())
    hands.seconds += 100

    assert ours.plausible(97.0) == 97.0
    assert ours.plausible(50.0) == 100.0
    assert ours.plausible(101.0) == 100.0


def test_on_processors_more_time_and_more_processor_time_than_the_unchanged_code_is_overspent():
    ours, hands = clock(shared=True)
    hands.seconds += 150

    assert ours.overspent(200.0) is None  # a busy machine: longer, and no more work done
    assert "processor time" in ours.overspent(300.0)


def test_no_clock_of_a_run_can_be_set():
    files = [
        Path(sys.modules[name].__file__)
        for name in (
            "loop.runs.time_budget",
            "loop.runs.measure",
            "loop.runs.run",
            "loop.runs.process.runner",
            "loop.runs.process.guardian",
        )
    ]
    calls = [
        ast.unparse(node.func)
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
    ]

    assert "time.monotonic" in calls
    assert not {"time.time", "datetime.now", "datetime.utcnow", "signal.alarm"} & set(calls)
