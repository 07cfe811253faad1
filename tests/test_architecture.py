"""The architecture runs: what static contracts suppose is proven in processes of their own."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = "torch anthropic textual matplotlib numpy mcp"


def loaded_by(code: str) -> set[str]:
    """Which heavy packages a fresh interpreter has loaded after this code."""
    told = f"{code}\nimport sys; print(*[name for name in {HEAVY.split()!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


def help_of(module: str) -> str:
    return f"import sys\nsys.argv = ['x', '--help']\ntry:\n    import {module} as m\n    m.main()\nexcept SystemExit:\n    pass"


@pytest.mark.parametrize(
    "package", ["journal", "journal.store", "journal.projections", "journal.query.sql", "journal.reports.memory.block"]
)
def test_the_memory_loads_without_the_heavy_packages(package: str) -> None:
    assert loaded_by(f"import {package}") == set()


@pytest.mark.parametrize("command", ["journal.cli", "loop.cli", "tui.cli"])
def test_help_answers_without_the_heavy_packages(command: str) -> None:
    assert loaded_by(help_of(command)) == set()


@pytest.mark.parametrize(
    "module", ["loop.session.bootstrap", "loop.session.main_loop", "loop.keep_rule", "loop.gate.gate"]
)
def test_the_loop_runs_a_night_without_torch_anthropic_or_a_screen(module: str) -> None:
    assert loaded_by(f"import {module}") == set()


def test_the_parts_of_the_screen_that_are_pure_need_no_textual() -> None:
    assert "textual" not in loaded_by("import tui.terminal.formatting")


# contract -> the file that a mutation adds an import to, and the import, which no other contract forbids
MUTATIONS = {
    "loop and tui import journal, and neither imports the other": ("journal/errors.py", "import tui"),
    "journal: one way down": ("journal/events/branch.py", "import journal.store.reader"),
    "loop: one way down": ("loop/brief/guards.py", "import loop.runs.run"),
    "tui: one way down": ("tui/widgets/plot.py", "import tui.screens.live"),
    "Nobody imports gpt, which runs in processes of its own, nor torch": ("loop/runs/run.py", "import torch"),
    "gpt imports none of the other packages": ("gpt/lock.py", "import tui.terminal.themes"),
    "Pure folders touch no clock, disk, process or SDK": ("loop/keep_rule.py", "import time"),
    "Only loop.workspace imports git": ("loop/session/start.py", "import git"),
    "Only the store and the query import SQLite: the one writes, the other asks": ("loop/cli/app.py", "import sqlite3"),
    "Who starts processes": ("loop/session/recovery.py", "import subprocess"),
    "Only loop.llm.api imports the Messages API": ("loop/proposers/claude/tools.py", "import anthropic"),
    "Only journal.mcp imports the Model Context Protocol and anyio": (
        "loop/cli/app.py",
        "import anyio",
    ),
}


def contracts() -> list[str]:
    """The names of the contracts in pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `make contracts` says of a copy of the packages with one forbidden import for each contract."""
    copy = tmp_path_factory.mktemp("mutated")
    for package in ("journal", "loop", "tui", "gpt"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for file, line in MUTATIONS.values():
        with (copy / file).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return done.stdout


def sections(report: str) -> list[tuple[str, str]]:
    """(contract, what breaks it) of the report on broken contracts."""
    found = re.split(r"^(.+)\n-{5,}\n", report.split("Broken contracts\n", 1)[1], flags=re.MULTILINE)
    return list(zip(found[1::2], found[2::2], strict=True))


def test_every_contract_has_a_mutation() -> None:
    assert list(MUTATIONS) == contracts()


@pytest.mark.parametrize("contract", MUTATIONS)
def test_one_forbidden_import_breaks_its_contract_and_no_other(broken: str, contract: str) -> None:
    file, line = MUTATIONS[contract]
    importer, imported = file.removesuffix(".py").replace("/", "."), line.removeprefix("import ")

    finding = rf"{re.escape(importer)} -> {re.escape(imported)} \(l\.\d+\)"

    assert [name for name, text in sections(broken) if re.search(finding, text)] == [contract]
