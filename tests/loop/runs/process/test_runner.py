"""A command under its guardian: whatever it does, it ends, nothing of it is left, and the loop knows how."""

import os
import signal
import sys
import threading
import uuid
from pathlib import Path

import pytest
from toys import gone, processes

from loop.runs.process import process_table
from loop.runs.process.environment import environment, missing_program, program_script
from loop.runs.process.output import KEEP_BYTES
from loop.runs.process.runner import Command, CommandObserver, ExitStatus, run
from loop.runs.process.telemetry import TrainingStep

LONG = 30.0  # seconds that no test waits for


@pytest.fixture
def mark():
    """A word that identifies the processes of one test."""
    return f"mark-{uuid.uuid4().hex}"


def go(
    folder: Path, line: str, *, seconds: float = LONG, observer: CommandObserver | None = None, **more: str
) -> ExitStatus:
    command = Command(
        line=line, folder=folder, environment=environment(folder / "home", temp=folder / "home", extra=more), log=folder / "log", seconds=seconds, telemetry=True
    )  # fmt: skip
    return run(command, observer or CommandObserver())


def python(folder: Path, text: str) -> str:
    (folder / "script.py").write_text(text)
    return f"{sys.executable} -I -S script.py"


# --- how it ended --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "number"),
    [("true", 0, None), ("false", 1, None), ("exit 3;", 3, None), ("no-such-program", 127, None)],
)
def test_an_exit_code_is_reported(tmp_path, line, code, number):
    status = go(tmp_path, line)

    assert (status.reason, status.exit_code, status.signal) == ("exited", code, number)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGTERM, signal.SIGABRT])
def test_a_death_by_signal_is_reported(tmp_path, number):
    status = go(tmp_path, python(tmp_path, f"import os; os.kill(os.getpid(), {int(number)})"))

    assert (status.reason, status.exit_code, status.signal) == ("exited", None, number)


def test_a_program_that_does_not_exist_says_so_in_the_log(tmp_path):
    go(tmp_path, "no-such-program")

    assert "cannot start no-such-program: No such file or directory" in (tmp_path / "log").read_text()


def test_its_time_and_memory_are_reported(tmp_path):
    status = go(tmp_path, python(tmp_path, "sum(range(3_000_000)); x = bytearray(50 << 20)"))

    assert status.cpu_seconds > 0.01
    assert status.peak_memory > 50 << 20
    assert status.wall_seconds >= status.cpu_seconds * 0.5


# --- the clock -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "import time; time.sleep(60)",
        "import signal, time\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(1)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "import os, time\nos.close(0); os.close(1); os.close(2)\ntime.sleep(60)",
        "while True: pass",
    ],
    ids=["sleeps", "ignores SIGTERM", "stops itself", "closes its output", "spins"],
)
def test_what_does_not_end_in_time_is_ended(tmp_path, text, mark):
    status = go(tmp_path, python(tmp_path, text), seconds=0.3, MARK=mark)

    assert status.reason == "timeout"
    assert 0.3 <= status.wall_seconds < LONG
    assert gone(mark)


def test_a_command_may_end_by_itself_when_it_is_skipped(tmp_path):
    text = (
        "import os, signal, time\n"  # os.write: a signal may come in the middle of a print
        "signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'saved\\n'), os._exit(0)))\n"
        "os.write(1, b'ready\\n')\ntime.sleep(60)"
    )

    status = go(
        tmp_path, python(tmp_path, text), observer=CommandObserver(poll=_after_output(tmp_path / "log", "skip"))
    )

    assert (status.reason, status.exit_code) == ("skip", 0)
    assert (tmp_path / "log").read_text() == "ready\nsaved\n"


def test_a_command_is_ended_at_once_on_an_interrupt(tmp_path, mark):
    status = go(tmp_path, "sleep 60", observer=CommandObserver(poll=lambda: "interrupt"), MARK=mark)

    assert status.reason == "interrupt"
    assert status.wall_seconds < 2
    assert gone(mark)


# --- nothing is left -----------------------------------------------------------------------------------------------

FORKS = {
    "a child": "import os, time\nif os.fork() == 0: time.sleep(60)",
    "a child in a session of its own": "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(60)",
    "a daemon": (
        "import os, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        for n in range(3): os.close(n)\n        time.sleep(60)\n    os._exit(0)\nos.wait()"
    ),
    "a crowd": "import os, time\nfor _ in range(6): os.fork()\nif os.getpid() % 2: os.setsid()\ntime.sleep(0.2)",
    "a stopped child": "import os, signal, time\nif os.fork() == 0:\n    os.setsid(); os.kill(os.getpid(), signal.SIGSTOP)",
    "one that ignores every signal": (
        "import os, signal, time\nif os.fork() == 0:\n    os.setsid()\n"
        "    [signal.signal(n, signal.SIG_IGN) for n in range(1, 32) if n not in (9, 19)]\n    time.sleep(60)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", FORKS.values(), ids=FORKS.keys())
def test_whatever_it_forks_ends_with_it(tmp_path, text, mark):
    status = go(tmp_path, python(tmp_path, text), MARK=mark)

    assert status.reason == "exited"
    assert processes(mark) == []


HARMS = {
    "kills": "os.kill(os.getppid(), 9)",
    "stops": "os.kill(os.getppid(), 19)",
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS.keys())
def test_a_command_that_gets_at_its_guardian_ends_all_the_same(tmp_path, harm, mark):
    text = f"import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(60)\n{harm}\ntime.sleep(60)"

    status = go(tmp_path, python(tmp_path, text), seconds=0.5, MARK=mark)

    assert status.signal == signal.SIGKILL
    assert gone(mark)


def test_a_guardian_ignores_signals_that_ask_it_to_end(tmp_path, mark):
    text = "import os, time\n[os.kill(os.getppid(), n) for n in (1, 2, 15)]\nprint('fine')"

    status = go(tmp_path, python(tmp_path, text), MARK=mark)

    assert (status.reason, status.exit_code) == ("exited", 0)


def test_a_loop_that_is_killed_takes_its_run_with_it(tmp_path, mark):
    loop = (
        "import sys; from pathlib import Path\n"
        "from loop.runs.process.environment import environment\nfrom loop.runs.process.runner import Command, CommandObserver, run\n"
        f"folder = Path({str(tmp_path)!r})\n"
        f"command = Command(line='{sys.executable} -I -S script.py', folder=folder, log=folder / 'log', seconds=60.0,\n"
        f"    environment=environment(folder / 'home', temp=folder / 'home', extra={{'MARK': {mark!r}}}))\n"
        "run(command, CommandObserver(on_launch=lambda pid: print(pid, flush=True)))\n"
    )
    python(tmp_path, "import os, time\nif os.fork() == 0:\n    os.setsid()\nprint('ready', flush=True)\ntime.sleep(60)")
    read, write = os.pipe()
    pid = os.posix_spawn(
        sys.executable, [sys.executable, "-c", loop], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)]
    )
    os.close(write)
    os.read(read, 64)

    os.kill(pid, signal.SIGKILL)

    os.waitpid(pid, 0)
    os.close(read)
    assert gone(mark)


def test_orphaned_processes_are_found_by_their_home(tmp_path, mark):
    pid = os.posix_spawn("/bin/sleep", ["sleep", "60"], {"HOME": str(tmp_path / "home"), "MARK": mark}, setsid=True)
    other = os.posix_spawn("/bin/sleep", ["sleep", "60"], {"HOME": str(tmp_path / "home2"), "MARK": mark}, setsid=True)
    while len(processes(mark)) < 2:
        pass

    found = process_table.kill_run(tmp_path / "home")

    assert found == 1
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    assert processes(mark) == [other]
    os.kill(other, signal.SIGKILL)
    os.waitpid(other, 0)


# --- output --------------------------------------------------------------------------------------------------------


def test_a_flood_of_output_is_ended_and_its_log_stays_small(tmp_path, mark):
    status = go(tmp_path, "yes a line of output that never ends", MARK=mark)

    assert status.reason == "flood"
    assert (tmp_path / "log").stat().st_size < 3 * KEEP_BYTES
    assert gone(mark)


def test_the_beginning_and_the_end_of_a_long_output_are_kept(tmp_path):
    text = f"print('first')\nprint('x' * {4 * KEEP_BYTES})\nprint('last')"

    status = go(tmp_path, python(tmp_path, text))

    log = (tmp_path / "log").read_bytes()
    assert log.startswith(b"first\n")
    assert log.endswith(b"last\n")
    assert f"… {status.output_bytes - 2 * KEEP_BYTES} bytes left out …".encode() in log


def test_a_short_output_is_kept_whole(tmp_path):
    go(tmp_path, python(tmp_path, f"print('x' * {KEEP_BYTES + 10})"))

    assert (tmp_path / "log").read_bytes() == b"x" * (KEEP_BYTES + 10) + b"\n"


def test_output_that_comes_with_the_end_is_not_lost(tmp_path):
    status = go(tmp_path, python(tmp_path, "import os\nos.write(1, b'y' * 60_000); os._exit(7)"))

    assert (status.exit_code, status.output_bytes) == (7, 60_000)


def test_a_command_reads_nothing(tmp_path):
    go(tmp_path, python(tmp_path, "import sys; print(repr(sys.stdin.read()))"))

    assert (tmp_path / "log").read_text() == "''\n"


# --- telemetry -----------------------------------------------------------------------------------------------------


def test_messages_come_through_a_descriptor_of_their_own(tmp_path):
    messages = []
    text = (
        "import os\nfd = int(os.environ['AR_TELEMETRY_FD'])\n"
        'os.write(fd, b\'{"event":"step","step":1,"seconds":2.0}\\nnoise\\n\\xff\\n\')\nprint(\'{"event":"started"}\')'
    )

    go(tmp_path, python(tmp_path, text), observer=CommandObserver(on_message=messages.append))

    assert messages == [TrainingStep(step=1, seconds=2.0)]


def test_noise_on_the_telemetry_harms_nobody(tmp_path):
    messages = []
    text = "import os\nfd = int(os.environ['AR_TELEMETRY_FD'])\nfor _ in range(200): os.write(fd, os.urandom(65_536))"

    status = go(tmp_path, python(tmp_path, text), observer=CommandObserver(on_message=messages.append))

    assert (status.reason, status.exit_code, messages) == ("exited", 0, [])


def test_closing_the_telemetry_is_no_failure(tmp_path):
    status = go(tmp_path, python(tmp_path, "import os\nos.close(int(os.environ['AR_TELEMETRY_FD']))"))

    assert status.exit_code == 0


def test_a_command_cannot_speak_to_the_loop_in_its_guardians_name(tmp_path):
    text = "import os\nfor fd in range(3, 256):\n    try: os.write(fd, b'{\"exit_code\": 0}\\n')\n    except OSError: pass\nos._exit(9)"

    status = go(tmp_path, python(tmp_path, text))

    assert status.exit_code == 9


# --- the environment -----------------------------------------------------------------------------------------------


def test_no_secret_and_no_setting_of_the_user_reaches_a_run(tmp_path, monkeypatch):
    for name in (
        "ANTHROPIC_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "SSH_AUTH_SOCK",
        "GIT_DIR",
        "PYTHONPATH",
        "LD_PRELOAD",
        "HF_TOKEN",
    ):
        monkeypatch.setenv(name, "s3cr3t")

    go(tmp_path, "env")

    names = {line.split("=")[0] for line in (tmp_path / "log").read_text().splitlines()}
    assert "s3cr3t" not in (tmp_path / "log").read_text()
    assert names <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "HOME", "TMPDIR",
                     "PYTHONUNBUFFERED", "PYTHONNOUSERSITE", "AR_TELEMETRY_FD", "PWD", "OLDPWD", "SHLVL", "_", "OMP_NUM_THREADS", "MKL_NUM_THREADS"}  # fmt: skip


def test_a_run_has_the_loops_python_first_on_its_path(tmp_path):
    go(tmp_path, "python -c 'import sys; print(sys.executable)'")

    assert Path((tmp_path / "log").read_text().strip()).parent == Path(sys.executable).parent


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("python train.py", None),
        ("AR=1 python train.py", None),
        ("no-such --x", "no-such"),
        ("no-such | tee x", "no-such"),
        ("no-such || python train.py", None),
        ("python train.py > out; cat out", None),
        ("./run.sh", None),
    ],
)
def test_a_program_that_is_nowhere_is_found_before_anything_runs(line, missing):
    assert missing_program(line) == missing


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("./run.sh -x", "run.sh"),
        ("tools/../go.sh", "go.sh"),
        ("python train.py", None),
        ("/bin/true", None),
        ("./a.sh | ./b.sh", None),
    ],
)
def test_a_script_of_the_repository_is_known_by_its_path(line, script):
    assert program_script(line) == script


def _after_output(log: Path, request: str):
    """Make a request when the command has printed something."""
    return lambda: request if log.read_text().strip() else None


def test_several_runs_at_once_do_not_end_each_other(tmp_path):
    statuses: dict[int, ExitStatus] = {}
    folders = [tmp_path / str(number) for number in range(3)]
    [folder.mkdir() for folder in folders]

    def one(number: int) -> None:
        statuses[number] = go(folders[number], f"sleep 0.{number + 1}; exit {number}")

    threads = [threading.Thread(target=one, args=(number,)) for number in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert [statuses[number].exit_code for number in range(3)] == [0, 1, 2]
