"""Faults of a training, each recorded with its own kind, with nothing of it left; and the loop's own clock."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from arena import Arena

from journal.events import RunFailed, RunFinished
from loop.contracts import BaselineTimes
from loop.runs.disk_space import DiskSpace
from loop.runs.measure import RunObserver
from loop.runs.process import guardian
from loop.runs.process.limits import ResourceLimits
from loop.runs.process.runner import Command, CommandObserver, run
from loop.runs.run import RunExecutor
from loop.runs.sandbox import bubblewrap

NOBODY = 65534
PLENTY = 1 << 40  # bytes
LINE = f"{sys.executable} -I train.py"


@pytest.fixture
def quick(tmp_path):
    """A project of one command, without NumPy; it reports its own metric."""
    return Arena(tmp_path / "project", train=LINE, evaluate=None, inputs=(), budget=0.1, device="cuda:0")


def outcome_of(project, code, **more):
    (project.root / "train.py").write_text(code)
    return project.make(project.commit(project.honest), **more)


FAULTS = {
    "floods its output": ("while True: print('x' * 1_000_000)", "flood"),
    "allocates without end": ("kept = []\nwhile True: kept.append(bytearray(10 ** 12))", "oom"),
    "fills the disk with one file": ("import os; os.posix_fallocate(os.open('big', os.O_RDWR | os.O_CREAT), 0, 2 ** 60)", "disk_full"),
    "ends with a loss that is no number": ("raise SystemExit('error: loss is not finite at step 3')", "nan"),
    "prints a metric that is no number": ("print('val_bpb: nan')", "nan"),
    "closes its output": ("import os; os.close(1); os.close(2)", "no_metric"),
    "is killed": ("import os; os.kill(os.getpid(), 9)", "killed"),
    "raises": ("raise ValueError('a wrong shape')", "crash"),
    "cannot be parsed": ("def (", "crash"),
}  # fmt: skip
HANGS = {
    "ignores SIGTERM": "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)",
    "stops itself": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "leaves forks that ignore everything": (
        "import os, signal, time\nfor number in range(1, 32):\n  if number not in (9, 19): signal.signal(number, signal.SIG_IGN)\n"
        "os.fork() or os.setsid()\nos.fork()\ntime.sleep(100)"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_own_kind(fault, quick):
    code, kind = FAULTS[fault]

    outcome = outcome_of(quick, code)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == kind
    assert quick.left_behind() == []


@pytest.mark.parametrize("fault", HANGS)
def test_what_does_not_end_is_ended_and_is_late(fault, quick):
    baseline_times = BaselineTimes(startup=None, training=0.0, wall=0.0, cpu=0.0)

    outcome = outcome_of(quick, HANGS[fault], baseline_times=baseline_times)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "timeout"
    assert quick.left_behind() == []


def test_a_run_that_a_person_skips_is_skipped(quick):
    outcome = outcome_of(quick, "import time; time.sleep(60)", observer=RunObserver(poll=lambda: "skip"))

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "skipped"


def test_a_metric_that_the_training_reports_itself_says_so(quick):
    outcome = outcome_of(quick, "print('val_bpb: 1.5')")

    assert isinstance(outcome, RunFinished)
    assert (outcome.metric, outcome.trust) == (1.5, "self-reported")


def test_the_export_is_removed_and_what_the_run_made_stays(quick):
    outcome_of(quick, "import os; open(os.environ['AR_OUT'] + '/kept', 'w').close(); print('val_bpb: 1')")

    folder = quick.runs.folder("night", 1, 1)
    assert sorted(path.name for path in folder.iterdir()) == ["out", "train.log"]
    assert (folder / "out" / "kept").exists()


@pytest.mark.skipif(not bubblewrap.is_available(), reason=str(bubblewrap.unavailable_reason()))
def test_an_evaluator_that_knows_no_sandbox_runs_inside_it(tmp_path):
    reads = "import os; print('data', os.path.exists(os.environ['AR_ROOT'] + '/data/val/tokens.npy'))\n"
    secret = "print('secret', repr(open(os.environ['AR_ROOT'] + '/.env').read()))\n"
    reaches = "print('git', os.path.exists(os.environ['AR_ROOT'] + '/.git/config')); print('val_bpb: 1')"
    project = Arena(tmp_path / "project", evaluate=f"{sys.executable} score.py", sandbox="required")
    (project.root / "gpt" / "evaluate.py").unlink()
    (project.root / ".env").write_text("TOKEN=1")
    (project.root / "score.py").write_text(reads + secret + reaches)
    commit = project.commit(project.honest)
    tree = project.workspace.tree(commit)
    project.locked = {path: blob.sha for path, blob in tree.items() if path != "gpt/train.py"}

    outcome = project.make(commit)

    output = (project.runs.folder("night", 1, 1) / "evaluate.log").read_text()
    assert isinstance(outcome, RunFinished), outcome
    assert output.splitlines() == ["data True", "secret ''", "git False", "val_bpb: 1"]


PLANTS = """
import os, sys
home, temp = os.environ["HOME"], os.environ["TMPDIR"]
site = f"{home}/.local/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
os.makedirs(site)
open(site + "/usercustomize.py", "w").write("print('val_bpb: 0.001', flush=True); import os; os._exit(0)")
open(home + "/.gitconfig", "w").write("[alias]\\n  hi = !echo planted\\n")
open(temp + "/left", "w").write("here")
print(site)
"""
SYSTEM_PYTHON = "/usr/bin/python3"
SCORE = """
import os, subprocess
subprocess.run(["git", "hi"])
print("left", os.path.exists(os.environ["TMPDIR"] + "/left"), "home", os.listdir(os.environ["HOME"]))
print("val_bpb: 1")
"""


@pytest.mark.skipif(not Path(SYSTEM_PYTHON).exists(), reason="needs a Python outside of every environment")
@pytest.mark.parametrize("sandbox", ["auto", "none"])
def test_nothing_crosses_from_the_training_to_the_evaluator_but_the_output_folder(tmp_path, sandbox):
    project = Arena(
        tmp_path / "project",
        train=f"{SYSTEM_PYTHON} plant.py",
        evaluate=f"{SYSTEM_PYTHON} score.py",
        inputs=(),
        sandbox=sandbox,
    )
    (project.root / "plant.py").write_text(PLANTS)
    (project.root / "score.py").write_text(SCORE)

    outcome = project.make(project.commit(project.honest))

    output = (project.runs.folder("night", 1, 1) / "evaluate.log").read_text()
    assert isinstance(outcome, RunFinished), outcome
    assert outcome.metric == 1
    assert "planted" not in output
    assert "left False home []" in output


@pytest.mark.skipif(not Path(SYSTEM_PYTHON).exists(), reason="needs a Python outside of every environment")
def test_what_a_training_plants_in_a_home_acts_if_the_evaluator_has_the_same_home(tmp_path):
    (tmp_path / "temp").mkdir()
    env = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path / "temp"), "PATH": os.environ["PATH"]}
    subprocess.run([SYSTEM_PYTHON, "-c", PLANTS], env=env, check=True, capture_output=True)

    done = subprocess.run([SYSTEM_PYTHON, "-c", SCORE], env=env, check=False, capture_output=True, text=True)

    assert done.stdout == "val_bpb: 0.001\n"


FORGOTTEN = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    while time.process_time() < 1.2:
        pass
    os._exit(0)
try:
    os.wait()
except ChildProcessError:
    pass
"""


# --- what a command takes, below the run ------------------------------------------------------------------------------


def status_of(tmp_path, code, **limits):
    command = Command(
        line=f"{sys.executable} -I -S -c {code!r}", folder=tmp_path, environment={"HOME": str(tmp_path)}, seconds=20,
        log=tmp_path / "log", limits=ResourceLimits(**limits),
    )  # fmt: skip
    return run(command, CommandObserver())


def test_a_tree_that_takes_too_much_memory_together_is_ended(tmp_path):
    code = "import os, time; os.fork(); os.fork(); kept = bytearray(50_000_000); time.sleep(60)"

    status = status_of(tmp_path, code, memory=150_000_000)

    assert status.reason == "memory"


def test_memory_that_forks_share_counts_once(tmp_path):
    code = "import os, time; kept = bytearray(50_000_000); os.fork(); os.fork(); time.sleep(1.2)"

    status = status_of(tmp_path, code, memory=150_000_000)

    assert (status.reason, status.exit_code) == ("exited", 0)


@pytest.mark.parametrize("mapped", ["pass", "import mmap; kept = mmap.mmap(file, 0); kept[::4096]"])
def test_memory_in_files_that_live_in_memory_counts_once(tmp_path, mapped):
    code = f"import os, time; file = os.memfd_create('x'); os.write(file, bytes(SIZE)); {mapped}; time.sleep(1.2)"

    more = status_of(tmp_path, code.replace("SIZE", "200_000_000"), memory=150_000_000)
    less = status_of(tmp_path, code.replace("SIZE", "100_000_000"), memory=150_000_000)

    assert more.reason == "memory"
    assert (less.reason, less.exit_code) == ("exited", 0)


@pytest.mark.skipif(os.cpu_count() == 1, reason="needs two cores")
def test_a_run_that_takes_other_cores_is_put_back_on_its_own(tmp_path):
    code = "import os, time; os.sched_setaffinity(0, {0, 1}); time.sleep(1); print(*os.sched_getaffinity(0))"

    status_of(tmp_path, code, cores=(1,))

    assert (tmp_path / "log").read_text() == "1\n"


def test_a_run_stays_the_first_to_die_when_memory_runs_out(tmp_path):
    file = "open('/proc/self/oom_score_adj', 'r+')"
    code = f"import time; {file}.write('0'); time.sleep(1); print({file}.read(), end='')"

    status_of(tmp_path, code, memory=10**9)

    assert (tmp_path / "log").read_text() == "800\n"


def test_a_fork_bomb_is_ended_whole(tmp_path):
    code = "import os, time; [os.fork() for _ in range(7)]; time.sleep(60)"

    status = status_of(tmp_path, code, processes=60)

    assert status.reason == "processes"
    assert subprocess.run(["pgrep", "-f", "range.7.*sleep.60"], check=False, capture_output=True).stdout == b""


BOMB = """
import os, runpy, signal, sys, time
runpy.run_path(sys.argv[1])["_set_limits"]({"processes": 8})
children = []
try:
    while child := os.fork(): children.append(child)
    time.sleep(60)
except OSError as error:
    print(error.strerror)
[os.kill(child, signal.SIGKILL) for child in children]
"""


def test_a_fork_bomb_between_two_looks_meets_the_kernels_own_limit():
    python = shutil.which("python3", path="/usr/bin:/bin")
    if python is None:
        pytest.skip("needs a Python that every user may run: root is not held by this limit")
    with tempfile.NamedTemporaryFile(suffix=".py") as copy:
        copy.write(Path(guardian.__file__).read_bytes())
        copy.flush()
        Path(copy.name).chmod(0o644)
        command = [python, "-I", "-S", "-c", BOMB, copy.name]

        done = subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=False, user=NOBODY if os.getuid() == 0 else None
        )

    assert done.stdout == "Resource temporarily unavailable\n", done.stderr


def test_a_disk_that_runs_low_ends_the_command(tmp_path):
    free = shutil.disk_usage(tmp_path).free

    status = status_of(tmp_path, "import time; time.sleep(60)", spare=2 * free)

    assert status.reason == "disk"


@pytest.mark.parametrize(
    ("left", "kind"),
    [([], "disk_full"), ([PLENTY, PLENTY, 0, 0], "interrupted")],
    ids=["its own doing", "another's doing"],
)
def test_a_run_that_finds_the_disk_full_by_another_run_is_not_to_blame_and_the_session_continues(tmp_path, left, kind):
    arena = Arena(tmp_path / "project", train=LINE, evaluate=None, inputs=(), budget=0.1, workers=2)
    free = iter(left)
    disk = DiskSpace(tmp_path / "runs", shared=True, free=lambda _: next(free, PLENTY))
    arena.runs = RunExecutor(arena.workspace, arena.config, folder=tmp_path / "runs", disk=disk)

    outcome = outcome_of(arena, "raise SystemExit('OSError: [Errno 28] No space left on device')")

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == kind


def test_processor_time_of_children_that_nobody_waits_for_is_counted(tmp_path):
    (tmp_path / "spin.py").write_text(FORGOTTEN)

    status = status_of(tmp_path, f"exec(open({str(tmp_path / 'spin.py')!r}).read())")

    assert status.cpu_seconds > 0.5
