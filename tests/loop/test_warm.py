"""What compilers wrote is there for the next run, and nothing that an edited file wrote."""

from toys import SCRIPTED, TRAIN, Project

COMPILES = f"""import os, pathlib
cache = pathlib.Path(os.environ["TRITON_CACHE_DIR"])
print("found:", sorted(path.name for path in cache.glob("*")))
cache.mkdir(parents=True, exist_ok=True)
{TRAIN}
(cache / str(RATE)).write_text("compiled")
(cache / ("link" + str(RATE))).symlink_to("/etc/passwd")
"""


def test_every_run_finds_what_the_unchanged_code_compiled_and_nothing_of_another_change(tmp_path):
    project = Project(tmp_path / "toy", train=COMPILES, brief=SCRIPTED, rates="0.45 0.9")

    project.loop("run", "--tag", "night", "--experiments", "2")

    logs = sorted((project.root / ".ar" / "runs").glob("*/train.log"))
    found = [log.read_text().splitlines()[0] for log in logs]
    assert found == ["found: []", *["found: ['0.5']"] * 3]
