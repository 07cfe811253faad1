"""The numbers of a run: out of files that it wrote and what it took, and the guards that look at them."""

import json
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest
from arena import Arena
from scripted_session import ScriptedSession
from toys import SCRIPTED, Project

from journal.changes.python_knobs import knobs
from journal.events import ExperimentDiscarded, ExperimentKept, RunFailed, RunFinished, SessionEnded
from journal.projections.state import fold
from journal.store import Reader
from loop.brief import guards
from loop.contracts import BaselineTimes
from loop.errors import BadInput
from loop.proposers.sampler.evidence import KnobEvidence
from loop.proposers.sampler.steps import steps

LINE = f"{sys.executable} -I train.py"


def outcome_of(tmp_path, code, *, files=None, baseline_times=None, **keys):
    """One run of a training of one file; it reports its own metric unless `evaluate` is given."""
    given = {"train": LINE, "evaluate": None, "inputs": (), "budget": 0.1, "sandbox": "none", **keys}
    project = Arena(tmp_path / "project", **given)
    for name, text in {"train.py": code, **(files or {})}.items():
        (project.root / name).write_text(text)
    commit = project.commit(project.honest)
    tree = project.workspace.tree(commit)
    project.locked = {path: blob.sha for path, blob in tree.items() if path == "score.py"}
    return project.make(commit, baseline_times=baseline_times)


WRITES = "import json; json.dump({'val': {'acc': 0.75}, 'size': 3}, open('metrics.json', 'w'), indent=1)"
FOUND = {
    "a file": (WRITES, {"pattern": "json:val.acc", "log": "metrics.json"}, 0.75),
    "a file in $AR_OUT": ("import os; print('val_bpb: 2', file=open(os.environ['AR_OUT'] + '/log', 'w'))", {"log": "log"}, 2.0),
    "a table": ("open('log.csv', 'w').write('a,b\\n1,2\\n')", {"pattern": "csv:log.csv"}, 2.0),
    "the exit code": ("raise SystemExit(3)", {"pattern": "exit_code"}, 3.0),
}  # fmt: skip


@pytest.mark.parametrize("place", FOUND)
def test_a_metric_is_read_from(place, tmp_path):
    code, keys, value = FOUND[place]

    outcome = outcome_of(tmp_path, code, **keys)

    assert isinstance(outcome, RunFinished), outcome
    assert outcome.metric == value


@pytest.mark.parametrize(
    "code",
    ["pass", "import os; os.remove('log')", "import os; os.remove('log'); os.symlink(os.environ['AR_OUT'] + '/../x', 'log')",
     "import os; os.remove('log'); os.mkfifo('log')"],
    ids=["nothing", "no file", "a link", "a pipe"],
)  # fmt: skip
def test_a_log_of_an_earlier_run_or_of_another_place_gives_no_metric(tmp_path, code):
    outcome = outcome_of(tmp_path, code, files={"log": "val_bpb: 0.1\n"}, log="log")

    assert isinstance(outcome, RunFailed)
    assert (outcome.kind, outcome.reason) == ("no_metric", "this run wrote no file log")


def test_time_and_memory_are_what_the_loop_saw_and_slowness_is_then_no_failure(tmp_path):
    baseline_times = BaselineTimes(
        startup=None, training=0.0, wall=-9.0, cpu=-9.0
    )  # anything at all takes more than this

    outcome = outcome_of(
        tmp_path,
        "kept = bytearray(60_000_000)",
        baseline_times=baseline_times,
        pattern="wall_seconds",
        guard=("peak_memory > 5e7",),
    )

    assert isinstance(outcome, RunFinished), outcome
    assert 0 < outcome.metric <= outcome.wall_seconds
    assert outcome.values["peak_memory"] > 50_000_000
    assert outcome.trust == "self-reported"


def test_an_evaluator_writes_its_own_file_and_the_trainings_is_not_looked_at(tmp_path):
    forged = "import os; [open(place + '/m.json', 'w').write('{\"acc\": 1}') for place in ('.', os.environ['AR_OUT'])]"
    keys = {"evaluate": f"{sys.executable} score.py", "pattern": "json:acc", "log": "m.json", "sandbox": "auto"}

    silent = outcome_of(tmp_path / "silent", forged, files={"score.py": "pass"}, **keys)
    honest = outcome_of(
        tmp_path / "honest", forged, files={"score.py": "open('m.json', 'w').write('{\"acc\": 0.5}')"}, **keys
    )

    assert isinstance(silent, RunFailed)
    assert silent.kind == "no_metric"
    assert (honest.metric, honest.trust) == (0.5, "measured")


def test_an_input_of_the_persons_home_is_read_and_what_a_training_puts_there_reaches_no_evaluator(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")))  # compiled once
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".cache" / "lab").mkdir(parents=True)
    (tmp_path / ".cache" / "lab" / "data").write_text("2")
    forge = "import os, pathlib\nhome = pathlib.Path.home()\nassert (home / '.cache/lab/data').read_text() == '2'\n"
    forge += "os.rename(home / '.cache', home / 'old'); (home / '.cache/lab').mkdir(parents=True); (home / '.cache/lab/data').write_text('0')"
    score = "import pathlib; print('val_bpb:', (pathlib.Path.home() / '.cache/lab/data').read_text())"

    outcome = outcome_of(
        tmp_path,
        forge,
        files={"score.py": score},
        inputs=("~/.cache/lab",),
        evaluate=f"{sys.executable} score.py",
        sandbox="auto",
    )

    assert isinstance(outcome, RunFinished), outcome
    assert outcome.metric == 2.0


def test_for_a_metric_under_a_longer_name_the_reason_gives_the_pattern(tmp_path):
    outcome = outcome_of(tmp_path, "print('epoch 3 | Validation val_bpb: 0.9')")

    assert outcome.kind == "no_metric"
    assert outcome.reason.endswith(
        "it prints `Validation val_bpb` 0.9: write pattern: 'Validation val_bpb\\s*:\\s*(number)'"
    )


def test_a_guard_without_its_number_is_no_result(tmp_path):
    outcome = outcome_of(tmp_path, "print('val_bpb: 1')", guard=("accuracy >= 0.5",))

    assert (outcome.kind, "for the guard on accuracy" in outcome.reason) == ("no_metric", True)


# --- guards --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("acc >= 0.78", 0.78, True),
        ("acc>0.78", 0.78, False),
        ("val acc <= -1e-3", 0, False),
        ("acc == 1", 1, True),
        ("acc < .5", 0.4, True),
    ],
)
def test_a_guard_is_a_name_a_relation_and_a_bound(text, value, holds):
    assert guards.parse(text).holds(value) is holds


@pytest.mark.parametrize("text", ["", "acc", "acc = 1", ">= 1", "acc >= high", "acc >= 1 or so"])
def test_what_is_not_a_guard_is_refused_with_an_example(text):
    with pytest.raises(BadInput, match=r"accuracy >= 0\.78"):
        guards.parse(text)


# The faster, the better, but below 0.3 the answer is wrong: the metric alone would buy speed with correctness.
BARGAIN = """RATE = 0.5  # [0.1..1]
print("loss:", RATE)
print("correct:", 0.9 if RATE >= 0.3 else 0.2)
"""
GUARDED = SCRIPTED.replace("scope:", "target: 0.45\nguard: correct >= 0.5\nscope:")


def test_a_change_that_breaks_a_guard_is_discarded_and_reaches_no_target_and_its_number_is_in_sql(tmp_path):
    project = Project(tmp_path / "bargain", brief=GUARDED, train=BARGAIN, rates="0.2 0.4")

    project.loop("run")

    (broken,) = project.of(ExperimentDiscarded)
    assert (broken.experiment, broken.rule, broken.metric, broken.delta) == (1, "guard", 0.2, None)
    assert broken.reason == "the guard `correct >= 0.5` does not hold: correct is 0.2"
    assert project.of(ExperimentKept)[-1].metric == 0.4
    assert project.of(SessionEnded)[0].reason == "the target 0.45 is reached"
    with closing(Reader(project.journal)) as reader:
        runs = fold(reader.read()).runs.rows
    assert "does not hold: correct is 0.2" in project.brief.read_text()  # the memory says why
    assert [json.loads(run.numbers)["correct"] for run in runs.values()] == [0.9, 0.9, 0.2, 0.9]


def test_what_was_bought_with_a_broken_guard_does_not_lead_the_sampler_on():
    night = ScriptedSession({"train.py": "RATE = 0.5  # [0.01..1]\n"})
    night.proposed(1, "lower RATE", {"train.py": "RATE = 0.25  # [0.01..1]\n"})
    night.add(
        ExperimentDiscarded(
            session="nov20", experiment=1, metric=0.3, incumbent=1.5, sigma=0.005, rule="guard", reason="no"
        )
    )
    request, knob = night.request(2), knobs("train.py", night.files["train.py"])[0]

    evidence = KnobEvidence(request.state.knobs.of_session("nov20"), before=2)
    worth = {evidence.improvement("RATE", step) for step in steps(knob, {}) if step.value <= 0.25}

    assert worth == {0.0}


def test_unchanged_code_that_breaks_a_guard_ends_the_session_at_the_start(tmp_path):
    project = Project(tmp_path / "bargain", brief=GUARDED, train=BARGAIN.replace("0.9 if", "0.3 if"), rates="0.4")

    result = project.loop("run")

    message = (
        "The unchanged code breaks a guard of the brief: the guard `correct >= 0.5` does not hold: correct is 0.3."
    )
    assert (result.returncode, message in result.stderr) == (2, True)
    assert len(project.of(RunFinished)) == 1
    assert project.of(SessionEnded)
