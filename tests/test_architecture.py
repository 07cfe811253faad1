"""The architecture runs: what static contracts suppose is proven in processes of their own."""

import subprocess
import sys

import pytest

HEAVY = "torch anthropic textual matplotlib numpy optuna"


def loaded_by(code: str) -> set[str]:
    """Which heavy packages a fresh interpreter has loaded after this code."""
    told = f"{code}\nimport sys; print(*[name for name in {HEAVY.split()!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


def help_of(module: str) -> str:
    return f"import sys\nsys.argv = ['x', '--help']\ntry:\n    import {module} as m\n    m.main()\nexcept SystemExit:\n    pass"


@pytest.mark.parametrize(
    "package", ["journal", "journal.store", "journal.projections", "journal.query.sql", "journal.reports.memory"]
)
def test_the_memory_loads_without_the_heavy_packages(package: str) -> None:
    assert loaded_by(f"import {package}") == set()


@pytest.mark.parametrize("command", ["journal.cli", "loop.cli", "tui.cli"])
def test_help_answers_without_the_heavy_packages(command: str) -> None:
    assert loaded_by(help_of(command)) == set()


@pytest.mark.parametrize("module", ["loop.bootstrap", "loop.session", "loop.judge", "loop.gate"])
def test_the_loop_runs_a_night_without_torch_anthropic_or_a_screen(module: str) -> None:
    assert loaded_by(f"import {module}") == set()


def test_the_parts_of_the_screen_that_are_pure_need_no_textual() -> None:
    assert "textual" not in loaded_by("import tui.terminal.formatting")
