import math
import random

import pytest
import sessions
from msgspec.structs import replace

from tui.model.loss_curves import difference, noise, noise_band, value_at
from tui.model.run_curve import RunCurve


def curve(losses, *, start=1.0, step=1.0):
    """Samples of these losses, one every `step` seconds."""
    template = sessions.samples(1, 1, until=1)[0]
    samples = [
        replace(template, step=number, seconds=start + number * step, loss=loss) for number, loss in enumerate(losses)
    ]
    return RunCurve().extended(samples)


def falling(seconds):
    return 4 * math.exp(-seconds / 5)


def test_between_two_samples_a_curve_is_linear_and_outside_it_has_no_value():
    points = [(float(second), 10.0 - second) for second in range(1, 5)]

    values = [value_at(points, x) for x in (0.5, 1.0, 2.9, 4.0, 4.1)]

    assert values == [None, 9.0, pytest.approx(7.1), 6.0, None]


def test_within_a_wide_gap_a_curve_has_no_value():
    points = [(float(second), 1.0) for second in (1, 2, 3, 4, 5, 6, 7, 8, 9, 40)]

    assert (value_at(points, 20.0), value_at(points, 8.5)) == (None, 1.0)


def test_the_difference_on_a_falling_curve_is_that_of_the_same_second():
    incumbent = curve([falling(second) for second in range(1, 20, 2)], step=2.0)
    candidate = curve([falling(second) - 0.05 for second in (1.0, 2.8, 4.8)], step=1.9)
    late = candidate.last.seconds

    shown = difference(candidate, incumbent)
    flattering = candidate.last.loss - falling(3.0)  # the incumbent's last sample before it

    assert shown.value == pytest.approx(-0.05, abs=0.06)
    assert late == pytest.approx(4.8)
    assert flattering < -0.6


def test_there_is_no_difference_where_the_incumbent_has_no_sample():
    incumbent, candidate = curve([3.0, 2.0, 1.5]), curve([4.0, 3.0, 2.0, 1.9, 1.8])

    assert difference(candidate, incumbent) is None
    assert difference(RunCurve(), incumbent) is None


@pytest.mark.parametrize(("gain", "is_clear"), [(0.01, False), (0.5, True)])
def test_a_difference_counts_only_outside_the_noise_of_both_curves(gain, is_clear):
    random_ = random.Random(5)
    incumbent = curve([3.0 + random_.gauss(0, 0.05) for _ in range(40)])
    candidate = curve([3.0 - gain + random_.gauss(0, 0.05) for _ in range(40)])

    assert difference(candidate, incumbent).is_clear is is_clear


def test_too_few_samples_make_no_difference_clear():
    assert difference(curve([5.0, 1.0]), curve([5.0, 4.0])).is_clear is False


def test_the_noise_of_a_curve_is_that_of_its_samples_and_not_its_fall():
    random_ = random.Random(3)
    points = [(x / 10, falling(x / 10) + random_.gauss(0, 0.02)) for x in range(400)]
    spiked = [(x, y + 9 * (index == 200)) for index, (x, y) in enumerate(points)]

    assert noise(points) == pytest.approx(0.02, rel=0.2)
    assert noise(spiked) == pytest.approx(0.02, rel=0.2)
    assert noise(points[:4]) is None


def test_the_band_of_noise_lies_around_the_curve():
    random_ = random.Random(4)
    points = [(x / 10, 2.0 + random_.gauss(0, 0.1)) for x in range(400)]

    lower, upper = noise_band(points)

    assert all(low[1] < 2.0 < high[1] for low, high in zip(lower, upper, strict=True))
    assert noise_band(points[:5]) == ([], [])


def test_samples_without_a_loss_are_no_points():
    samples = curve([1.0, 2.0, None, math.nan, 3.0])

    assert [y for _, y in samples.points()] == [1.0, 2.0, 3.0]


def test_a_curve_shows_what_it_had_when_it_was_read():
    short = curve([1.0, 2.0])

    longer = short.extended(sessions.samples(1, 1, until=5)[2:])

    assert (len(short), len(longer), short.last.loss) == (2, 5, 2.0)
    assert len(longer.until(2.0)) == 2


def test_a_long_curve_is_thinned_with_its_last_point():
    points = curve([float(number) for number in range(1_000)]).points(limit=100)

    assert len(points) <= 101
    assert points[-1][1] == 999.0
