"""The examples, created and run as their page says, with the sampler; what each is there to show is looked up afterwards."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from journal.events import ExperimentKept, SessionEnded, SessionPaused
from journal.store import Reader

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
LOOP = [sys.executable, "-m", "loop.cli", "run"]
KEYLESS = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC")}


def run(name, folder, *arguments):
    """An example's events after one call of the loop."""
    target = folder / name
    subprocess.run([sys.executable, EXAMPLES / "create.py", name, target], check=True, capture_output=True)
    ended = subprocess.run([*LOOP, *arguments], check=False, cwd=target, env=KEYLESS, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    with closing(Reader(target / ".ar" / "journal.db")) as reader:
        return [recorded.event for recorded in reader.read()]


def best(events):
    return [event.metric for event in events if isinstance(event, ExperimentKept)]


def test_latency_ends_faster_and_wrong_answers_are_not_kept(tmp_path):
    events = run("latency", tmp_path, "--experiments", "8", "--tag", "night")

    metrics = best(events)
    show = ["git", "show", "autoresearch/night:primes.py"]
    kept = subprocess.run(show, check=True, cwd=tmp_path / "latency", capture_output=True, text=True).stdout
    counted = subprocess.run([sys.executable, "-c", f"{kept}\nprint(count(10_000))"], check=True, capture_output=True)
    assert metrics[-1] < metrics[0] / 1.5
    assert int(counted.stdout) == 1229


def test_prose_ends_with_the_text_that_costs_the_fewest_points(tmp_path):
    events = run("prose", tmp_path)

    metrics = best(events)
    assert metrics[0] < 5
    assert metrics[-1] > 8


def test_the_classifier_is_measured_from_its_log_and_only_better_settings_are_kept(tmp_path):
    events = run("text-classifier", tmp_path, "--experiments", "1")

    metrics = best(events)
    assert isinstance(events[-1], SessionEnded | SessionPaused)
    assert 0.5 < metrics[0] < 0.78
    assert metrics[-1] >= metrics[0]


@pytest.mark.parametrize("search", ["at_random", "grid", "one_at_a_time"])
def test_each_search_of_the_comparison_ends_better_than_its_start(search, tmp_path):
    code = f"import compare as c; f = c.night(c.{search}, 1); print(c.measure(c.START, 7) > f[64])"

    ended = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=EXAMPLES / "random-vs-systematic",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )

    assert ended.stdout.strip() == "True", ended.stderr
