"""`ar-loop check`, as typed, on a toy project."""

import json

import pytest
from toys import BRIEF, TRAIN, Project

from journal.events import IdeaProposed
from loop.gate.patch import unified


def diff(old, new):
    return unified({"train.py": TRAIN}, {"train.py": TRAIN.replace(old, new)})


def test_a_new_change_is_accepted_and_shown(project):
    done = project.loop("check", "-", input=diff("0.5", "0.7"))

    assert (done.returncode, done.stdout) == (0, "RATE: 0.5 -> 0.7\naccepted\n")
    assert not project.journal.exists()


def test_gits_own_diff_of_the_working_tree_is_read(project):
    (project.root / "train.py").write_text(TRAIN.replace("abs(RATE", "abs(0.9 * RATE"))
    patch = project.root / "change.patch"
    patch.write_text(project.git("diff") + "\n")

    done = project.loop("check", str(patch), "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["passes"] is True


def test_a_change_that_was_run_is_refused_with_the_experiment(tmp_path):
    project = Project(tmp_path / "best", train=TRAIN.replace("0.3", "0.5"))  # the start is the optimum
    project.loop("run", "--experiments", "1")
    (tried,) = [event for event in project.of(IdeaProposed) if event.experiment == 1]

    done = project.loop("check", "-", "--json", input=tried.diff)

    assert done.returncode == 1
    assert json.loads(done.stdout)["rule"] == "same program"
    assert json.loads(done.stdout)["matched"] == 1


@pytest.mark.parametrize(
    ("patch", "code", "message"),
    [
        (diff("0.5", "0.50"), 1, "refused (unchanged)"),
        (diff("print(", "print(("), 1, "refused (parses)"),
        (diff("RATE = 0.5 ", "RATE = 0.4 ").replace("train.py", "other.py"), 2, "error:"),
        ("no diff at all\n", 1, "refused (empty)"),
    ],
    ids=["the same", "broken", "another file", "no diff"],
)
def test_what_the_gate_would_say_is_said(project, patch, code, message):
    done = project.loop("check", "-", input=patch)

    assert done.returncode == code
    assert message in done.stdout + done.stderr


def test_a_patch_that_cannot_be_read_is_one_sentence(project):
    done = project.loop("check", "missing.patch")

    assert done.returncode == 2
    assert done.stderr.startswith("error: The patch missing.patch cannot be read")


@pytest.mark.parametrize(("module", "code"), [("scipy", 0), ("jax", 1)])
def test_what_a_file_out_of_scope_imports_is_no_new_dependency(tmp_path, module, code):
    project = Project(tmp_path / "toy", brief=BRIEF.replace("budget: 5s", "budget: 5s\ndependencies: fixed"))
    (project.root / "score.py").write_text("def later():\n    from scipy.stats import norm\n")
    project.commit("a file out of scope")

    done = project.loop("check", "-", input=diff("RATE = ", f"import {module}\nRATE = "))

    assert done.returncode == code, done.stdout
    assert ("the brief fixes the dependencies" in done.stdout) == bool(code)
