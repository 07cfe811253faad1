"""The fuzzer of the decoders finds a planted fault of each kind, and none where there is none."""

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"


def fuzz(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, FUZZ, *options], capture_output=True, text=True, check=False)


def test_a_planted_fault_of_each_kind_is_found():
    result = fuzz("--planted", "--seconds", "3")

    assert result.returncode == 0, result.stdout
    assert "KeyError" in result.stdout
    assert "TimeoutError" in result.stdout


def test_control_a_decoder_without_a_fault_passes():
    result = fuzz("--only", "telemetry", "--seconds", "1")

    assert result.returncode == 0, result.stdout
    assert " 0 failures" in result.stdout
