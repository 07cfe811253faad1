"""The loop is killed wherever it can be, and started again: a sample of what `benchmarks/kill.py` does, and of its faults."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"
sys.path.append(str(BENCHMARKS))  # last: benchmarks/tui.py must not hide the package
from mutants import MUTANTS, caught  # noqa: E402


def kill(*options: str) -> dict:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "kill.py", *options], cwd=ROOT, check=False, capture_output=True, text=True
    )
    return json.loads(done.stdout or done.stderr)


def test_a_loop_killed_at_any_act_goes_on_as_if_nobody_had_killed_it():
    tally = kill("--every", "29", "--first", "3")

    assert tally["damage"] == []
    assert tally["kills"] == tally["nights"] > 6


def test_a_loop_killed_at_random_while_it_asks_ahead_leaves_no_damage():
    tally = kill("--ahead", "--random", "8")

    assert tally["damage"] == []
    assert tally["kills"] >= 8


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="two workers need two processor cores")
def test_a_loop_killed_at_random_with_two_experiments_in_flight_leaves_no_damage():
    tally = kill("--workers", "2", "--random", "10")

    assert tally["damage"] == []
    assert tally["kills"] >= 10


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_planted_fault_is_still_a_program(mutant, tmp_path):
    shutil.copytree(ROOT / "loop", tmp_path / "loop")

    mutant.plant(tmp_path)

    assert ast.parse((tmp_path / mutant.file).read_text())


@pytest.mark.parametrize("words", ["a kept change does not move the branch", "a run is recorded when it is over"])
def test_the_harness_sees_a_planted_fault(words):
    mutant = next(mutant for mutant in MUTANTS if mutant.name == words)

    assert caught(mutant) != []
