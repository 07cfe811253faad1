"""`ar-loop init`: what it finds in a command's output, what it warns of, what it writes, and that a loop then runs."""

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest
from toys import BRIEF, LOOP, PATIENCE, Project

from journal.events import ExperimentKept, SessionStarted
from journal.metric_names import usual_direction
from loop.brief.config import Config
from loop.brief.metric.candidates import candidate_named, candidates, pattern_for
from loop.brief.metric.ranking import rank
from loop.brief.metric.source import find_metric
from loop.setup.init import suggest
from loop.setup.init.dry_run import missing_inputs
from loop.setup.init.warnings import TrialResult, warnings

# --- the metric, out of what a command printed ------------------------------------------------------------------------

OUTPUTS = {
    "autoresearch": ("---\nval_bpb:          0.997900\ntraining_seconds: 300.1\nmfu_percent:      39.80\nnum_steps: 953\n", "val_bpb", 0.9979),
    "a log line": ("2026-11-21 12:00:01 INFO epoch: 2 | train_loss: 0.5\n12:00:09 INFO Validation accuracy: 0.8234\n", "Validation accuracy", 0.8234),
    "a step's line": ("step 10 loss = 2.5 lr = 0.1\nstep 20 loss = 1.5 lr = 0.1\n", "loss", 1.5),
    "JSON": ('starting\n{"epoch": 3, "f1": 0.75}\n', "f1", 0.75),
    "per cent": ("Test Acc: 82.5%\n", "Test Acc", 82.5),
}  # fmt: skip


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_likeliest_number_of_an_output_comes_first_with_a_pattern_that_finds_it(output):
    text, name, value = OUTPUTS[output]

    first = rank(candidates(text))[0]

    assert (first.name, first.value) == (name, value)
    pattern = pattern_for(first, first.name, text)
    assert find_metric(Config(goal="g", metric=first.name, direction="minimize", pattern=pattern), text) == value


def test_a_person_names_a_number_by_a_word_of_its_name():
    found = candidates("Validation accuracy: 0.8\nTest loss: 0.3\nTrain loss: 0.1\n")

    assert candidate_named("accuracy", found).name == "Validation accuracy"
    assert candidate_named("test_loss", found).name == "Test loss"
    assert candidate_named("loss", found) is None


@pytest.mark.parametrize(
    ("name", "way"), [("val_loss", "minimize"), ("Validation accuracy", "maximize"), ("testAUC", "maximize"), ("widgets", None), ("error rate", "minimize")]
)  # fmt: skip
def test_the_usual_direction_is_known_by_the_name(name, way):
    assert usual_direction(name) == way


# --- warnings -----------------------------------------------------------------------------------------------------------

SOUND = {"goal": "validation accuracy of the digits classifier above 0.9", "metric": "accuracy", "direction": "maximize",
         "train": "python train.py", "evaluate": "python evaluate.py", "scope": ("train.py",)}  # fmt: skip


def warned(*, files=("train.py",), trial=None, **keys) -> str:
    return " ".join(warnings(Config(**{**SOUND, **keys}), files=files, trial=trial or TrialResult()))


def test_a_sound_brief_gives_no_warning():
    assert warned(trial=TrialResult(seconds=60.0, metrics=(0.8, 0.81), mean=0.805, sigma=0.007)) == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"goal": "make it better"}, "is vague"),
        ({"metric": "readability", "goal": SOUND["goal"]}, "a matter of judgement"),
        ({"metric": "summary_length"}, "too low as well as too high"),
        ({"metric": "train_acc"}, "memorizing improves it"),
        ({"direction": "minimize"}, "one usually wants to maximize"),
        ({"pattern": "wall_seconds"}, "The fastest program does nothing"),
        ({"files": ("train.py", "evaluate.py")}, "The scope includes the evaluator evaluate.py"),
        ({"files": ("train.py", "lib/metrics.py")}, "lib/metrics.py, which seems to measure the metric"),
        ({"evaluate": None}, "train.py is in scope and reports its own accuracy"),
        ({"scope": ("**",)}, "a change can edit the brief"),
        ({"trial": TrialResult(seconds=7200.0)}, "One run takes 120 minutes, so 8 hours allow about 4 experiments"),
        ({"trial": TrialResult(metrics=(0.5, 0.7), mean=0.6, sigma=0.14)}, "σ is 23% of accuracy"),
        ({"target": 0.7, "trial": TrialResult(metrics=(0.8,), mean=0.8)}, "The unchanged code reaches the target 0.7"),
        ({"trial": TrialResult(broken_guard="the guard `f1 > 1` does not hold: f1 is 0")}, "In the unchanged code the guard"),
    ],
)  # fmt: skip
def test_each_doubtful_point_has_its_warning(change, message):
    assert message in warned(**change)


def test_what_a_failed_run_speaks_of_and_what_exists_uncommitted_or_at_home_is_an_input(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    run, root = tmp_path / "run", tmp_path / "project"
    for folder in (root / "data" / "raw", root / ".ar", tmp_path / "ada" / ".cache" / "lab"):
        folder.mkdir(parents=True)
    message = f"no {run}/train/data/raw/x.csv, no 'data/raw/y', no {run}/home/.cache/lab/z, no train.py, no gone/x, no .ar/db, no /etc"

    found = missing_inputs(message, root=root, tracked={"train.py", "data/README"}, run=run)

    assert set(found) == {"data/raw", "~/.cache/lab"}


# --- the command ------------------------------------------------------------------------------------------------------

FIT = """import os
RATE = 0.5  # [0.1..1]
OFFSET = float(open("data/offset").read())
print("epoch: 3 | train_loss: 0.1")
print("Validation loss:", round(abs(RATE - OFFSET) + 0.001 * int(os.environ["AR_SEED"]), 6))
"""


@pytest.fixture
def lab(tmp_path):
    """A repository without a brief, whose training reads data that git ignores."""
    project = Project(tmp_path / "lab", train=FIT)
    project.brief.unlink()
    (project.root / ".gitignore").write_text("data\n")
    (project.root / "data").mkdir()
    (project.root / "data" / "offset").write_text("0.3")
    project.commit("a lab")
    return project


def test_a_goal_is_enough_where_the_output_tells_the_rest_and_the_loop_runs_on_what_is_written(lab):
    done = lab.loop("init", "--goal", "validation loss of the line below 0.1", "--json", "--runs", "2")

    found = json.loads(done.stdout)
    assert found["keys"] == {
        "goal": "validation loss of the line below 0.1", "metric": "Validation loss", "direction": "minimize",
        "scope": ["train.py"], "train": "python train.py", "inputs": ["data"], "budget": "10s",
    }  # fmt: skip
    assert found["trial"]["metrics"] == [0.201, 0.202]
    assert found["trial"]["sigma"] == pytest.approx(0.001 / 2**0.5)
    assert ["reports its own" in doubt for doubt in found["doubts"]] == [True]
    assert lab.git("status", "--porcelain") == "?? program.md"
    assert "0.2015 (mean of 2 runs, σ 0.00071: less than 2σ is noise)" in lab.brief.read_text()

    ran = lab.loop("run", "--experiments", "1")

    assert ran.returncode == 0, ran.stderr
    assert lab.of(SessionStarted)[0].config["metric"] == "Validation loss"


@pytest.mark.parametrize(
    ("code", "arguments", "message"),
    [
        ("raise SystemExit('no GPU')", [], "fails here: the training ended with exit code 1: no GPU. Repair it, or"),
        ("print('one: 1'); print('two: 2')", [], "it has `two`, `one`. Name the metric with --metric"),
        ("print('loss: 1')", ["--metric", "accuracy"], "which number is the metric accuracy; it has `loss`."),
        ("print('loss: 1')", ["--train", "nothing.sh", "--scope", "train.py"], "there is no program `nothing.sh`"),
        ("print('loss: 1')", ["--direction", "minimise"], "error: --direction: `direction: minimise` cannot be used: write minimize or maximize."),
        ("print('loss: 1')", ["--budget", "soon"], "error: --budget: `budget` is `soon`: write a time such as"),
        ("print('loss: 1')", ["--guard", "f1 is good"], "error: --guard: `f1 is good` is not a guard"),
        ("print('loss: 1')", ["--input", "data"], "error: --input data does not exist."),
    ],
)  # fmt: skip
def test_what_cannot_become_a_brief_is_one_sentence_and_nothing_is_written(tmp_path, code, arguments, message):
    project = Project(tmp_path / "toy", train=code + "\n")
    project.brief.unlink()
    project.commit("no brief")

    done = project.loop("init", "--goal", "the loss of the toy below 1", "--runs", "1", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]
    assert project.git("status", "--porcelain", "--ignored") == ""


def test_force_writes_the_front_matter_anew_and_keeps_a_persons_text_the_memory_and_the_keys_that_init_does_not_make(
    project,
):
    text = "\n# Mine\n\nKeep --- this.\n\n<!-- memory:begin -->\nlearned\n<!-- memory:end -->\n"
    matter = BRIEF[: BRIEF.index("---\n", 4)] + "guard: loss < 9\nmy_own: 1\n---\n"
    project.brief.write_text(matter + text)

    done = project.loop(
        "init", "--force", "--goal", "a loss of 0", "--metric", "loss", "--direction", "minimize", "--no-trial"
    )

    assert done.returncode == 0, done.stderr
    assert project.brief.read_text().startswith("---\ngoal: a loss of 0\nmetric: loss\n")
    assert project.brief.read_text().endswith(f"baseline_runs: 2\nproposer: sampler\nsandbox: none\n---\n{text}")
    assert "note: the new brief does not have `guard` of the old one: keep it with --guard\n" in done.stderr
    assert "note: the new brief does not have `my_own` of the old one: there is no such key\n" in done.stderr


def at_terminal(root: Path, typed: str) -> subprocess.CompletedProcess:
    """`ar-loop init` by a person who types; what it says goes to stderr as usual."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*LOOP, "init", "--runs", "1"], cwd=root, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:  # fmt: skip
        os.write(ours, typed.encode())
        out, err = running.communicate(timeout=PATIENCE)
    os.close(ours)
    os.close(theirs)
    return subprocess.CompletedProcess([], running.returncode, out, err)


def test_at_a_terminal_a_person_answers_chooses_a_number_by_its_place_and_takes_what_is_proposed(lab):
    done = at_terminal(lab.root, "validation loss below 0.1\nnothing.sh\n\ngone.py\n\n1\nminimise\n\n\n")

    assert done.returncode == 0, done.stderr
    assert "there is no program `nothing.sh`.\n" in done.stderr
    assert "The scope gone.py has no file to edit: no committed file matches." in done.stderr
    assert "your answer: `direction: minimise` cannot be used: write minimize or maximize.\n" in done.stderr
    assert "1. Validation loss: 0.201" in done.stderr
    assert (
        "metric: Validation loss\ndirection: minimize\nscope: train.py\ntrain: python train.py\n"
        in lab.brief.read_text()
    )


def test_ctrl_c_changes_nothing(lab):
    (lab.root / "train.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    lab.commit("a training that lasts")
    before = lab.picture()
    running = subprocess.Popen(
        [*LOOP, "init", "--goal", "a loss of 0"], cwd=lab.root, stderr=subprocess.PIPE, text=True
    )
    message = running.stderr.readline()

    running.send_signal(signal.SIGINT)

    assert message.startswith("running `python train.py`")
    assert running.communicate(timeout=PATIENCE)[1].splitlines()[-1] == "nothing was changed"
    assert running.returncode == 130
    assert lab.picture() == before


# --- from autoresearch --------------------------------------------------------------------------------------------------

PREPARE = """import os
TIME_BUDGET = 300        # training time budget in seconds (5 minutes)
CACHE = os.path.join(os.path.expanduser("~"), ".cache", "autoresearch")
def evaluate_bpb(model):
    return abs(model - 0.02) + float(open(os.path.join(CACHE, "data")).read())
"""
STAND_IN = """from prepare import TIME_BUDGET, evaluate_bpb
MATRIX_LR = 0.04        # learning rate for matrix parameters (Muon)
print("---")
print(f"val_bpb:          {evaluate_bpb(MATRIX_LR):.6f}")
print(f"training_seconds: {300.1:.1f}")
print(f"peak_vram_mb:     {45060.2:.1f}")
"""
PROSE = "# autoresearch\n\nThe goal is simple: get the lowest val_bpb.\n\n**NEVER STOP**\n"
TABLE = (
    "commit\tval_bpb\tmemory_gb\tstatus\tdescription\na1b2c3d\t0.997900\t44.0\tkeep\tbaseline\n"
    "b2c3d4e\t0.993200\t44.2\tkeep\tincrease LR to 0.04\nd4e5f6a\t0.000000\t0.0\tcrash\tdouble model width (OOM)\n"
)


def test_a_repository_laid_out_like_autoresearch_runs_unchanged_with_its_table_and_its_text(tmp_path):
    project = Project(tmp_path / "autoresearch", brief=PROSE, train=STAND_IN)
    (project.root / "prepare.py").write_text(PREPARE)
    (project.root / ".gitignore").write_text("results.tsv\n__pycache__\n")
    (project.root / "results.tsv").write_text(TABLE)
    project.commit("as it came")
    (tmp_path / ".cache" / "autoresearch").mkdir(parents=True)
    (tmp_path / ".cache" / "autoresearch" / "data").write_text("0.9")
    library = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))  # compiled once for all tests
    own = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": library}

    done = project.loop("init", "--from-autoresearch", env=own)
    ran = project.loop("run", "--experiments", "1", env=own)

    assert done.returncode == 0, done.stderr
    assert "imported 3 experiments of results.tsv" in done.stderr
    assert project.git("status", "--porcelain") == "M program.md"
    text = project.brief.read_text()
    assert (
        "scope: train.py\ntrain: python train.py\ninputs: ~/.cache/autoresearch\nbudget: 5m\nstartup: 5m\n---\n# autoresearch\n"
        in text
    )
    assert PROSE in text
    assert ran.returncode == 0, ran.stderr
    assert [(event.session, event.metric) for event in project.of(ExperimentKept)][:3] == [
        ("autoresearch", 0.9979), ("autoresearch", 0.9932), (project.status()["session"], 0.92),
    ]  # fmt: skip


def test_a_repository_laid_out_otherwise_is_told_what_is_missing(project):
    done = project.loop("init", "--from-autoresearch", "--force")

    assert done.returncode == 2
    assert "has no prepare.py, so it is not an autoresearch checkout" in done.stderr


# --- suggestions --------------------------------------------------------------------------------------------------------


def test_the_command_is_the_one_program_of_the_root_with_the_projects_own_python(tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    files = {"fit.py": "import helpers\n", "helpers.py": "", "test_fit.py": "import fit\n", ".venv/bin/python": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    tree = ["fit.py", "helpers.py", "test_fit.py"]

    assert suggest.trains(tmp_path, tree, None)[0] == f"{tmp_path}/.venv/bin/python fit.py"
    assert suggest.with_full_path(".venv/bin/python fit.py 'a", tmp_path, tree) == ".venv/bin/python fit.py 'a"
    assert suggest.with_full_path("./fit.py", tmp_path, tree) == "./fit.py"
    assert suggest.with_full_path(".venv/bin/python fit.py", tmp_path, tree) == f"{tmp_path}/.venv/bin/python fit.py"


@pytest.mark.parametrize(("seconds", "budget"), [(None, "5m"), (0.2, "10s"), (30, "1m"), (500, "15m"), (1e6, "480m")])
def test_the_budget_has_a_margin_over_the_time_of_the_trial(seconds, budget):
    assert suggest.budget(seconds) == budget
