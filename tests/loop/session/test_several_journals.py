"""Several journals in one repository: of linked worktrees, and of a folder that was deleted. None accuses the other."""

import shutil
import subprocess
import sys

from toys import SCRIPTED, Project

VERIFY = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'ar-journal'; from journal.console.entry import main; main()",
    "verify",
]


def verified(root):
    """Exit code and output of a verification."""
    result = subprocess.run(VERIFY, cwd=root, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def session(project, root, tag):
    result = project.loop("run", "--tag", tag, "--experiments", "1", cwd=root)
    assert result.returncode == 0, result.stderr


def test_two_worktrees_with_a_journal_each_verify(tmp_path):
    project = Project(tmp_path / "one", brief=SCRIPTED, rates="0.4")
    second = tmp_path / "two"
    project.git("worktree", "add", "-q", str(second), "-b", "other")

    session(project, project.root, "here")
    session(project, second, "there")
    results = [verified(project.root), verified(second)]

    assert [code for code, _ in results] == [0, 0], results
    assert all("anchored in git" in output for _, output in results)
    assert all("commits of other journals were not compared" in output for _, output in results)


def test_after_the_journal_was_deleted_the_next_one_verifies_also_under_the_same_tag(tmp_path):
    project = Project(tmp_path / "one", brief=SCRIPTED, rates="0.4")
    session(project, project.root, "here")
    shutil.rmtree(project.root / ".ar")
    project.git("branch", "-D", "autoresearch/here")

    session(project, project.root, "here")
    code, output = verified(project.root)

    assert (code, "NOT as it was written" in output) == (0, False), output


def test_control_a_cut_journal_of_its_own_is_found(tmp_path):
    project = Project(tmp_path / "one", brief=SCRIPTED, rates="0.4")
    session(project, project.root, "here")
    subprocess.run([sys.executable, "-c", CUT, str(project.journal)], check=True)

    code, output = verified(project.root)

    assert code == 1
    assert "the journal ends before it" in output or "is truncated" in output


CUT = """
import sqlite3, sys
from contextlib import closing
from pathlib import Path
from journal.store import Journal, Reader
path = Path(sys.argv[1])
rows = list(Reader(path).rows())
kept = [row for row in rows if row[2].startswith("session/")][:1]
path.rename(path.with_name("whole.db"))
[path.with_name(path.name + end).unlink(missing_ok=True) for end in ("-wal", "-shm")]
with closing(Journal(path)) as journal:
    journal.acquire()
    journal.restore(rows[:4])
"""


def test_a_kept_commit_and_its_note_name_their_journal(tmp_path):
    project = Project(tmp_path / "one", brief=SCRIPTED, rates="0.4")
    session(project, project.root, "here")
    name = project.recorded()[0].hash[:16]

    message = project.git(
        "log", "-1", "--format=%(trailers:key=AR-Journal,valueonly)%n%N", "--notes=autoresearch/*", "autoresearch/here"
    )

    assert message.split()[0] == name
    assert f"AR-Journal: {name}" in message
