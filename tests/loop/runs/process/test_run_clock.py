"""What passes while the loop is stopped: it is no reason to end a run, and no time of the run if everything was stopped."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from loop.runs.process.guardian import descendants, process_stats
from loop.runs.process.run_clock import RunClock

LOOP = """
import json, sys
from pathlib import Path
from loop.runs.process.environment import environment
from loop.runs.process.runner import Command, CommandObserver, run
folder = Path(sys.argv[1])
command = Command(line=sys.argv[2], folder=folder, environment=environment(folder / "home", temp=folder, extra={}),
                  log=folder / "log", seconds=float(sys.argv[3]))
print("started", flush=True)
status = run(command, CommandObserver(on_launch=lambda pid: print(pid, flush=True)))
print(json.dumps([status.reason, status.exit_code, round(status.wall_seconds, 1)]))
"""


def stopped(tmp_path, line, *, limit, others=()):
    """How a command ends whose loop, and others beside it, are stopped for four seconds from its start."""
    words = [sys.executable, "-c", LOOP, str(tmp_path), line, str(limit)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as loop:
        loop.stdout.readline()
        guardian = int(loop.stdout.readline())
        time.sleep(0.3)
        tree = [loop.pid, *(process for name in others for process in members(name, guardian))]
        [os.kill(process, signal.SIGSTOP) for process in tree]
        time.sleep(4)
        [os.kill(process, signal.SIGCONT) for process in reversed(tree)]
        return json.loads(loop.stdout.read())


def members(name, guardian):
    found = descendants(guardian, process_stats())
    return {"guardian": [guardian], "command": found}[name]


def test_a_run_that_ended_while_the_loop_was_stopped_has_ended_well(tmp_path):
    assert stopped(tmp_path, "sleep 1", limit=2)[:2] == ["exited", 0]


def test_a_run_that_was_stopped_with_the_loop_has_its_time_afterwards(tmp_path):
    reason, exit_code, seconds = stopped(
        tmp_path, "sh -c 'sleep 0.8; sleep 0.8'", limit=3, others=("guardian", "command")
    )

    assert (reason, exit_code) == ("exited", 0)
    assert seconds < 3


def test_a_run_that_went_on_beyond_its_limit_while_the_loop_was_stopped_is_ended(tmp_path):
    assert stopped(tmp_path, "sleep 60", limit=3)[0] == "timeout"


@pytest.mark.parametrize(("word", "left"), [(1.0, 1.0), (100.0, 9.0)])
def test_the_guardian_cannot_make_more_of_the_time_than_has_passed(word, left):
    now = [0.0]
    clock = RunClock(lambda: now[0])
    now[0] = 9.0

    clock.set_elapsed(word)

    assert clock.look()
    assert clock.elapsed() == left
