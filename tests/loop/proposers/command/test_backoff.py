"""When an agent is asked again after it failed."""

import pytest

from loop.proposers.command.backoff import CommandBackoff


def failed(*kinds: str, deadline: float = 900.0) -> CommandBackoff:
    backoff = CommandBackoff()
    for kind in kinds:
        backoff.record_failure(kind, "why", now=100.0, deadline=deadline)
    return backoff


@pytest.mark.parametrize(
    ("kinds", "seconds"),
    [
        (["exit"], 5.0),
        (["exit", "flood", "exit"], 20.0),
        (["exit"] * 20, 3600.0),
        (["not_found"], 900.0),
        (["silent"], 900.0),
        (["timeout", "silent"], 1800.0),
        (["no_edit"], 0.0),
        (["exit", "out_of_scope"], 5.0),
    ],
)
def test_a_pause_doubles_with_each_failure_of_the_command_itself(kinds, seconds):
    assert failed(*kinds).remaining(100.0) == seconds


def test_a_success_ends_the_pause():
    backoff = failed("exit", "exit")

    backoff.record_success(3.0)

    assert backoff.remaining(100.0) == 0.0
    backoff.record_failure("exit", "why", now=100.0, deadline=900.0)
    assert backoff.remaining(100.0) == 5.0


def test_after_a_hang_the_next_call_may_take_three_times_as_long_as_the_longest_that_succeeded():
    backoff = CommandBackoff()
    backoff.record_success(50.0)

    backoff.record_failure("timeout", "why", now=100.0, deadline=900.0)

    assert backoff.deadline(900.0) == 150.0
    assert backoff.deadline(100.0) == 100.0


@pytest.mark.parametrize("backoff", [failed("timeout"), failed("exit"), CommandBackoff()])
def test_control_without_a_hang_or_a_success_the_deadline_is_the_briefs(backoff):
    assert backoff.deadline(900.0) == 900.0
