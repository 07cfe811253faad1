"""A new session starts from HEAD: a note says if HEAD lacks what the last session kept."""

import pytest
from toys import Project

from journal.projections.sessions import Session
from journal.projections.state import State
from loop.setup.preflight import unmerged_message, unmerged_session
from loop.workspace import Workspace


@pytest.fixture
def after(tmp_path):
    """A project whose first session, `old`, has kept one change, on a branch beside main."""
    project = Project(tmp_path / "toy")
    project.git("switch", "-q", "-c", "autoresearch/old")
    project.root.joinpath("train.py").write_text("RATE = 0.3\n")
    kept = project.commit("kept")
    project.git("switch", "-q", "main")
    state = State()
    state.sessions.rows["old"] = Session(
        tag="old", state="ended", metric="loss", branch="autoresearch/old", incumbent=kept, best=0.0, baseline=0.2
    )
    state.sessions.rows["old"].counts["keep"] = 2
    return project, state


def note(project: Project, state: State, *, tag: str | None = None, is_in_study: bool = True) -> str | None:
    session = unmerged_session(Workspace(project.root), state, ("train.py",), tag=tag)
    return session and unmerged_message(session, is_in_study=is_in_study)


def test_a_new_session_without_the_keeps_of_the_last_one_says_how_to_take_them_along(after):
    project, state = after

    sentence = note(project, state)

    assert sentence == (
        "HEAD does not hold what session old kept (1 change, loss 0.0000), so a new session starts without it: "
        "`ar-loop run --onto old` starts from there."
    )
    assert note(project, state, is_in_study=False).endswith("`git merge autoresearch/old` first to include it.")
    assert note(project, state, tag="new") == sentence
    assert note(project, state, tag="old") is None


def test_where_a_session_goes_on_no_word_is_said(after):
    project, state = after
    state.sessions.rows["old"].state = "paused"

    assert note(project, state) is None
    assert ", or continue that session with `ar-loop run --tag old`." in note(project, state, tag="new")


@pytest.mark.parametrize("take", [["merge", "-q"], ["cherry-pick", "-n"]])
def test_what_was_taken_along_is_not_missed(after, take):
    project, state = after
    project.git(*take, "autoresearch/old")
    project.commit("taken")

    assert note(project, state) is None


def test_the_session_of_another_clone_is_not_missed_either(after):
    project, state = after
    state.sessions.rows["old"].incumbent = "0" * 40

    assert note(project, state) is None
