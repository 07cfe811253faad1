"""Several experiments at once: each on a device of its own, one thought at a time, and nothing lost when they end together."""

import io
import os
import signal
import threading
from contextlib import closing
from pathlib import Path

import pytest
from toys import BRIEF, SCRIPTED, Project, gone

from journal.events import (
    BranchFromAcknowledged,
    BranchFromRequested,
    ChangeReverted,
    ExperimentDiscarded,
    ExperimentInvalidated,
    ExperimentKept,
    IdeaProposed,
    IncumbentMoved,
    ProposalPrepared,
    RunFailed,
    RunFinished,
    RunLaunched,
    RunStarted,
    SessionPaused,
    SessionResumed,
    SkipAcknowledged,
    SkipRequested,
)
from journal.store import Reader
from journal.store.intents import post
from journal.verify.checks import verify
from journal.verify.git_files import read_repository
from loop.brief.program import parse
from loop.cli.event_printer import CLEAR, WIDTH, EventPrinter
from loop.contracts import Device, RunSpec
from loop.errors import BadInput, MachineFailure, Stopped, WorkspaceError
from loop.runs.devices import assign_devices, check_cores
from loop.runs.process.telemetry import TrainingStep
from loop.runtime.context import JournalLock
from loop.runtime.workers import WorkerPool

TWO = "workers: 2\n"
ALONE, WHY = len(os.sched_getaffinity(0)) < 2, "two workers need two processor cores"
two_cores = pytest.mark.skipif(ALONE, reason=WHY)

# Experiment 1 trains until 2 trains beside it; 2 trains until the branch has moved to 1.
ENTWINED = """import os, time
from pathlib import Path
RATE = 0.5
WIDTH = 0.5
DEPTH = 0.5
# the end of what may be edited
run = Path.cwd().parent
branch = run.parents[2] / ".git/refs/heads/autoresearch/night"
stood = branch.read_text()
(run / "began").touch()
while run.name == "night-0001-1" and not (run.parent / "night-0002-1" / "began").exists():
    time.sleep(0.01)
while run.name == "night-0002-1" and branch.read_text() == stood:
    time.sleep(0.01)
print("on cores", *sorted(os.sched_getaffinity(0)))
print("loss:", abs(RATE - 0.3) + abs(WIDTH - 0.3) + abs(DEPTH - 0.3))
"""
AGENT = """from pathlib import Path
EDITS = {1: ("RATE = 0.5", "RATE = 0.4"), 2: ("WIDTH = 0.5", "WIDTH = 0.4"), 3: ("DEPTH = 0.5", "DEPTH = 0.9")}
number = int(Path.cwd().parent.name.split("-")[0])
text = Path("train.py").read_text()
Path("train.py").write_text(text.replace(*EDITS.get(number, ("DEPTH = 0.5", "DEPTH = 0.8"))))
"""

# The unchanged code is measured at once; a change waits for a word.
WAITING = """import time
from pathlib import Path
RATE = 0.5  # [0.1..1]
WIDTH = 0.5  # [0.1..1]
run = Path.cwd().parent
while "-0000-" not in run.name and not (run.parents[2] / "go").exists():
    time.sleep(0.01)
print("loss:", abs(RATE - 0.3) + abs(WIDTH - 0.3))
"""
# An agent that writes into the file what it was told.
TELLING = """from pathlib import Path
told = "a new goal" if "a new goal" in Path(".proposal/brief.md").read_text() else "the old goal"
number = Path.cwd().parent.name.split("-")[0]
with Path("train.py").open("a") as file:
    file.write(f'TOLD = "{told}"\\nNUMBER = {number}\\n')
"""


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A night of two workers in which two changes gain at the same time."""
    if ALONE:
        pytest.skip(WHY)
    root = tmp_path_factory.mktemp("workers") / "toy"
    project = Project(root, brief=SCRIPTED.replace("budget: 5s\n", f"budget: 20s\n{TWO}"), train=ENTWINED)
    (root / "agent.py").write_text(AGENT)
    project.commit("an agent")
    project.done = project.loop("run", "--experiments", "4", "--tag", "night")
    return project


@pytest.fixture
def in_flight(tmp_path):
    """A loop of two workers whose experiments 1 and 2 train until there is a file `go`."""
    if ALONE:
        pytest.skip(WHY)
    project = Project(tmp_path / "toy", brief=BRIEF.replace("budget: 5s\n", f"budget: 60s\n{TWO}"), train=WAITING)
    loop = project.start("run", "--tag", "night", "--experiments", "2")
    project.until(RunLaunched, where=lambda event: event.experiment == 1)
    project.until(RunLaunched, where=lambda event: event.experiment == 2)
    yield project, loop
    (project.root / "go").touch()
    loop.wait(timeout=30)


def verdicts(project: Project) -> dict[int, object]:
    return {event.experiment: event for event in project.of(ExperimentKept, ExperimentDiscarded, ExperimentInvalidated)}


def sound(project: Project) -> bool:
    with closing(Reader(project.journal)) as reader:
        return not verify(reader, repository=read_repository(project.journal)).findings


# --- a night of two workers -----------------------------------------------------------------------------------------


def test_two_experiments_train_at_once_each_on_a_device_of_its_own(night):
    runs = night.of(RunStarted, RunFinished)
    first = next(index for index, run in enumerate(runs) if run.experiment == 1)
    logs = [night.root / ".ar" / "runs" / f"night-000{number}-1" / "train.log" for number in (1, 2)]

    assert night.done.returncode == 0, night.done.stderr
    assert [type(run) for run in runs[first : first + 2]] == [RunStarted, RunStarted]
    assert runs[first].device != runs[first + 1].device
    assert logs[0].read_text().splitlines()[0] != logs[1].read_text().splitlines()[0]


def test_the_runs_of_the_baseline_are_made_beside_each_other_as_all_later_runs_will_be(night):
    baseline = [event for event in night.of(RunStarted, RunFinished) if event.experiment == 0]

    assert [type(event) for event in baseline[:2]] == [RunStarted, RunStarted]
    assert {event.seed for event in baseline} == {1, 2}


def test_a_gain_on_a_parent_that_is_the_incumbent_no_more_is_no_keep_and_is_tried_again_on_the_new_one(night):
    verdict_of = verdicts(night)
    again = next(event for event in night.of(IdeaProposed) if event.retry_of == 2)

    assert isinstance(verdict_of[1], ExperimentKept)
    assert isinstance(verdict_of[2], ExperimentDiscarded)
    assert verdict_of[2].rule == "moved"
    assert "experiment 1 became the incumbent" in verdict_of[2].reason
    assert (again.experiment, again.parent, again.retry_reason) == (4, verdict_of[1].commit, "base changed")
    assert (again.proposer, again.expected_delta, again.usage.calls) == ("loop", None, 0)
    assert isinstance(verdict_of[4], ExperimentKept)


def test_the_branch_is_one_line_of_kept_changes_and_the_journal_verifies(night):
    verdict_of = verdicts(night)
    line = night.git("log", "--format=%H", f"{night.git('rev-parse', 'main')}..autoresearch/night").split()

    assert line == [verdict_of[4].commit, verdict_of[1].commit]
    assert sound(night)
    assert night.branch("night") == verdict_of[4].commit


# --- ending together ------------------------------------------------------------------------------------------------


def test_killed_with_two_in_flight_it_goes_on_with_both(in_flight):
    project, loop = in_flight

    loop.kill()
    loop.wait()
    assert gone(f"HOME={project.root}/.ar/runs")
    (project.root / "go").touch()
    done = project.loop("run", "--experiments", "0")

    assert done.returncode == 0, done.stderr
    assert [event.kind for event in project.of(RunFailed)] == ["interrupted", "interrupted"]
    assert sorted(verdicts(project)) == [0, 1, 2]
    assert sound(project)


def test_ctrl_c_ends_all_that_is_in_flight(in_flight):
    project, loop = in_flight

    loop.send_signal(signal.SIGINT)

    assert loop.wait(timeout=30) == 130
    assert gone(f"HOME={project.root}/.ar/runs")
    assert [verdicts(project)[number].rule for number in (1, 2)] == ["stopped", "stopped"]


def test_one_of_two_is_skipped_by_its_number_and_the_other_goes_on(in_flight):
    project, loop = in_flight

    unclear, clear = project.loop("skip"), project.loop("skip", "2")
    (project.root / "go").touch()

    assert (unclear.returncode, clear.returncode) == (2, 0)
    assert "Experiments 1 and 2 are in flight: name one" in unclear.stderr
    assert loop.wait(timeout=30) == 0
    assert [event.outcome for event in project.of(SkipAcknowledged)] == ["skipped"]
    assert verdicts(project)[2].rule == "skipped"
    assert isinstance(verdicts(project)[1], ExperimentKept | ExperimentDiscarded)


def test_who_moves_the_incumbent_waits_for_all_in_flight_and_nothing_is_begun_meanwhile(in_flight):
    project, loop = in_flight

    request = post(project.journal, BranchFromRequested(session="night", author="ada", channel="test", experiment=0))
    (project.root / "go").touch()
    answer = project.until(BranchFromAcknowledged)

    assert loop.wait(timeout=30) == 0
    since = [one.event for one in project.recorded() if request.position < one.position < answer.position]
    assert not [event for event in since if isinstance(event, IdeaProposed)]
    assert {event.experiment for event in since if isinstance(event, ExperimentKept | ExperimentDiscarded)} == {1, 2}


@two_cores
def test_while_a_keep_waits_for_the_branch_nothing_moves_the_incumbent_and_nothing_begins(tmp_path):
    brief = SCRIPTED.replace("budget: 5s\n", f"budget: 60s\n{TWO}")
    project = Project(tmp_path / "toy", brief=brief, train=WAITING, rates="0.45 0.9 0.4")
    loop = project.start("run", "--tag", "night", "--experiments", "3")
    project.until(RunLaunched, where=lambda event: event.experiment == 2)
    project.git("worktree", "add", "-q", str(tmp_path / "side"), "autoresearch/night")

    post(project.journal, BranchFromRequested(session="night", author="ada", channel="test", experiment=0))
    (project.root / "go").touch()
    judged = [project.until(kind) for kind in (ChangeReverted, SessionPaused)]
    post(project.journal, SkipRequested(session="night", author="ada", channel="test", experiment=9))
    looked = project.until(SkipAcknowledged)
    project.git("-C", str(tmp_path / "side"), "switch", "-q", "--detach")

    assert loop.wait(timeout=30) == 0
    since = [one.event for one in project.recorded() if one.position > max(one.position for one in judged)]
    kinds = [type(event) for event in since]
    assert kinds.index(SessionResumed) < kinds.index(IncumbentMoved) < kinds.index(IdeaProposed)
    assert not looked.event.done
    assert sound(project)


@two_cores
def test_an_edit_of_the_brief_is_known_to_what_is_asked_beside_a_run_that_began_before_it(tmp_path):
    brief = SCRIPTED.replace("budget: 5s\n", f"budget: 60s\n{TWO}")
    project = Project(tmp_path / "toy", brief=brief, train=WAITING.replace('"go"', 'f"go{run.name[9]}"'))
    (project.root / "agent.py").write_text(TELLING)
    project.commit("an agent")
    loop = project.start("run", "--tag", "night", "--experiments", "4")
    project.until(ProposalPrepared, where=lambda event: event.experiment == 3)

    project.brief.write_text(project.brief.read_text().replace("Make it small", "This is a new goal"))
    (project.root / "go2").touch()
    prepared = project.until(ProposalPrepared, where=lambda event: event.experiment == 4)
    [(project.root / f"go{number}").touch() for number in (1, 3, 4)]

    assert loop.wait(timeout=30) == 0
    assert 'TOLD = "a new goal"' in prepared.event.diff


@two_cores
def test_where_nothing_is_left_to_propose_those_in_flight_may_still_leave_something(tmp_path):
    train = WAITING.replace('"go"', 'f"go{run.name[9]}"').replace("0.5  # [0.1..1]", "1  # [1..2]")
    train = train[: train.index("print")] + 'print("loss:", 10 - RATE + WIDTH)\n'
    project = Project(tmp_path / "toy", brief=BRIEF.replace("budget: 5s\n", f"budget: 60s\n{TWO}"), train=train)
    loop = project.start("run", "--tag", "night")
    project.until(RunLaunched, where=lambda event: event.experiment == 2)

    (project.root / "go2").touch()
    project.until(ChangeReverted)
    [(project.root / f"go{number}").touch() for number in (1, 3)]

    assert loop.wait(timeout=30) == 0
    assert {number: type(verdict) for number, verdict in verdicts(project).items() if number} == {
        1: ExperimentKept, 2: ExperimentDiscarded, 3: ExperimentDiscarded,
    }  # fmt: skip
    assert project.of(IdeaProposed)[-1].parent == verdicts(project)[1].commit


@two_cores
def test_a_session_does_not_go_on_with_another_share_of_the_machine_for_each_run(tmp_path):
    project = Project(tmp_path / "toy", brief=BRIEF.replace("budget: 5s\n", f"budget: 60s\n{TWO}"))
    project.loop("run", "--tag", "night", "--experiments", "0")

    project.brief.write_text(project.brief.read_text().replace(TWO, ""))
    done = project.loop("run", "--experiments", "0")

    assert done.returncode == 2
    assert "`workers: 1`" in done.stderr
    assert "restore `workers: 2`, or start a new session with --tag NAME" in done.stderr


# --- the machine fails ----------------------------------------------------------------------------------------------


class Control:
    is_abandoned = False


class Bench:
    """What a pool of workers needs of a context."""

    def __init__(self, *devices: str) -> None:
        self.lock, self.control = JournalLock(), Control()
        self.devices = tuple(Device(name=name) for name in devices)

    def for_device(self, device):
        self.device = device
        return self


def until_abandoned(bench):
    """A run in flight, as `loop.experiment.launch` watches it."""
    while not bench.control.is_abandoned:
        with bench.lock.released():
            threading.Event().wait(0.001)
    raise Stopped


@pytest.mark.parametrize("broken", [MachineFailure("the disk is full"), OSError("the GPU is gone")])
def test_what_is_in_flight_is_abandoned_if_the_machine_is_at_fault(broken):
    bench = Bench("cpu:0", "cpu:1")

    def breaks(_bench):
        raise broken

    with bench.lock, pytest.raises(type(broken), match=str(broken)):
        WorkerPool(bench).run_all([until_abandoned, breaks])


def test_what_is_in_flight_runs_to_its_verdict_if_the_machine_is_not_at_fault():
    bench, ended = Bench("cpu:0", "cpu:1"), []

    def refuses(_bench):
        raise WorkspaceError("somebody moved the branch")

    def lasts(bench):
        with bench.lock.released():
            threading.Event().wait(0.05)
        ended.append(bench.control.is_abandoned)

    with bench.lock, pytest.raises(WorkspaceError):
        WorkerPool(bench).run_all([lasts, refuses])

    assert ended == [False]


# --- devices --------------------------------------------------------------------------------------------------------


def driver(folder: Path, *models: str) -> Path:
    """What NVIDIA's driver tells of its GPUs."""
    for number, model in enumerate(models):
        (folder / f"0000:0{number}:00.0").mkdir(parents=True)
        text = f"Model: \t\t {model}\nIRQ:   \t\t 11\nGPU UUID: \t GPU-{number}{number}\nDevice Minor: \t {number}\n"
        (folder / f"0000:0{number}:00.0" / "information").write_text(text)
    return folder


def test_each_worker_sees_one_gpu_by_a_name_that_no_order_changes(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    devices = assign_devices(2, driver=driver(tmp_path, "NVIDIA H200", "NVIDIA H200", "NVIDIA H200"))

    assert [(device.name, device.gpu, device.torch_name) for device in devices] == [
        ("cuda:0", "GPU-00", "cuda:0"), ("cuda:1", "GPU-11", "cuda:0"),
    ]  # fmt: skip


def test_gpus_that_were_chosen_before_stay_the_only_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    there = driver(tmp_path, "NVIDIA A100", "NVIDIA A100", "NVIDIA H200")

    assert [(device.gpu, device.description) for device in assign_devices(2, driver=there)] == [
        ("2", "NVIDIA H200"),
        ("0", "NVIDIA A100"),
    ]
    with pytest.raises(BadInput, match="`workers: 3`, but this machine has 2 GPUs"):
        assign_devices(3, driver=there)


@pytest.mark.parametrize(
    ("variable", "names"),
    [("0,0", ["0"]), ("1,-1,0", ["1"]), ("MIG-a, MIG-b", ["MIG-a", "MIG-b"]), ("NoDevFiles", []), ("", [])],
    ids=["twice", "until none", "slices", "none by name", "empty"],
)
def test_what_cuda_would_not_show_is_no_device(variable, names, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)

    devices = assign_devices(max(1, len(names)), driver=driver(tmp_path, "NVIDIA A100", "NVIDIA A100"))

    assert [device.gpu for device in devices] == (names if len(names) > 1 else [None])
    assert devices[0].is_gpu == bool(names)


def test_processor_cores_are_shared_out_evenly_and_no_core_twice(tmp_path):
    cores = len(os.sched_getaffinity(0))

    devices = assign_devices(cores, driver=tmp_path)

    assert sorted(core for device in devices for core in device.cores) == sorted(os.sched_getaffinity(0))
    assert {len(device.cores) for device in devices} == {1}
    with pytest.raises(BadInput, match=f"this machine has {cores} processor core"):
        assign_devices(cores + 1, driver=tmp_path)


def test_cores_that_were_taken_away_are_the_machines_fault_and_no_experiments():
    with pytest.raises(MachineFailure, match="may not use the processor cores of cpu:9999 any more"):
        check_cores(Device(name="cpu:9999", cores=(9999,)))


def test_several_workers_and_reverts_do_not_go_together():
    text = BRIEF.replace("budget: 5s\n", f"budget: 5s\n{TWO}rollback: revert\n")

    with pytest.raises(BadInput, match="rollback: reset"):
        parse(text, path=Path("program.md"))


def test_the_live_line_tells_of_all_that_trains():
    stream = io.StringIO()
    printer = EventPrinter(stream, live=True)
    plan = {"session": "night", "run": 1, "commit": "c", "seed": 1, "purpose": "candidate"}

    for number in (4, 5):
        printer.step(RunSpec(experiment=number, **plan), TrainingStep(step=3, seconds=1.0, progress=0.5, loss=2.5))

    line = stream.getvalue().rsplit(CLEAR, 1)[1]
    assert "#4 " in line
    assert "#5 " in line
    assert len(line) <= WIDTH
