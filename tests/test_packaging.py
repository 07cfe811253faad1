"""The wheel carries everything that its commands need."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that no build folder is left in the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(source),
    ]
    subprocess.run(build, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel in it; the dependencies come from this one."""
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)],
        check=True,
    )
    site = next((home / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


@pytest.mark.parametrize("command", ["ar-loop", "ar-journal", "ar-tui"])
def test_each_command_answers_help_where_the_wheel_is_installed(elsewhere: Path, tmp_path: Path, command: str) -> None:
    done = subprocess.run([elsewhere / command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert command in done.stdout


def test_the_wheel_holds_the_four_rooms_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names if not name.startswith("ar_loop-")} == {
        "journal",
        "loop",
        "tui",
        "gpt",
    }
    assert "tui/app/app.tcss" in names
    assert "gpt/profiles.toml" in names


# --- without the extras ---

BRIEF = """---
goal: lower the loss
metric: loss
direction: minimize
train: python3 -I -S train.py
scope: train.py
budget: 5s
baseline_runs: 2
sandbox: none
proposer: sampler
---
"""
TRAIN = 'RATE = 0.5  # [0.1..1]\nprint("loss:", abs(RATE - 0.3))\n'
GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]


def is_required(requirement: Requirement, extras: set[str]) -> bool:
    """Whether a distribution that is installed with these extras requires it on this machine."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras})


def requirements(lines: list[str]) -> set[str]:
    """The names of the distributions that these lines of metadata require, with all that those require."""
    waiting, found = [one for one in map(Requirement, lines) if is_required(one, set())], set[str]()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in found:
            found.add(name)
            further = map(Requirement, metadata.distribution(name).requires or [])
            waiting += [one for one in further if is_required(one, requirement.extras)]
    return found


@pytest.fixture(scope="module")
def light(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel and the distributions that its metadata requires without an extra, and no others."""
    home = tmp_path_factory.mktemp("light") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, check=True)
    [site] = (home / "lib").glob("python*/site-packages")
    [record] = site.glob("ar_loop-*.dist-info")
    for name in requirements(metadata.PathDistribution(record).requires or []):
        installed = metadata.distribution(name)
        tops = {
            file.parts[0] for file in installed.files or [] if file.parts[0] != ".." and "__pycache__" not in file.parts
        }
        for top in tops:
            (site / top).symlink_to(Path(str(installed.locate_file(top))))
    return home / "bin"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "program.md").write_text(BRIEF)
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "a toy"]):
        subprocess.run([*GIT, *arguments], cwd=tmp_path, check=True)
    return tmp_path


def outcome(*command: object, cwd: Path) -> subprocess.CompletedProcess:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AR_", "ANTHROPIC_", "PYTHON"))
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_wheel_without_extras_runs_a_session_and_reads_it(light: Path, repository: Path) -> None:
    ran = outcome(light / "ar-loop", "run", "--experiments", "2", cwd=repository)
    kept = outcome(light / "ar-journal", "sql", "SELECT count(*) AS n FROM experiments", "--json", cwd=repository)
    report = outcome(light / "ar-journal", "report", "report.html", cwd=repository)
    screen = outcome(light / "ar-tui", "--picture", "screen.svg", cwd=repository)
    skill = outcome(light / "ar-loop", "init", "--agents", cwd=repository)

    assert ran.returncode == 0, ran.stderr
    assert json.loads(kept.stdout) == [{"n": 3}]
    assert (report.returncode, screen.returncode, skill.returncode) == (0, 0, 0), report.stderr + screen.stderr
    assert (repository / ".claude/skills/ar-loop/SKILL.md").is_file()


@pytest.mark.parametrize("name", ["torch", "numpy", "tiktoken", "rustbpe", "matplotlib", "mcp"])
def test_control_the_packages_of_the_extras_are_not_there(light: Path, tmp_path: Path, name: str) -> None:
    assert f"No module named '{name}'" in outcome(light / "python", "-c", f"import {name}", cwd=tmp_path).stderr


@pytest.mark.parametrize("module", ["gpt.prepare", "gpt.sample"])
def test_the_demonstration_says_in_one_sentence_what_it_needs(light: Path, tmp_path: Path, module: str) -> None:
    done = outcome(light / "python", "-m", module, "--help", cwd=tmp_path)

    assert done.returncode == 2
    assert re.fullmatch(r"error: \w+ is not installed: `pip install 'ar-loop\[gpt\]'` into .*\.\n", done.stderr)
