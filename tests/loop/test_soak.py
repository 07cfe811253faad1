"""A small version of the night in `benchmarks/soak.py`: faults of several kinds, each met, and nothing lost."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOAK = ROOT / "benchmarks" / "soak.py"
FAULTS = (
    "improvement", "fork-bomb", "memory-in-forks", "forged-evaluator", "symlink", "stale-lock", "branch-checked-out", "skipped",
    "erases-its-folder", "full-disk",
)  # fmt: skip


def test_faults_of_every_kind_are_met_and_nothing_is_lost():
    options = ("--json", "--nights", "1", "--experiments", str(len(FAULTS)), "--faults", ",".join(FAULTS))

    done = subprocess.run([sys.executable, SOAK, *options], cwd=ROOT, check=False, capture_output=True, text=True)

    tally = json.loads(done.stdout or done.stderr)
    assert (tally["unmet"], tally["damage"], done.returncode) == ([], [], 0)
    assert {name: sum(row.values()) for name, row in tally["faults"].items()} == {
        name: name not in tally["left_out"] for name in FAULTS
    }
