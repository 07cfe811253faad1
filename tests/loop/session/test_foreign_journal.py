"""A journal may come from anywhere: what it names as folders, tags and commits leads nowhere else."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from toys import Project

from journal.errors import JournalError
from journal.events import (
    Change,
    IdeaProposed,
    RunFinished,
    RunLaunched,
    RunStarted,
    SessionEnded,
    SessionStarted,
    experiment_stream,
    session_stream,
)
from journal.exchange.jsonl import checked, event_rows, export_lines
from journal.reports.transcripts import read_transcripts
from journal.store import Journal

SHA = "c" * 40
VICTIMS = ("home", "train", "evaluate", "out")


def foreign(
    path: Path, *, folder: str, tag: str = "theirs", start: str = SHA, branch: str | None = None, ended: bool = True
):
    """A journal of somebody else, with one run that names a folder."""
    session = SessionStarted(
        session=tag,
        brief="",
        brief_hash="",
        config={"goal": "g", "metric": "loss", "direction": "minimize"},
        base=start,
        start=start,
        branch=f"autoresearch/{tag}" if branch is None else branch,
    )
    run = {"session": tag, "experiment": 0, "run": 1}
    events = [
        IdeaProposed(
            session=tag, experiment=0, idea="the code", kind="baseline", parent=start, diff="", proposer="loop",
            change=Change(program="p", change="c"),
        ),
        RunStarted(**run, seed=0, commit=SHA, budget=1.0),
        RunLaunched(**run, pid=1, pid_started=1, boot="", folder=folder),
        RunFinished(**run, seed=0, metric=0.5, trust="measured", train_seconds=1.0, wall_seconds=1.0),
    ]  # fmt: skip
    with closing(Journal(path)) as journal:
        journal.acquire()
        journal.append(session_stream(tag), [session])
        journal.append(experiment_stream(tag, 0), events)
        journal.append(session_stream(tag), [SessionEnded(session=tag, reason="over")] if ended else [])
    return path


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "toy")


def victim(folder: Path) -> dict[str, bool]:
    """Which of a person's folders are still there."""
    return {name: (folder / name / "file").exists() for name in VICTIMS}


def furnish(folder: Path) -> Path:
    for name in VICTIMS:
        (folder / name).mkdir(parents=True)
        (folder / name / "file").touch()
    return folder


@pytest.mark.parametrize("named", ["../../precious", "{precious}", "../.ar/../../precious", "runs/../../../precious"])
def test_a_run_deletes_no_folder_that_a_foreign_journal_names(project, tmp_path, named):
    precious = furnish(tmp_path / "precious")
    folder = named.format(precious=precious)
    leads_there = (project.root / ".ar" / folder).resolve() == precious
    foreign(project.journal, folder=folder)

    result = project.loop("run", "--tag", "mine", "--experiments", "0")

    assert leads_there
    assert result.returncode == 0, result.stderr
    assert all(victim(precious).values())


def test_control_the_run_removes_what_is_left_in_the_run_s_own_folder(project):
    own = furnish(project.root / ".ar" / "runs" / "theirs-0000-1")
    foreign(project.journal, folder="anything")

    project.loop("run", "--tag", "mine", "--experiments", "0")

    assert victim(own) == {"home": False, "train": False, "evaluate": False, "out": True}


def test_control_a_folder_as_it_is_named_would_be_removed(project, tmp_path):
    precious = furnish(tmp_path / "precious")

    (project.root / ".ar").mkdir()

    shutil.rmtree(project.root / ".ar" / "../../precious" / "home", ignore_errors=True)

    assert victim(precious)["home"] is False


def test_a_run_s_folder_that_is_a_link_is_left_alone(project, tmp_path):
    precious = furnish(tmp_path / "precious")
    foreign(project.journal, folder="runs/theirs-0000-1")
    (project.root / ".ar" / "runs").mkdir()
    (project.root / ".ar" / "runs" / "theirs-0000-1").symlink_to(precious)

    project.loop("run", "--tag", "mine", "--experiments", "0")

    assert all(victim(precious).values())


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"start": "HEAD"}, "names 'HEAD', which is not the full name of a commit"),
        ({"start": "--all"}, "which is not the full name of a commit"),
        ({"branch": "main"}, "was imported, without its branch"),
        ({"branch": ""}, "was imported, without its branch"),
    ],
)
def test_a_foreign_session_whose_names_lead_elsewhere_is_not_continued(project, facts, message):
    head = project.git("rev-parse", "HEAD")
    foreign(project.journal, folder="x", ended=False, **facts)

    result = project.loop("run", "--experiments", "0")

    assert (result.returncode, project.git("rev-parse", "main")) == (2, head)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("tag", ["../../evil", "a/b"])
def test_a_foreign_session_whose_tag_is_none_is_neither_continued_nor_imported_nor_read(project, tmp_path, tag):
    foreign(project.journal, folder="x", tag=tag, ended=False)
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "0-1.json").write_text("{}")

    result = project.loop("run", "--experiments", "0")

    assert result.returncode == 2
    assert f"The tag `{tag}` cannot name a branch" in result.stderr
    with closing(Journal(project.journal)) as journal, pytest.raises(JournalError, match="cannot name a session"):
        list(checked(event_rows(export_lines(journal))))
    with pytest.raises(JournalError, match="cannot name a session"):
        read_transcripts(project.root / ".ar" / "prompts", [], session=tag, experiment=0)
