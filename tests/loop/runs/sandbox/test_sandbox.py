"""What a command in the sandbox sees, where it can write, and what it can reach: one probe asks, each test reads an answer."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loop.runs.process.environment import environment, interpreter, prefixes
from loop.runs.process.guardian import with_open_filter
from loop.runs.sandbox import bubblewrap

needs_sandbox = pytest.mark.skipif(not bubblewrap.is_available(), reason=str(bubblewrap.unavailable_reason()))

PROBE = Path(__file__).parents[2] / "arena" / "probe.py"


@pytest.fixture(scope="module")
def listeners():
    """A port and an abstract socket that would answer."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as abstract:
        name = f"ar-test-{os.getpid()}"
        abstract.bind("\0" + name)
        abstract.listen()
        yield tcp.getsockname()[1], name


@pytest.fixture(scope="module")
def found(tmp_path_factory, listeners):
    """What a probe in the sandbox finds on a machine with a repository, a home and keys."""
    root = tmp_path_factory.mktemp("machine") / "home" / "project"
    for name in (
        ".git",
        "data/val",
        "data/train",
        ".ar/runs/other",
        ".ar/runs/one/train",
        ".ar/runs/one/out",
        "../.ssh",
    ):
        (root / name).mkdir(parents=True)
    for name in (".ar/journal.db", ".git/config", "data/train/shard", "data/val/tokens", "../.ssh/id", "../.bashrc"):
        (root / name).write_text("secret")
    one = root / ".ar" / "runs" / "one"
    shutil.copy(PROBE, one / "train")
    os.environ["OPENAI_API_KEY"] = "secret"
    sandbox = bubblewrap.build_sandbox(["python probe.py"], hidden=[root, root.parent], gpu=False)
    prefix = sandbox.command_prefix(one / "train", reads=[root / "data" / "train"], writes=[one / "train", one / "out"])
    line = [
        sys.executable,
        "probe.py",
        str(root),
        str(root.parent),
        str(Path(os.__file__).parent),
        *map(str, listeners),
    ]
    environ = environment(one / "home", temp=one / "tmp", extra={"AR_SEED": "1"})
    done = subprocess.run(
        with_open_filter([*prefix, *line]), env=environ, capture_output=True, text=True, check=False, close_fds=False
    )
    del os.environ["OPENAI_API_KEY"]
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"root": root}


HIDDEN = (
    "repository", "journal", "other run", "keys", "tcp", "udp", "abstract", "namespaces", "terminal", "docstrings",
)  # fmt: skip


@needs_sandbox
@pytest.mark.parametrize("answer", HIDDEN)
def test_what_is_not_listed_is_out_of_reach(found, answer):
    assert found[answer] is False


@needs_sandbox
def test_nothing_of_the_home_shows_but_the_way_to_the_project(found):
    assert found["home"] == ["project"]


@needs_sandbox
def test_inputs_are_read_and_never_written(found):
    assert found["input"]
    assert not found["input written"]
    assert (found["root"] / "data" / "train" / "shard").read_text() == "secret"


@needs_sandbox
def test_only_its_own_folders_and_private_ones_can_be_written(found):
    assert found["own written"] == [True] * 5
    assert found["written"] == []


@needs_sandbox
def test_what_it_writes_in_private_folders_is_nowhere_on_the_machine(found):
    assert (found["root"] / ".ar" / "runs" / "one" / "out" / "probe").read_text() == "here"
    assert not any(Path(path).exists() for path in ("/tmp/probe", "/dev/shm/probe", "/var/tmp/probe"))


@needs_sandbox
def test_it_sees_no_process_but_its_own_and_no_key_in_any_environment(found):
    assert len(found["processes"]) == 2
    assert "OPENAI_API_KEY" not in found["environment"]
    assert not any(entry.startswith("OPENAI_API_KEY") for entry in found["init environment"])


@needs_sandbox
def test_it_holds_no_capability(found):
    assert int(found["capabilities"], 16) == 0


@needs_sandbox
def test_the_standard_library_is_there_as_bytecode_and_its_text_is_not(found):
    assert found["sources"] == []
    assert found["modules"] == 6


@needs_sandbox
def test_all_that_starts_in_it_ends_with_the_process_that_started_it(tmp_path):
    prefix = bubblewrap.build_sandbox(["python"], hidden=[], gpu=False).command_prefix(tmp_path, writes=[tmp_path])
    forks = "import os, time; os.fork() or os.setsid(); os.fork() or os.setsid(); os.write(1, b'up\\n'); time.sleep(60)"
    command = with_open_filter([*prefix, sys.executable, "-c", forks])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, close_fds=False) as started:
        assert [started.stdout.readline() for _ in range(4)] == ["up\n"] * 4

        started.kill()

        assert started.stdout.read() == ""  # which ends when the last process that holds the pipe has gone


def test_if_bubblewrap_is_missing_the_reason_names_the_line_that_installs_it(tmp_path):
    (tmp_path / "apt-get").symlink_to("/bin/true")
    code = "from loop.runs.sandbox import bubblewrap as sandbox; print(sandbox.is_available(), sandbox.unavailable_reason())"

    output = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True
    ).stdout

    assert output.startswith("False")
    assert "apt-get install -y bubblewrap" in output


def test_bubblewrap_is_tried_and_not_looked_for(tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    code = "from loop.runs.sandbox import bubblewrap as sandbox; print(sandbox.is_available(), sandbox.unavailable_reason())"

    output = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert output.startswith("False")
    assert "No permissions to create new namespace" in output
    assert "sysctl" in output


def test_a_user_s_own_folder_of_packages_is_no_environment(tmp_path):
    packages = tmp_path / ".local" / "lib" / "python3.11" / "site-packages"
    program = tmp_path / ".local" / "bin" / "tool"
    packages.mkdir(parents=True)
    program.parent.mkdir()
    program.touch()

    assert prefixes(program) == ()


def test_the_interpreter_of_a_line_is_the_one_that_it_names(tmp_path):
    assert interpreter("python -m gpt.train").name.startswith("python")
    assert str(interpreter("./train.sh --fast")) == sys.executable
