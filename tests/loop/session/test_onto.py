"""`ar-loop run --onto`: a new session starts from the best commit of an earlier one, or says why it cannot."""

import os
import pty
import subprocess
import sys

import pytest
from toys import BRIEF, SCRIPTED, Project

from journal.events import ExperimentKept, IdeaRefused, SessionStarted

VERIFY = "import sys; sys.argv[0] = 'ar-journal'; from journal.console.entry import main; main()"


@pytest.fixture
def project(tmp_path):
    """Session `one` has kept 0.4 and 0.35, from 0.5; the best rate is 0.3."""
    project = Project(tmp_path / "toy", brief=SCRIPTED, rates="0.4 0.35 0.6")
    assert project.loop("run", "--tag", "one", "--experiments", "2").returncode == 0
    return project


def kept(project, session):
    return [event for event in project.of(ExperimentKept) if event.session == session]


@pytest.mark.parametrize("name", ["one", "best"])
def test_a_new_session_starts_from_the_best_commit_of_an_earlier_one(project, name):
    result = project.loop("run", "--onto", name, "--tag", "two", "--experiments", "1")

    assert result.returncode == 0, result.stderr
    started = project.of(SessionStarted)[-1]
    best = kept(project, "one")[-1]
    assert (started.session, started.onto, started.start) == ("two", "one", best.commit)
    assert kept(project, "two")[0].metric == best.metric
    assert project.git("merge-base", "autoresearch/one", "autoresearch/two") == best.commit


def test_control_without_it_a_new_session_starts_from_head_and_says_what_would_start_from_there(project):
    result = project.loop("run", "--tag", "two", "--experiments", "0")

    assert project.of(SessionStarted)[-1].start == project.git("rev-parse", "HEAD")
    assert (
        "note: HEAD does not hold what session one kept (2 changes, loss 0.05), so a new session starts without it: "
        "`ar-loop run --onto one` starts from there, or continue that session with `ar-loop run --tag one`."
    ) in result.stderr


def test_onto_without_a_tag_begins_a_session_while_another_is_open(project):
    result = project.loop("run", "--onto", "one", "--experiments", "0")

    assert result.returncode == 0, result.stderr
    assert len(project.of(SessionStarted)) == 2


def test_the_person_s_checkout_is_not_touched_and_the_journal_verifies(project):
    before = (project.git("rev-parse", "HEAD"), project.git("status", "--porcelain", "--", "train.py"))

    project.loop("run", "--onto", "one", "--tag", "two", "--experiments", "1")
    verified = subprocess.run(
        [sys.executable, "-c", VERIFY, "verify"], cwd=project.root, capture_output=True, text=True, check=False
    )

    assert (project.git("rev-parse", "HEAD"), project.git("status", "--porcelain", "--", "train.py")) == before
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_the_memory_of_the_next_session_lists_what_the_last_one_kept(project):
    project.loop("run", "--onto", "one", "--tag", "two", "--experiments", "0")

    memory = project.brief.read_text()

    assert memory.index("successes, do not remove\n- one#1 on one#0") < memory.index("- one#2 on one#1")


def test_what_failed_in_one_session_is_refused_in_the_next_on_the_same_program(project):
    project.loop("run", "--onto", "one", "--tag", "two", "--experiments", "1")

    project.loop("run", "--onto", "one", "--tag", "three", "--experiments", "1")

    refused = [event for event in project.of(IdeaRefused) if event.session == "three"]
    assert "the same program as experiment 1 of session two (discard" in refused[0].reason


def refusal(project, *arguments):
    """The message of a call that is refused and that writes no event."""
    before = len(project.recorded())
    result = project.loop("run", *arguments)
    assert (result.returncode, len(project.recorded())) == (2, before)
    return result.stderr.strip().splitlines()[-1]


def test_an_unknown_session_is_refused(project):
    assert refusal(project, "--onto", "nobody") == (
        "error: There is no session nobody: --onto takes the tag of an earlier session (one), or best."
    )


def test_the_tag_of_a_session_that_exists_is_refused(project):
    assert refusal(project, "--onto", "one", "--tag", "one") == (
        "error: Session one exists, and --onto starts a new session: choose another --tag, or leave out --onto."
    )


def test_ablate_and_onto_exclude_each_other(project):
    assert "name one of the two" in refusal(project, "--onto", "one", "--ablate")


def test_a_session_without_a_keep_is_refused(project):
    project.loop("run", "--tag", "two", "--experiments", "0")

    assert refusal(project, "--onto", "two", "--tag", "three") == (
        "error: Session two has kept no change: name another session, or start from HEAD, without --onto."
    )


def test_a_commit_that_is_gone_is_refused(project):
    best = kept(project, "one")[-1].commit
    for ref in project.git("for-each-ref", "--format=%(refname)", "refs").split():
        if ref != "refs/heads/main":
            project.git("update-ref", "-d", ref)
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")

    assert refusal(project, "--onto", "one", "--tag", "two") == (
        f"error: The commit {best[:10]} of session one is not in this repository: fetch its branch autoresearch/one, "
        "or start from HEAD, without --onto."
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("one", "Session one does not compare with HEAD, because the harness changed (budget 5 became 6): restore it"),
        ("best", "session one did, but the harness changed (budget 5 became 6); start without --onto."),
    ],
)
def test_a_session_with_another_harness_is_refused_with_what_changed(project, name, words):
    project.brief.write_text(project.brief.read_text().replace("budget: 5s", "budget: 6s"))

    assert words in refusal(project, "--onto", name, "--tag", "two")


def test_a_changed_evaluator_is_named(tmp_path):
    brief = SCRIPTED.replace("scope: train.py", "scope: train.py\nevaluate: python -I -S score.py")
    project = Project(tmp_path / "toy", brief=brief, rates="0.4")
    project.root.joinpath("score.py").write_text('print("loss: 1.0")\n')
    project.commit("an evaluator")
    project.loop("run", "--tag", "one", "--experiments", "0")
    project.root.joinpath("score.py").write_text('print("loss: 2.0")\n')
    project.commit("another evaluator")

    project.loop("run", "--tag", "two", "--experiments", "0")

    rows = subprocess.run(
        [sys.executable, "-c", VERIFY, "sql", "SELECT session, difference FROM studies", "--format", "csv"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert "two,score.py changed" in rows


def test_edits_of_head_that_the_earlier_session_lacks_are_named(project):
    project.root.joinpath("train.py").write_text(project.root.joinpath("train.py").read_text() + "# mine\n")
    project.commit("my edit")

    result = project.loop("run", "--onto", "best", "--tag", "two", "--experiments", "0")

    assert (
        "note: HEAD has changed train.py since session one started, and a session from there does not have these edits."
    ) in result.stderr


@pytest.mark.parametrize(("answer", "onto"), [(b"y\n", "one"), (b"n\n", ""), (b"\n", "")])
def test_at_a_terminal_the_person_is_asked(project, answer, onto):
    parent, child = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "loop.cli", "run", "--tag", "two", "--experiments", "0"],
        cwd=project.root,
        stdin=child,
        stdout=subprocess.DEVNULL,
        stderr=child,
    ) as process:
        os.close(child)
        os.write(parent, answer)
        _drain(parent)
        process.wait(60)
    os.close(parent)

    assert project.of(SessionStarted)[-1].onto == onto


def _drain(terminal):
    """Read until the program has closed its end."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:  # the other end is closed
        pass


def test_a_first_session_is_told_nothing_of_others(tmp_path):
    project = Project(tmp_path / "toy", brief=BRIEF)

    result = project.loop("run", "--experiments", "0")

    assert "HEAD does not hold" not in result.stderr
