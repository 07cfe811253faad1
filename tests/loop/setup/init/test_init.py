"""`ar-loop init`: what it finds in a command's output, what makes it doubt, what it writes, and that a loop then runs."""

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest
from toys import BRIEF, LOOP, PATIENCE, Project

from journal.events import ExperimentKept, SessionStarted
from loop.brief.config import Config
from loop.brief.metric import find
from loop.brief.metric_candidates import candidates, direction_of, named, pattern_for
from loop.setup.init import suggest
from loop.setup.init.dry_run import missed
from loop.setup.init.warnings import Tried, doubts

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

    first = candidates(text)[0]

    assert (first.name, first.value) == (name, value)
    pattern = pattern_for(first, first.name, text)
    assert find(Config(goal="g", metric=first.name, direction="minimize", pattern=pattern), text) == value


def test_a_person_names_a_number_by_a_word_of_its_name():
    found = candidates("Validation accuracy: 0.8\nTest loss: 0.3\nTrain loss: 0.1\n")

    assert named("accuracy", found).name == "Validation accuracy"
    assert named("test_loss", found).name == "Test loss"
    assert named("loss", found) is None


@pytest.mark.parametrize(
    ("name", "way"), [("val_loss", "minimize"), ("Validation accuracy", "maximize"), ("testAUC", "maximize"), ("widgets", None), ("error rate", None)]
)  # fmt: skip
def test_the_usual_direction_is_known_by_the_name(name, way):
    assert direction_of(name) == way


# --- doubts -----------------------------------------------------------------------------------------------------------

SOUND = {"goal": "validation accuracy of the digits classifier above 0.9", "metric": "accuracy", "direction": "maximize",
         "train": "python train.py", "evaluate": "python evaluate.py", "scope": ("train.py",)}  # fmt: skip


def doubted(*, files=("train.py",), tried=None, **keys) -> str:
    return " ".join(doubts(Config(**{**SOUND, **keys}), files=files, tried=tried or Tried()))


def test_a_sound_brief_raises_no_doubt():
    assert doubted(tried=Tried(seconds=60.0, metrics=(0.8, 0.81), mean=0.805, sigma=0.007)) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"goal": "make it better"}, "is vague"),
        ({"metric": "readability", "goal": SOUND["goal"]}, "a matter of judgement"),
        ({"metric": "summary_length"}, "too low as well as too high"),
        ({"metric": "train_acc"}, "learning by heart"),
        ({"direction": "minimize"}, "usually one to maximize"),
        ({"pattern": "wall_seconds"}, "The fastest program does nothing"),
        ({"files": ("train.py", "evaluate.py")}, "The scope includes the evaluator evaluate.py"),
        ({"files": ("train.py", "lib/metrics.py")}, "lib/metrics.py, which looks like what measures"),
        ({"evaluate": None}, "train.py may be edited and also reports its own accuracy"),
        ({"scope": ("**",)}, "the brief would rewrite itself"),
        ({"tried": Tried(seconds=7200.0)}, "One run takes 120 minutes: about 4 experiments in 8 hours"),
        ({"tried": Tried(metrics=(0.5, 0.7), mean=0.6, sigma=0.14)}, "σ is 23% of accuracy"),
        ({"target": 0.7, "tried": Tried(metrics=(0.8,), mean=0.8)}, "The target 0.7 is reached by the unchanged code"),
        ({"tried": Tried(broken="the guard `f1 > 1` does not hold: f1 is 0")}, "In the unchanged code the guard"),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_said(change, said):
    assert said in doubted(**change)


def test_what_a_failed_run_speaks_of_and_what_exists_uncommitted_or_at_home_is_an_input(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    run, root = tmp_path / "run", tmp_path / "project"
    for folder in (root / "data" / "raw", root / ".ar", tmp_path / "ada" / ".cache" / "lab"):
        folder.mkdir(parents=True)
    said = f"no {run}/train/data/raw/x.csv, no 'data/raw/y', no {run}/home/.cache/lab/z, no train.py, no gone/x, no .ar/db, no /etc"

    found = missed(said, root=root, tracked={"train.py", "data/README"}, run=run)

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
    told = lab.loop("init", "--goal", "validation loss of the line below 0.1", "--json", "--runs", "2")

    found = json.loads(told.stdout)
    assert found["keys"] == {
        "goal": "validation loss of the line below 0.1", "metric": "Validation loss", "direction": "minimize",
        "scope": ["train.py"], "train": "python train.py", "inputs": ["data"], "budget": "10s",
    }  # fmt: skip
    assert found["trial"]["metrics"] == [0.201, 0.202]
    assert found["trial"]["sigma"] == pytest.approx(0.001 / 2**0.5)
    assert ["also reports its own" in doubt for doubt in found["doubts"]] == [True]
    assert lab.git("status", "--porcelain") == "?? program.md"
    assert "0.2015 (mean of 2 runs, σ 0.00071: less than 2σ is noise)" in lab.brief.read_text()

    ran = lab.loop("run", "--experiments", "1")

    assert ran.returncode == 0, ran.stderr
    assert lab.of(SessionStarted)[0].config["metric"] == "Validation loss"


@pytest.mark.parametrize(
    ("code", "arguments", "said"),
    [
        ("raise SystemExit('no GPU')", [], "does not end well here: the training ended with exit code 1: no GPU. Mend it, or"),
        ("print('one: 1'); print('two: 2')", [], "it holds `two`, `one`. Name it with --metric"),
        ("print('loss: 1')", ["--metric", "accuracy"], "which number is the metric accuracy: it holds `loss`."),
        ("print('loss: 1')", ["--train", "nothing.sh", "--scope", "train.py"], "there is no program `nothing.sh`"),
        ("print('loss: 1')", ["--direction", "minimise"], "error: --direction: `direction: minimise` cannot be used: write minimize or maximize."),
        ("print('loss: 1')", ["--budget", "soon"], "error: --budget: `budget` is `soon`: write a time such as"),
        ("print('loss: 1')", ["--guard", "f1 is good"], "error: --guard: `f1 is good` is no guard"),
        ("print('loss: 1')", ["--input", "data"], "error: --input data does not exist."),
    ],
)  # fmt: skip
def test_what_cannot_become_a_brief_is_one_sentence_and_nothing_is_written(tmp_path, code, arguments, said):
    project = Project(tmp_path / "toy", train=code + "\n")
    project.brief.unlink()
    project.commit("no brief")

    told = project.loop("init", "--goal", "the loss of the toy below 1", "--runs", "1", *arguments)

    assert (told.returncode, told.stdout) == (2, "")
    assert said in told.stderr.splitlines()[-1]
    assert project.git("status", "--porcelain", "--ignored") == ""


def test_force_writes_the_front_matter_anew_and_keeps_a_persons_text_the_memory_and_the_keys_that_init_does_not_make(
    project,
):
    text = "\n# Mine\n\nKeep --- this.\n\n<!-- memory:begin -->\nlearned\n<!-- memory:end -->\n"
    matter = BRIEF[: BRIEF.index("---\n", 4)] + "guard: loss < 9\nmy_own: 1\n---\n"
    project.brief.write_text(matter + text)

    told = project.loop(
        "init", "--force", "--goal", "a loss of 0", "--metric", "loss", "--direction", "minimize", "--no-trial"
    )

    assert told.returncode == 0, told.stderr
    assert project.brief.read_text().startswith("---\ngoal: a loss of 0\nmetric: loss\n")
    assert project.brief.read_text().endswith(f"baseline_runs: 2\nproposer: sampler\nsandbox: none\n---\n{text}")
    assert "note: `guard` of the brief before is left out; say it with --guard to keep it\n" in told.stderr
    assert "note: `my_own` of the brief before is left out, as there is no such key\n" in told.stderr


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
    told = at_terminal(lab.root, "validation loss below 0.1\nnothing.sh\n\ngone.py\n\n1\nminimise\n\n\n")

    assert told.returncode == 0, told.stderr
    assert "there is no program `nothing.sh`.\n" in told.stderr
    assert "The scope gone.py holds nothing that can be edited: no committed file matches." in told.stderr
    assert "your answer: `direction: minimise` cannot be used: write minimize or maximize.\n" in told.stderr
    assert "1. Validation loss: 0.201" in told.stderr
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
    said = running.stderr.readline()

    running.send_signal(signal.SIGINT)

    assert said.startswith("running `python train.py`")
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

    told = project.loop("init", "--from-autoresearch", env=own)
    ran = project.loop("run", "--experiments", "1", env=own)

    assert told.returncode == 0, told.stderr
    assert "3 experiments of results.tsv are in the journal" in told.stderr
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
    told = project.loop("init", "--from-autoresearch", "--force")

    assert told.returncode == 2
    assert "is not laid out like autoresearch: there is no prepare.py" in told.stderr


# --- suggestions --------------------------------------------------------------------------------------------------------


def test_the_command_is_the_one_program_of_the_root_with_the_projects_own_python(tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    files = {"fit.py": "import helpers\n", "helpers.py": "", "test_fit.py": "import fit\n", ".venv/bin/python": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    tree = ["fit.py", "helpers.py", "test_fit.py"]

    assert suggest.train(tmp_path, tree, None) == f"{tmp_path}/.venv/bin/python fit.py"
    assert suggest.whole(".venv/bin/python fit.py 'a", tmp_path, tree) == ".venv/bin/python fit.py 'a"
    assert suggest.whole("./fit.py", tmp_path, tree) == "./fit.py"
    assert suggest.whole(".venv/bin/python fit.py", tmp_path, tree) == f"{tmp_path}/.venv/bin/python fit.py"


@pytest.mark.parametrize(("seconds", "budget"), [(None, "5m"), (0.2, "10s"), (30, "1m"), (500, "15m"), (1e6, "480m")])
def test_the_budget_has_some_room_over_what_the_trial_took(seconds, budget):
    assert suggest.budget(seconds) == budget
