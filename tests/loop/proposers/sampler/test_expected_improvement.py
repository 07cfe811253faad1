"""What a step is expected to gain, from the trials of its knob."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.proposers.sampler.expected_improvement import Observation, Parabola, expected_improvement
from loop.proposers.sampler.steps import coordinate


def seen(old, new, gain, distance=0):
    return Observation(old=old, new=new, gain=gain, distance=distance)


def curve(*observations, here=1.0):
    return Parabola(observations, here=here, scale=1.0)


def test_before_any_trial_a_large_step_is_worth_more_than_a_small_one_and_both_ways_the_same():
    fresh = curve()

    assert fresh.improvement(2.0) > fresh.improvement(1.25) > fresh.improvement(1.1)
    assert fresh.improvement(2.0) == pytest.approx(fresh.improvement(0.5))


def test_where_one_way_cost_the_other_is_worth_more():
    turned = curve(seen(1.0, 2.0, -5.0))

    assert turned.improvement(0.5) > curve().improvement(0.5) > turned.improvement(2.0)


def test_a_direction_that_paid_is_worth_following():
    paid = curve(seen(0.5, 1.0, 5.0), here=1.0)

    assert paid.improvement(2.0) > paid.improvement(0.5)


def test_a_knob_known_to_be_at_its_best_rests():
    best = curve(seen(1.0, 2.0, -6.0), seen(1.0, 0.5, -6.0))

    assert max(best.improvement(2.0), best.improvement(0.5), best.improvement(1.25)) < 0.1 * curve().improvement(2.0)


def test_a_trial_says_less_with_every_change_of_its_base():
    new, old = curve(seen(1.0, 2.0, -5.0)), curve(seen(1.0, 2.0, -5.0, distance=12))

    assert new.improvement(2.0) < old.improvement(2.0) < curve().improvement(2.0)


@pytest.mark.parametrize(
    ("value", "here", "places"),
    [
        (2.0, 1.0, 1.0),
        (0.25, 1.0, -2.0),
        (0.975, 0.95, 1.0),
        (0.9, 0.95, -1.0),
        (-4.0, -2.0, -1.0),
        (0.2, 0.0, 1.0),
        (0.0, 0.2, -1.0),
        (1e-11, 1e-10, -1.0),
    ],
)
def test_steps_are_counted_in_doublings(value, here, places):
    assert coordinate(value, here=here) == pytest.approx(places)


@given(st.floats(-20, 20), st.floats(1e-6, 20))
def test_an_expected_improvement_is_never_negative_and_never_below_the_mean(mean, deviation):
    assert expected_improvement(mean, deviation) >= max(0.0, mean) - 1e-9


values = st.floats(1e-6, 1e6)


@given(st.lists(st.tuples(values, values, st.floats(-10, 10), st.integers(0, 50)), max_size=12), values, values)
def test_any_history_gives_a_finite_worth(history, here, there):
    parabola = Parabola([seen(*entry) for entry in history], here=here, scale=0.8)

    assert 0 <= parabola.improvement(there) < 1e6
