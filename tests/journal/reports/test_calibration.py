import pytest
from scripted_session import SIGMA, ScriptedSession

from journal.reports.calibration import calibrate, calibration_lines
from journal.reports.memory import block as memory

FILES = {"train.py": "LR = 0.04\n"}
SLOWER = {"train.py": "LR = 0.02\n"}


@pytest.fixture
def night():
    night = ScriptedSession(FILES)
    night.kept(1, "halve the rate", SLOWER, gain=4.0, kind="knob", expected_delta=-0.01)
    night.discarded(2, "swap in GeLU", FILES, gain=-2.0, kind="architecture", expected_delta=-0.03)
    night.discarded(3, "a longer warmup", FILES, gain=1.0, kind="knob", expected_delta=-0.02)
    night.discarded(4, "no prediction", FILES, kind="knob")
    night.crashed(5, "double the depth", FILES, kind="nan")
    return night


def test_predicted_and_measured_deltas_are_compared_per_proposer_and_kind(night):
    architecture, knob = calibrate(night.state.experiments.rows.values())

    assert (knob.proposer, knob.kind, knob.experiments) == ("scripted", "knob", 2)
    assert knob.predicted == pytest.approx(-0.015)
    assert knob.measured == pytest.approx(-2.5 * SIGMA)
    assert knob.missed == pytest.approx((abs(-4 * SIGMA + 0.01) + abs(-SIGMA + 0.02)) / 2)
    assert knob.right_direction == 2
    assert (architecture.experiments, architecture.right_direction) == (1, 0)


def test_the_memory_holds_how_accurate_predictions_were(night):
    lines = calibration_lines(night.state.experiments.rows.values(), session="nov20")

    assert lines == ["scripted predicted -0.02 on average and -0.005 was measured; the direction was right in 2 of 3."]
    assert lines[0] in memory.render(night.state, "nov20")


def test_a_session_without_predictions_has_no_line_about_them():
    night = ScriptedSession(FILES)
    night.discarded(1, "halve the rate", SLOWER)

    assert calibrate(night.state.experiments.rows.values()) == []
    assert "predicted" not in memory.render(night.state, "nov20")
