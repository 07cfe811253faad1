"""What a training reports costs at most its own run."""

import sys

import pytest

from journal.errors import JournalFull
from loop.runs.measure import RunObserver, measure
from loop.runs.outcome import failure
from loop.runs.process.environment import environment
from loop.runs.process.runner import Command

REPORTS = """
import os, time
line = b'{"event":"step","step":1,"seconds":1.0}\\n'
os.write(int(os.environ["AR_TELEMETRY_FD"]), line)
time.sleep(SECONDS)
"""


def measured(folder, on_step, *, seconds):
    (folder / "script.py").write_text(REPORTS.replace("SECONDS", str(seconds)))
    command = Command(
        line=f"{sys.executable} -I -S script.py",
        folder=folder,
        environment=environment(folder / "home", temp=folder / "home", extra={}),
        log=folder / "log",
        seconds=60.0,
        telemetry=True,
    )
    return measure(command, RunObserver(on_step=on_step))


def overflow(step):
    return float(10**400) + step.step


def test_an_error_of_a_listener_ends_the_run_and_not_the_session(tmp_path):
    result = measured(tmp_path, overflow, seconds=600)

    problem = failure(result, stage="training")

    assert (problem.kind, result.status.reason) == ("crash", "timeout")
    assert "the loop could not take in what the training reported (OverflowError: int too large" in problem.reason


def test_control_a_listener_without_an_error_ends_nothing(tmp_path):
    steps = []

    result = measured(tmp_path, steps.append, seconds=0.5)

    assert (failure(result, stage="training"), [step.step for step in steps]) == (None, [1])


def test_an_error_of_the_journal_is_the_session_s(tmp_path):
    def full(_step):
        raise JournalFull("The disk is full.")

    with pytest.raises(JournalFull):
        measured(tmp_path, full, seconds=600)
