"""The program that starts model processes for an evaluator: what they see, what they get, and what is refused."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

from loop.runs.process import model_broker
from loop.runs.time_budget import scoring_seconds

ASK = """
import json, os, socket, sys
channel = socket.socket(fileno=int(os.environ["AR_MODEL_FD"]))
def start(command, numbers=(), descriptors=()):
    socket.send_fds(channel, [json.dumps({"command": command, "descriptors": list(numbers)}).encode()], list(descriptors))
    return json.loads(channel.recv(65536))
def spoken(command, numbers=(1,)):
    ours, theirs = os.pipe()
    answer = start(command, numbers, [theirs] * len(numbers))
    os.close(theirs)
    return answer, open(ours, "rb").read().decode()
"""


def evaluate(tmp_path, code, *, prefix=(), **env):
    """Run an evaluator under the broker."""
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "tree").mkdir(exist_ok=True)
    program = [
        sys.executable,
        "-I",
        "-S",
        model_broker.__file__,
        json.dumps(list(prefix)),
        str(tmp_path / "tree"),
        str(tmp_path / "report.json"),
        "--",
    ]
    return subprocess.run(
        [*program, sys.executable, "-c", ASK + textwrap.dedent(code)],
        env={"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], **env},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


def test_a_model_process_gets_its_descriptors_by_number_and_the_evaluator_its_answer(tmp_path):
    done = evaluate(tmp_path, """print(*spoken(["sh", "-c", "echo seven >&7"], [7]))""")

    assert done.stdout == "{'started': 0} seven\n\n"


def test_a_model_process_starts_in_the_export_with_the_words_of_the_sandbox_before_its_command(tmp_path):
    done = evaluate(
        tmp_path, """print(spoken(["pwd"])[1])""", prefix=["env", "WORD=1", "sh", "-c", 'echo $WORD; "$@"', "-"]
    )

    assert done.stdout == f"1\n{tmp_path / 'tree'}\n\n"


def test_a_model_process_sees_no_variable_of_the_evaluators_own(tmp_path):
    given = {"AR_DATA": "/data", "AR_ROOT": "/", "AR_OUT": "/out", "AR_DEVICE": "cpu"}

    done = evaluate(tmp_path, """print(spoken(["sh", "-c", "env | grep ^AR_; echo $HOME"])[1])""", **given)

    device, home = done.stdout.split()
    assert device == "AR_DEVICE=cpu"
    assert home.startswith(str(tmp_path / "home" / "model-"))


def test_two_model_processes_have_homes_of_their_own(tmp_path):
    done = evaluate(tmp_path, """print(spoken(["sh", "-c", "echo $HOME"])[1], spoken(["sh", "-c", "echo $HOME"])[1])""")

    assert len(set(done.stdout.split())) == 2


def test_a_model_process_holds_nothing_but_what_it_was_given(tmp_path):
    done = evaluate(tmp_path, """print(spoken(["ls", "/proc/self/fd"])[1])""")

    listing = "3"  # the folder that ls itself reads
    assert done.stdout.split() == ["0", "1", "2", listing]


def test_a_model_process_that_hangs_is_ended_on_request(tmp_path):
    code = """
        ours, theirs = os.pipe()
        number = start(["sleep", "60"], [3], [theirs])["started"]
        os.close(theirs)
        channel.send(json.dumps({"end": number}).encode())
        print(os.read(ours, 1))
    """

    assert evaluate(tmp_path, code).stdout == "b''\n"


@pytest.mark.parametrize(("code", "exit_code"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", 137), ("", 0)])
def test_it_ends_with_the_evaluators_exit_code(tmp_path, code, exit_code):
    assert evaluate(tmp_path, code).returncode == exit_code


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b"not json", '"command" is a list of words'),
        (b"[1]", '"command" is a list of words'),
        (b"[" * 60_000, '"command" is a list of words'),
        (b'{"command": "rm -rf /"}', '"command" is a list of words'),
        (b'{"command": ["true"], "descriptors": [-1]}', '"descriptors" is a list of numbers below 1000'),
        (b'{"command": ["true"], "descriptors": [true]}', '"descriptors" is a list of numbers below 1000'),
        (b'{"command": ["true"], "descriptors": [3]}', "0 descriptors came, for the numbers [3]"),
    ],
)
def test_a_message_that_is_none_is_refused_in_a_sentence_and_the_next_is_answered(tmp_path, message, error):
    code = f"""
        channel.send({message!r})
        print(json.loads(channel.recv(65536))["error"])
        print(spoken(["echo", "here"])[1])
    """

    assert evaluate(tmp_path, code).stdout == f"{error}\nhere\n\n"


def test_an_evaluator_that_asks_for_ever_is_refused_in_the_end(tmp_path):
    done = evaluate(tmp_path, """print([start(["true"]) for _ in range(20)][-1])""")

    assert done.stdout == "{'error': 'there have been 16 model processes already'}\n"


def test_a_program_that_is_not_there_says_so_on_its_own_stderr(tmp_path):
    done = evaluate(tmp_path, """print(spoken(["nowhere"], [2])[1])""")

    assert done.stdout == "error: cannot start nowhere: No such file or directory\n\n"


BUSY = "import time; until = time.process_time() + 0.6\nwhile time.process_time() < until: pass\n"


@pytest.mark.parametrize("end", ["", "time.sleep(60)"])
def test_what_model_processes_take_is_reported_whether_they_end_or_are_ended(tmp_path, end):
    code = f"""
        ours, theirs = os.pipe()
        number = start([sys.executable, "-c", {f"{BUSY}import os; os.write(3, b'x'); {end}"!r}], [3], [theirs])["started"]
        os.read(ours, 1)
    """

    evaluate(tmp_path, code)

    seconds = scoring_seconds(tmp_path / "report.json", wall=False)
    assert 0.6 <= seconds < 2
    assert scoring_seconds(tmp_path / "report.json", wall=True) >= seconds


def test_an_evaluator_without_model_processes_has_no_such_time(tmp_path):
    evaluate(tmp_path, "")

    assert scoring_seconds(tmp_path / "report.json", wall=False) is None


@pytest.mark.parametrize(
    "report",
    [
        b"[1]",
        b"{}",
        b'{"processes": 1}',
        b'{"processes": 1, "cpu_seconds": "few", "wall_seconds": 1}',
        b"[" * 100_000,
        b"\xff",
        b'{"processes": 1, "cpu_seconds": ' + b"9" * 5_000 + b', "wall_seconds": 1}',
    ],
)
def test_a_report_that_somebody_else_wrote_is_no_report(tmp_path, report):
    (tmp_path / "report.json").write_bytes(report)

    assert scoring_seconds(tmp_path / "report.json", wall=False) is None


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_a_command_with_a_word_that_no_program_can_get_is_one_failed_process(tmp_path, word):
    done = evaluate(tmp_path, f"""print(spoken(["echo", {word!r}], [2])[1], spoken(["echo", "here"])[1])""")

    assert "error: cannot start echo: " in done.stdout
    assert done.stdout.endswith("here\n\n")
    assert "Traceback" not in done.stdout + done.stderr
