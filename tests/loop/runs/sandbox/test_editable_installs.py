"""Packages that are imported from where they are worked on: the project's own from its export, others from their place."""

import sys
import sysconfig
from pathlib import Path

import pytest
from toys import BRIEF, Project

from journal.events import ExperimentKept, RunFinished
from loop.runs.sandbox import editable_installs

FINDER = "from importlib.machinery import ModuleSpec\nMAPPING: dict[str, str] = {'lab': 'ROOT/source/lab'}\nNAMESPACES = {}\n"


@pytest.fixture
def python(tmp_path):
    """The folder of a Python environment that imports from this project and from another one beside it."""
    site = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    for name in ("project/src/own", "project/source/lab", "other/shared", "other/.secret", "around"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "other" / "shared" / "__init__.py").touch()
    (tmp_path / "other" / "key.txt").touch()
    (site / "a.pth").write_text(
        f"import sys\n{tmp_path}/project/src\n\n{tmp_path}/other\n{tmp_path}\n{tmp_path}/gone\n"
    )
    (site / "__editable___lab_0_1_finder.py").write_text(FINDER.replace("ROOT", str(tmp_path / "project")))
    return tmp_path / "env" / "bin" / "python"


def test_folders_of_a_pythons_own_and_of_editable_installs_are_found(python, tmp_path):
    found = editable_installs.folders(python)

    assert found == [tmp_path / "project" / "src", tmp_path / "other", tmp_path, tmp_path / "project" / "source"]


def test_of_another_project_only_what_is_imported_shows(python, tmp_path):
    found = editable_installs.packages([python], closed=[tmp_path / "project"])

    assert found == [tmp_path / "other" / "shared"]


def test_a_change_of_an_installed_package_is_what_is_trained(tmp_path):
    project = Project(tmp_path / "toy", train="import toy.rate\nprint('loss:', toy.rate.RATE)\n")
    (project.root / "src" / "toy").mkdir(parents=True)
    (project.root / "src" / "toy" / "__init__.py").touch()
    (project.root / "src" / "toy" / "rate.py").write_text("RATE = 0.5  # [0.1..0.5]\n")
    site = tmp_path / "env" / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    site.mkdir(parents=True)
    (site / "toy.pth").write_text(f"{project.root}/src\n")
    (tmp_path / "env" / "bin").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"home = {Path(sys._base_executable).parent}\n")
    (tmp_path / "env" / "bin" / "python").symlink_to(sys._base_executable)
    lines = f"scope: src/toy/rate.py\ntrain: {tmp_path}/env/bin/python train.py"
    brief = BRIEF.replace("scope: train.py", lines).replace("train: python -I -S train.py\n", "")
    project.brief.write_text(brief)
    project.commit("an installed package")

    done = project.loop("run", "--experiments", "1")

    assert done.returncode == 0, done.stderr
    assert project.of(RunFinished)[-1].metric < 0.5
    assert project.of(ExperimentKept)[-1].experiment == 1
