"""What compilers wrote is there for the next run, and nothing that an edited file wrote."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from toys import SCRIPTED, TRAIN, Project

from loop.runs import compile_cache

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


def test_of_runs_that_end_at_the_same_time_one_is_kept_whole_and_nothing_else_is_left(tmp_path):
    homes = [tmp_path / "runs" / f"night-0000-{run}" / "home" for run in range(8)]
    written = [home / compile_cache.FOLDER / f"kernel{number}" / "code" for home in homes for number in range(24)]
    [path.parent.mkdir(parents=True) for path in written]
    [path.write_text("compiled") for path in written]

    with ThreadPoolExecutor(len(homes)) as runs:
        list(runs.map(partial(compile_cache.save, tmp_path / "warm" / "night"), homes))

    kept = sorted((tmp_path / "warm").rglob("code"))
    assert [path.relative_to(tmp_path) for path in kept] == sorted(
        Path("warm", "night", f"kernel{number}", "code") for number in range(24)
    )
