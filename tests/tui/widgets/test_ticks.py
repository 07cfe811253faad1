import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui.terminal.frame import Frame
from tui.widgets.plot import Box, Series, fit_axes, paint_plot
from tui.widgets.ticks import log_ticks, ticks


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 20, ["0", "5", "10", "15", "20"]),
        (1.475, 1.539, ["1.48", "1.50", "1.52"]),
        (0, 9_992, ["0", "2,000", "4,000", "6,000", "8,000"]),
        (0, 3.2e6, ["0", "1M", "2M", "3M"]),
    ],
)
def test_labels_are_round_values(low, high, labels):
    assert [tick.label for tick in ticks(low, high, 4)] == labels


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 6))
def test_no_two_labels_of_an_axis_read_the_same(low, span, wanted):
    assume(span > 1e-9 * abs(low))  # below that, floats themselves are too coarse

    found = ticks(low, low + span, wanted)

    labels = [tick.label for tick in found]
    assert len(set(labels)) == len(labels) >= 2
    assert all(low - 1e-6 * span <= tick.value <= low + span * (1 + 1e-6) for tick in found)


def test_a_logarithmic_axis_has_steps_of_1_2_and_5():
    assert [tick.label for tick in log_ticks(0.001, 5, 4)] == ["0.001", "0.01", "0.1", "1"]


def test_the_ends_of_a_flat_frontier_read_differently():
    level = Series(points=[(0.0, 1.539), (9.0, 1.539)], shape="stairs")
    dots = Series(points=[(1.0, 1.5391), (2.0, 1.5388)], shape="dots")
    frame = Frame(40, 6)

    paint_plot(frame, Box(x=0, y=0, width=40, height=6), [level, dots], fit_axes([level, dots]), is_ascii=False)

    labels = [line.split()[0] for line in frame.text().splitlines()[:5] if line[:1].strip()]
    assert len(labels) == len(set(labels)) >= 2
