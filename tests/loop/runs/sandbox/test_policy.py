"""How runs are isolated and what is refused: with bubblewrap, without it, and as the brief demands."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from arena import GPT, Arena
from toys import BRIEF, Project

from journal.events import RunFinished, RunStarted, SessionStarted
from loop.runs.sandbox import bubblewrap

needs_sandbox = pytest.mark.skipif(not bubblewrap.is_available(), reason=str(bubblewrap.unavailable_reason()))
SMALL = {"DEPTH": "1", "WIDTH": "32", "HEADS": "1", "HEAD_DIM": "16", "CONTEXT": "16", "BATCH": "4", "MICRO_BATCH": "4"}


@pytest.fixture
def bare(tmp_path):
    """A PATH with git, a shell and no bubblewrap."""
    folder = tmp_path / "bin"
    folder.mkdir()
    programs = ("git", "sh", "env", "apt-get")
    for name in programs:
        (folder / name).symlink_to(shutil.which(name) or "/bin/true")
    (folder / "python").symlink_to(sys.executable)
    return {"PATH": str(folder), "HOME": str(tmp_path)}


def project_with(tmp_path, sandbox):
    return Project(tmp_path / "toy", brief=BRIEF.replace("sandbox: none", f"sandbox: {sandbox}"))


def isolations(project):
    return {event.isolation for event in project.of(RunStarted)}


@needs_sandbox
def test_auto_is_a_sandbox_if_one_works(tmp_path):
    project = project_with(tmp_path, "auto")

    done = project.loop("run", "--experiments", "0")

    assert done.returncode == 0, done.stderr
    assert isolations(project) == {"sandboxed"}
    assert len(project.of(RunFinished)) == 2


def test_numbers_of_the_sampler_run_limited_if_there_is_no_sandbox(tmp_path, bare):
    project = project_with(tmp_path, "auto")

    done = project.loop("run", "--experiments", "0", env=bare)

    assert done.returncode == 0, done.stderr
    assert isolations(project) == {"limited"}


def test_a_required_sandbox_that_is_missing_is_refused_with_the_line_that_installs_it(tmp_path, bare):
    project = project_with(tmp_path, "required")

    done = project.loop("run", "--experiments", "0", env=bare)

    assert done.returncode == 2
    assert "apt-get install -y bubblewrap" in done.stderr
    assert "Traceback" not in done.stderr
    assert not project.journal.exists() or project.of(SessionStarted) == []


def test_a_brief_may_turn_the_sandbox_off(tmp_path):
    project = project_with(tmp_path, "none")

    project.loop("run", "--experiments", "0")

    assert isolations(project) == {"none"}


@needs_sandbox
def test_the_real_training_runs_in_the_sandbox_and_is_scored_there(tmp_path):
    project = Arena(tmp_path / "project", sandbox="required", budget=0.3)
    (project.root / "torch.py").unlink()
    source = (GPT / "train.py").read_text()
    for name, value in SMALL.items():
        source = re.sub(rf"(?m)^{name} = \S+", f"{name} = {value}", source)
    commit = project.commit(source)
    del project.locked["torch.py"]

    outcome = project.make(commit)

    assert isinstance(outcome, RunFinished), outcome
    assert outcome.steps > 0
    assert 0 < outcome.metric < 5
    assert outcome.startup_seconds > 0
    assert not any(Path(project.runs.folder("night", 1, 1) / name).exists() for name in ("train", "evaluate", "home"))


def test_code_that_a_model_wrote_is_refused_if_there_is_no_sandbox(bare):
    code = (
        "from loop.brief.config import Config; from loop.runs.sandbox.policy import require_sandbox\n"
        "require_sandbox(Config(goal='', metric='m', direction='minimize'), by_model=True)"
    )

    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False)

    assert "RunRefused" in done.stderr
    assert "sandbox: none" in done.stderr
