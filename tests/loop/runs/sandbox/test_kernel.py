"""What a sandboxed process can reach of the kernel, and what training needs of it. Each probe has a control without the defence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loop.runs.process.environment import environment
from loop.runs.process.limits import UNLIMITED
from loop.runs.process.runner import Command, CommandObserver, run
from loop.runs.sandbox import bubblewrap, seccomp

pytestmark = pytest.mark.skipif(not bubblewrap.is_available(), reason=str(bubblewrap.unavailable_reason()))
PLAIN = ("bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--ro-bind", "/", "/",
         "--proc", "/proc", "--dev", "/dev")  # fmt: skip
# Calls by number and arguments that ask for nothing: each fails, and how it fails says whether it was let in.
CALLS = """
import ctypes, errno, json, platform
numbers = {
    "x86_64": dict(keyctl=250, add_key=248, request_key=249, io_uring_setup=425, ptrace=101, userfaultfd=323, bpf=321,
                   mount=165, umount2=166, pivot_root=155, setns=308, unshare=272, kexec_load=246, open_tree=428),
    "aarch64": dict(keyctl=219, add_key=217, request_key=218, io_uring_setup=425, ptrace=117, userfaultfd=282, bpf=280,
                    mount=40, umount2=39, pivot_root=41, setns=268, unshare=97, kexec_load=104, open_tree=428),
}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
def fails(number):
    ctypes.set_errno(0)
    return errno.errorcode.get(ctypes.get_errno(), "") if libc.syscall(number, 0, 0, 0, 0, 0) < 0 else ""
print(json.dumps({name: fails(number) for name, number in numbers.items()}))
"""
READ_KEY = """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
keyctl = {"x86_64": 250, "aarch64": 219}[platform.machine()]
found = libc.syscall(keyctl, 10, -3, b"user", b"ar-probe", 0)  # KEYCTL_SEARCH in the session keyring
print("found" if found > 0 else "nothing")
"""
WITH_KEY = """
import ctypes, os, platform, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
keyctl, add_key = {"x86_64": (250, 248), "aarch64": (219, 217)}[platform.machine()]
if libc.syscall(keyctl, 1, None) < 0 or libc.syscall(add_key, b"user", b"ar-probe", b"secret", 6, -3) < 0:
    print("no keyrings"); sys.exit()
os.execv(sys.argv[1], sys.argv[1:])  # with a session keyring of its own, which holds a key
"""


def sandboxed(tmp_path, code, *arguments):
    """What a program prints that runs as a training does."""
    for name in ("train", "home", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "train" / "probe.py").write_text(code)
    prefix = bubblewrap.build_sandbox(["python probe.py"], hidden=[], gpu=False).command_prefix(
        tmp_path / "train", writes=[tmp_path / name for name in ("train", "home", "tmp")], temp=tmp_path / "tmp"
    )
    command = Command(
        line=f"{sys.executable} probe.py {' '.join(arguments)}", folder=tmp_path / "train", log=tmp_path / "log",
        environment=environment(tmp_path / "home", temp=tmp_path / "tmp", extra={}), seconds=60, limits=UNLIMITED,
        prefix=prefix,
    )  # fmt: skip
    run(command, CommandObserver())
    return (tmp_path / "log").read_text()


def plain(code):
    """The same in bubblewrap without the masks and the filter."""
    return subprocess.run([*PLAIN, sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def can_open(path):
    """A program that opens a file for writing, writes nothing, and says whether that was possible."""
    return f"import os\ntry: os.close(os.open({path!r}, os.O_WRONLY)); print('open')\nexcept OSError: print('closed')"


@pytest.mark.parametrize(
    "path", ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches"]
)
def test_no_setting_of_the_kernel_can_be_opened_for_writing(tmp_path, path):
    assert sandboxed(tmp_path, can_open(path)) == "closed\n"


@pytest.mark.skipif(os.getuid() != 0, reason="the settings of the kernel are open to root alone")
def test_without_the_mask_root_could_write_settings_of_the_kernel():
    assert plain(can_open("/proc/sys/kernel/core_pattern")) == "open\n"


def content(path):
    return f"try: print(len(open({path!r}, 'rb').read()))\nexcept OSError: print(0)"


@pytest.mark.skipif(not Path("/proc/keys").exists(), reason="this kernel lists no keys")
def test_the_keys_of_the_machine_are_not_listed(tmp_path):
    assert sandboxed(tmp_path, content("/proc/keys")) == "0\n"


@pytest.mark.skipif(os.getuid() != 0 or not Path("/proc/keys").exists(), reason="the list is open to root")
def test_without_the_mask_the_keys_are_listed():
    assert int(plain(content("/proc/keys"))) > 0


def test_calls_that_reach_beyond_the_sandbox_are_denied(tmp_path):
    answers = json.loads(sandboxed(tmp_path, CALLS))

    assert set(answers.values()) == {"EPERM"}


def test_without_the_filter_several_of_these_calls_are_let_in():
    answers = json.loads(plain(CALLS))

    assert {answers[name] for name in ("keyctl", "add_key", "userfaultfd", "open_tree")} != {"EPERM"}


def test_no_socket_leads_to_the_host_of_a_virtual_machine(tmp_path):
    code = "import socket\ntry: socket.socket(40, socket.SOCK_STREAM); print('open')\nexcept OSError as e: print(e.strerror)"

    assert sandboxed(tmp_path, code) == "Address family not supported by protocol\n"


@pytest.fixture
def keyholder(tmp_path):
    """Runs a program in a session keyring of its own that holds a key."""

    def hold(*words):
        done = subprocess.run(
            [sys.executable, "-c", WITH_KEY, *words], capture_output=True, text=True, check=True, cwd=Path.cwd()
        )
        if done.stdout == "no keyrings\n":
            pytest.skip("this kernel has no keyrings")
        return done.stdout

    return hold


def test_a_run_does_not_find_the_keys_of_the_person_in_any_sandbox_or_none(tmp_path, keyholder):
    code = (
        "import sys; from pathlib import Path; from loop.runs.process.environment import environment\n"
        "from loop.runs.process.runner import Command, CommandObserver, run\n"
        "folder = Path(sys.argv[1])\n"
        "run(Command(line=f'{sys.executable} probe.py', folder=folder, log=folder / 'log', seconds=30,\n"
        "    environment=environment(folder, temp=folder, extra={})), CommandObserver())\n"
        "print((folder / 'log').read_text(), end='')"
    )
    (tmp_path / "probe.py").write_text(READ_KEY)

    assert keyholder(sys.executable, "-c", code, str(tmp_path)) == "nothing\n"


def test_a_child_of_the_same_keyring_does_find_them(keyholder):
    assert keyholder(sys.executable, "-c", READ_KEY) == "found\n"


def test_what_training_needs_is_let_in(tmp_path):
    code = """
import multiprocessing, os, subprocess, threading, torch
def square(x): return x * x
if __name__ == "__main__":
    thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
    with multiprocessing.get_context("fork").Pool(2) as pool: assert pool.map(square, [1, 2]) == [1, 4]
    with multiprocessing.get_context("spawn").Pool(1) as pool: assert pool.map(square, [3]) == [9]
    layer = torch.nn.Linear(4, 4)
    layer(torch.randn(2, 4)).sum().backward()
    data = torch.utils.data.DataLoader(list(range(4)), num_workers=1)
    assert sum(int(x) for x in data) == 6
    assert subprocess.run(["/bin/sh", "-c", "exit 3"]).returncode == 3
    print("trained")
"""

    assert sandboxed(tmp_path, code).splitlines()[-1] == "trained"


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_a_filter_is_there_for_each_architecture(machine):
    path = seccomp.filter_file(machine)

    assert path is not None
    assert path.stat().st_size % 8 == 0  # of instructions, 8 bytes each


def test_the_filters_are_those_that_the_library_makes(tmp_path):
    pytest.importorskip("pyseccomp", reason="pyseccomp makes the filters; no run needs it")
    for machine in seccomp.ARCHITECTURES:
        seccomp.compile_filter(machine, tmp_path / machine)

        assert (tmp_path / machine).read_bytes() == seccomp.filter_file(machine).read_bytes()


def test_a_socket_fits_into_the_folder_for_temporary_files_however_deep_the_repository_is(tmp_path):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    code = """
import os, socket, tempfile
with socket.socket(socket.AF_UNIX) as server: server.bind(os.path.join(tempfile.mkdtemp(), "listener"))
print("bound")
"""

    assert sandboxed(deep, code) == "bound\n"
    assert list((deep / "tmp").glob("*/listener"))
