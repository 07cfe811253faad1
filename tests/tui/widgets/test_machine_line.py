"""The machine beside its run: how busy, how hot, and whether a GPU throttles or idles."""

from datetime import timedelta

import pytest
import sessions
from painter import ScenePainter

from journal.store import MachineSample
from journal.store.machine_samples import stamp
from tui.widgets.machine import machine_line

BEGIN = sessions.START + timedelta(hours=1)


def sample(second=0, **fields):
    at = stamp(BEGIN + timedelta(seconds=second))
    return MachineSample(**{"sampled_at": at, "host": "box", "device": "gpu:0", **fields})


def text_of(samples):
    return "".join(text for text, _ in machine_line(samples))


def test_a_device_shows_its_history_and_what_it_reports():
    history = [sample(second, utilization=use) for second, use in enumerate((0.0, 0.5))]
    last = sample(2, utilization=0.97, temperature=71.4, memory=30 * 2**30, memory_total=80 * 2**30)

    assert text_of([*history, last]) == "gpu:0 ▁▅█ 97% 71 °C 30 GiB of 80 GiB"


def test_a_gpu_that_lowers_its_clock_says_why():
    assert text_of([sample(utilization=1.0, throttled="power limit")]) == "gpu:0 █ 100% throttled: power limit"


def test_a_gpu_that_does_nothing_is_idle():
    assert text_of([sample(second, utilization=0.02) for second in range(12)]).endswith("idle")


def test_control_a_gpu_that_has_just_paused_is_not():
    history = [sample(0, utilization=0.9), *(sample(second, utilization=0.02) for second in range(1, 12))]

    assert not text_of(history).endswith("idle")


def test_several_boxes_are_named():
    assert text_of([sample(utilization=0.0), sample(host="other", device="cpu", utilization=0.0)]) == (
        "box gpu:0 ▁ 0%   other cpu ▁ 0%"
    )


@pytest.fixture
def sampled(tmp_path):
    """A run in flight on a machine that is sampled, also before the run."""
    journal = sessions.write(tmp_path / "journal.db")
    journal.add_machine_samples(
        [sample(-7_200, device="cpu", utilization=0.33), sample(device="cpu", utilization=0.87)]
    )
    journal.close()
    return ScenePainter(tmp_path / "journal.db")


def test_live_shows_the_machine_since_the_run_in_flight_started(sampled):
    text = sampled.text(width=100, height=30)

    assert "cpu ▇ 87%" in text
    assert "limited, not contained" in text


def test_a_replayed_position_shows_nothing_that_was_sampled_later(sampled):
    assert "87%" not in sampled.text(width=100, height=30, screen="live", replay=sampled.head - 1)
