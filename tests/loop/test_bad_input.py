"""What a person can get wrong before a session: one clear sentence, exit code 2, and nothing changed."""

import os
import subprocess
from pathlib import Path

import pytest
from toys import BRIEF, SCRIPTED, Project

from journal.events import SessionEnded


def sentence(done: subprocess.CompletedProcess) -> str:
    """The one sentence of a refusal."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert (done.returncode, done.stdout, len(lines)) == (2, "", 1), done.stderr
    assert lines[0].startswith("error: ")
    return lines[0].removeprefix("error: ")


def everything(root: Path) -> dict[str, bytes]:
    """Every file below a folder, git's own too, but what git itself touches when it only looks."""
    paths = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def brief(old: str, new: str) -> str:
    assert old in BRIEF
    return BRIEF.replace(old, new)


# --- the repository ------------------------------------------------------------------------------------------------


def _no_repository(root: Path) -> None:
    (root / "program.md").write_text(BRIEF)


def _bare(root: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", root], check=True)


def _unborn(root: Path) -> None:
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / "program.md").write_text(BRIEF)


def _no_brief(root: Path) -> None:
    (Project(root).root / "program.md").unlink()


def _folder_for_a_brief(root: Path) -> None:
    (Project(root).root / "program.md").unlink()
    (root / "program.md").mkdir()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_no_repository, "is not in a git repository: run `git init` and commit your files first."),
        (_bare, "is a bare repository: use a clone with files."),
        (_unborn, "has no commit yet: commit your files first"),
        (_no_brief, "There is no program.md in"),
        (_folder_for_a_brief, "There is no program.md in"),
    ],
)
def test_a_place_that_is_no_project(tmp_path, make, message):
    root = tmp_path / "toy"
    root.mkdir()
    make(root)
    before = everything(root)

    done = Project.loop(_at(root), "run")

    assert message in sentence(done)
    assert everything(root) == before


# --- the brief -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("metric: loss", "metric: [", "program.md line 5: this is not YAML"),
        ("scope: train.py", "scope: nothing.py", "The scope nothing.py has no file to edit: no committed file matches."),
        ("scope: train.py", "scope: ../x.py", "The pattern '../x.py' cannot be used"),
        ("python -I -S train.py", "no-such-program train.py", "The train command `no-such-program train.py` cannot run: there is no program"),
        ("python -I -S train.py", "./run.sh", "cannot run: there is no run.sh here."),
        ("scope: train.py", "scope: train.py\ninputs: [data]", "The input data of program.md does not exist."),
        ("scope: train.py", "scope: train.py\nprofile: cpu.toml\nprepare: make data", "The profile cpu.toml of program.md does not exist: make it with `make data`."),
    ],
)  # fmt: skip
def test_a_brief_that_cannot_be_followed(tmp_path, old, new, message):
    project = Project(tmp_path / "toy", brief=brief(old, new))
    before = everything(project.root)

    done = project.loop("run")

    assert message in sentence(done)
    assert everything(project.root) == before


@pytest.mark.parametrize("arguments", [["--tag", "a b"], ["--tag", "main/../x"]])
def test_a_tag_that_names_no_branch(project, arguments):
    before = project.picture()

    done = project.loop("run", *arguments)

    assert "cannot name a branch" in sentence(done)
    assert project.picture() == before


def test_a_branch_of_that_name_that_is_somebody_elses(project):
    project.git("branch", "autoresearch/night")
    before = project.picture(), project.git("for-each-ref")

    done = project.loop("run", "--tag", "night")

    assert "exists and belongs to no session of this journal" in sentence(done)
    assert (project.picture(), project.git("for-each-ref")) == before


# --- the training --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ('RATE = 0.5\nprint("accuracy: 1")\n', "The unchanged code gives no metric: the output has no line `loss: number`"),
        ('RATE = 0.5\nraise SystemExit("ValueError: no")\n', "The unchanged code gives no metric: the training ended with exit code 1: ValueError: no"),
        ("import os\nRATE = 0.5\nos.kill(os.getpid(), 11)\n", "The unchanged code gives no metric: the training ended by signal 11"),
    ],
)  # fmt: skip
def test_a_training_without_a_metric_ends_its_session_and_says_what_to_do(tmp_path, train, message):
    project = Project(tmp_path / "toy", train=train)
    before = project.picture()

    done = project.loop("run")

    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]
    assert "See `ar-journal show 0`" in done.stderr.splitlines()[-1]
    cause = message.removeprefix("The unchanged code gives no metric: ")
    assert [cause in line for line in done.stderr.splitlines()].count(True) == 2  # of its run, and of the command
    assert "Traceback" not in done.stderr.replace(project.of(SessionEnded)[0].reason, "")
    assert project.picture() == before


# --- the machine ---------------------------------------------------------------------------------------------------


def test_a_machine_without_git(project, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "env").symlink_to("/usr/bin/env")

    done = project.loop("run", env={**os.environ, "PATH": str(tmp_path / "bin")})

    assert sentence(done) == "git is not installed: install it with your system's package manager."


def test_a_journal_in_a_folder_that_cannot_be_written(project):
    done = project.loop("run", "--journal", "/proc/journal.db")

    assert "The journal /proc/journal.db cannot be opened for writing" in sentence(done)


def test_a_journal_that_is_no_journal(project, tmp_path):
    (tmp_path / "notes.db").write_text("my notes, not a journal\n" * 100)

    done = project.loop("run", "--journal", str(tmp_path / "notes.db"))

    assert "is not a journal" in sentence(done)
    assert (tmp_path / "notes.db").read_text() == "my notes, not a journal\n" * 100


@pytest.fixture
def small_disk(tmp_path):
    """A disk of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small disk needs the right to mount one: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.fixture
def readonly_disk(small_disk):
    project = Project(small_disk / "toy")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    return project


def test_a_full_disk_is_said_before_anything_runs(small_disk):
    project = Project(small_disk / "toy")

    done = project.loop("run", "--tag", "night")

    assert done.returncode == 2
    assert "0.0 GiB free at" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_disk_without_a_byte_left(small_disk):
    project = Project(small_disk / "toy")
    with (small_disk / "ballast").open("wb") as file, pytest.raises(OSError, match="No space left"):
        file.write(b"x" * (4 << 20))

    done = project.loop("run", "--tag", "night")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_a_disk_that_is_read_only(readonly_disk):
    before = everything(readonly_disk.root)

    done = readonly_disk.loop("run")

    assert "is not writable, and a session writes there: make it writable." in sentence(done)
    assert everything(readonly_disk.root) == before


def test_a_program_without_a_knob_is_said_before_a_baseline_is_spent_on_it(tmp_path):
    project = Project(tmp_path / "toy", train='rate = 0.5\nprint("loss:", rate)\n')

    doctor = project.loop("doctor")
    run = project.loop("run")
    init = project.loop(
        "init", "--force", "--goal", "a loss of 0", "--metric", "loss", "--direction", "min", "--no-trial"
    )

    message = (
        "the built-in sampler has nothing to propose. The files in scope have no knob: write a module-level number"
    )
    assert doctor.returncode == 1
    assert f"✗  proposer    {message}" in doctor.stdout
    assert f"T{message[1:]}" in sentence(run)
    assert not project.journal.exists()
    assert f"note: {message}" in init.stderr


def test_keys_of_the_sampler_without_effect_are_notes_and_the_session_goes_on(tmp_path):
    text = brief(
        "proposer: sampler", "proposer: sampler\nsampler: tpe\npriors: {RATE: [[0.5, 0.4, 3, 1]], RAET: [[1, 2, 3, 1]]}"
    )
    project = Project(tmp_path / "toy", brief=text)

    doctor = project.loop("doctor")
    run = project.loop("run", "--experiments", "1")

    tpe = "`sampler: tpe` means `local`: the sampler has no TPE"
    prior = "`priors` names RAET, which is no knob of the files in scope: correct the name, or remove it."
    assert doctor.stdout.count(f"proposer    {tpe}") == doctor.stdout.count(f"proposer    {prior}") == 1
    assert (run.returncode, run.stderr.count(f"note: {tpe}"), run.stderr.count(f"note: {prior}")) == (0, 1, 1)


def test_control_a_brief_of_defaults_has_no_such_note(project):
    run = project.loop("run", "--experiments", "1")

    assert run.returncode == 0
    assert "note: `" not in run.stderr


def test_the_doctor_says_that_nothing_can_be_written(readonly_disk):
    done = readonly_disk.loop("doctor")

    assert done.returncode == 1
    assert f"✗  folder      {readonly_disk.root} is not writable, and a session writes there" in done.stdout


# --- the other commands --------------------------------------------------------------------------------------------


def test_a_brief_is_not_overwritten_by_another(project):
    before = project.brief.read_bytes()

    done = project.loop("init", "--goal", "g", "--metric", "m", "--train", "python train.py", "--scope", "train.py")

    assert "exists: edit it, move it away, or replace its front matter" in sentence(done)
    assert project.brief.read_bytes() == before


def test_a_first_brief_is_one_that_can_be_run(project):
    project.brief.unlink()

    done = project.loop(
        "init",
        "--goal",
        "g: h",
        "--metric",
        "loss",
        "--train",
        "python -I -S train.py",
        "--scope",
        "train.py",
        "--budget",
        "5s",
    )
    doctor = project.loop("doctor")

    assert done.returncode == 0, done.stderr
    assert "✓  brief       program.md: minimize loss, 5 s a run" in doctor.stdout
    assert f"✓  folder      {project.root} is writable" in doctor.stdout
    assert "✓  proposer    the built-in sampler proposes: there is no key for Claude" in doctor.stdout


def test_the_doctor_says_what_keeps_a_session_from_running(tmp_path):
    project = Project(tmp_path / "toy", brief=SCRIPTED.replace("scope: train.py", "scope: train.py\ninputs: [data]"))

    done = project.loop("doctor")

    assert done.returncode == 1
    assert "✗  commands    The input data of program.md does not exist." in done.stdout
    assert not (project.root / ".ar").exists()


def test_a_script_of_python_that_is_not_there_is_said_before_a_run_is_spent_on_it(tmp_path):
    project = Project(tmp_path / "toy", brief=BRIEF.replace("python -I -S train.py", "python -u nofile.py"))

    done = project.loop("doctor")

    assert done.returncode == 1
    assert "cannot run: there is no nofile.py here." in done.stdout


def test_a_script_that_nobody_committed_is_said_before_a_run_is_spent_on_it(tmp_path):
    project = Project(tmp_path / "toy", brief=BRIEF.replace("python -I -S train.py", "python -u mine.py"))
    (project.root / "mine.py").touch()

    done = project.loop("doctor")

    assert "cannot run: mine.py is not committed, and runs see commits only. Commit it." in done.stdout


def _at(root: Path) -> Project:
    project = Project.__new__(Project)
    project.root = root
    return project
