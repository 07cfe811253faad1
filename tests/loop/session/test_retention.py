"""What stays on disk of a session: logs, the checkpoints of the newest kept experiments, and no leftovers of a kill."""

from toys import SCRIPTED, TRAIN, Project

from journal.events import ExperimentKept
from loop.proposers.command import agent_folder

SAVES = f"import os\n{TRAIN}open(os.environ['AR_OUT'] + '/model.pt', 'w').write(str(RATE))\n"
BRIEF = SCRIPTED.replace("budget: 5s", "budget: 5s\ncheckpoints: 2")


def checkpoints(project):
    """Experiment -> its checkpoint's text."""
    found = (project.root / ".ar" / "runs").glob("*/out/model.pt")
    return {int(path.parts[-3].split("-")[1]): path.read_text() for path in found}


def leave_behind(project, *names):
    for name in names:
        folder = project.root / ".ar" / name
        folder.mkdir(parents=True)
        (folder / "file").touch()


def test_checkpoints_stay_for_the_newest_kept_experiments_and_logs_for_all(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project = Project(tmp_path / "toy", train=SAVES, brief=BRIEF, rates="0.45 0.9 0.4")

    project.loop("run", "--tag", "night", "--experiments", "3")

    assert [event.experiment for event in project.of(ExperimentKept)] == [0, 1, 3]
    assert checkpoints(project) == {1: "0.45", 3: "0.4"}
    assert (project.root / ".ar" / "best" / "model.pt").read_text() == "0.4"
    assert {path.parent.name[:10] for path in (project.root / ".ar" / "runs").glob("*/train.log")} == {
        f"night-000{number}" for number in range(4)
    }

    project.brief.write_text(project.brief.read_text().replace("checkpoints: 2", "checkpoints: 0"))
    left = agent_folder.create(project.root, name="9-1")
    leave_behind(project, "runs/night-0001-1/train", "runs/night-0002-1/home", "runs/mine/out")
    project.loop("run", "--experiments", "0")

    assert checkpoints(project) == {3: "0.4"}
    assert not left.root.exists()
    assert [path.name for path in (project.root / ".ar" / "runs").glob("*/*") if path.is_dir()] == ["out", "out"]
    assert (project.root / ".ar" / "runs" / "mine" / "out" / "file").exists()
