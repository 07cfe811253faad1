"""The loop's own clock of a training, moved by the tests."""

import ast
import sys
from pathlib import Path

import pytest

import loop.runs.run  # noqa: F401  (imports all modules of a run)
from loop.contracts import BaselineTimes
from loop.runs.time_budget import TimeBudget, scoring_reason


class ManualClock:
    """A clock that a test moves."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


BASELINE = BaselineTimes(startup=10.0, training=100.0, wall=110.0, cpu=200.0)


def budget_and_clock(**settings):
    clock = ManualClock()
    return TimeBudget(**{"startup": 60.0, "budget": 100.0, "baseline": BASELINE, "now": clock, **settings}), clock


def test_a_start_may_take_half_again_as_long_as_that_of_the_unchanged_code():
    budget, clock = budget_and_clock()

    clock.seconds += 19.9
    in_time = budget.timeout_reason()
    clock.seconds += 0.2

    assert in_time is None
    assert "did not report its start" in budget.timeout_reason()


def test_the_budget_counts_from_the_first_report_of_the_start_and_a_second_one_changes_nothing():
    budget, clock = budget_and_clock()
    clock.seconds += 5
    budget.start_training()
    clock.seconds += 104.9
    budget.start_training()
    in_time = budget.timeout_reason()

    clock.seconds += 0.2

    assert in_time is None
    assert "budget" in budget.timeout_reason()
    assert budget.startup_seconds() == 5


def test_code_that_never_reports_its_start_is_timed_from_its_process():
    budget, clock = budget_and_clock(baseline=BaselineTimes(startup=None, training=100.0, wall=100.0, cpu=100.0))

    clock.seconds += 105.1

    assert "budget" in budget.timeout_reason()


def test_a_claim_counts_only_if_it_is_near_the_loops_own_clock():
    budget, clock = budget_and_clock()
    budget.start_training()
    clock.seconds += 100

    assert budget.credible_seconds(97.0) == 97.0
    assert budget.credible_seconds(50.0) == 100.0
    assert budget.credible_seconds(101.0) == 100.0


def test_on_processors_more_time_and_more_processor_time_than_the_unchanged_code_is_overspent():
    budget, clock = budget_and_clock(shared=True)
    clock.seconds += 150

    assert budget.overspent_reason(200.0) is None  # a busy machine: longer, and no more work done
    assert "processor time" in budget.overspent_reason(300.0)


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


def test_a_program_that_ends_by_itself_may_take_all_of_its_budget():
    short = BaselineTimes(startup=None, training=1.9, wall=1.9, cpu=1.9)
    budget, clock = budget_and_clock(shared=True, budget=60.0, baseline=short)

    clock.seconds += 7.1
    within = budget.overspent_reason(7.0)
    clock.seconds += 60

    assert within is None
    assert "67.1 s" in budget.overspent_reason(67.0)


def test_a_short_budget_has_a_short_slack():
    filled = BaselineTimes(startup=None, training=10.2, wall=10.2, cpu=10.2)
    budget, clock = budget_and_clock(shared=True, budget=10.0, baseline=filled)

    clock.seconds += 12.9

    assert "12.9 s" in budget.overspent_reason(12.9)


@pytest.mark.parametrize(
    ("seconds", "baseline", "is_overspent"),
    [(5.0, 2.0, False), (5.9, 2.0, False), (6.1, 2.0, True), (None, 2.0, False), (9.0, None, False)],
)
def test_a_model_may_take_twice_the_unchanged_codes_time_to_be_scored(seconds, baseline, is_overspent):
    assert (scoring_reason(seconds, baseline, budget=20.0) is not None) == is_overspent
