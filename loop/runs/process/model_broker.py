"""Starts an evaluator, and model processes for it: `python -I -S model_broker.py PREFIX FOLDER REPORT -- EVALUATOR…`.

The evaluator holds the validation data; the model is code that nobody has read. So the evaluator asks for a model process on
the socket AR_MODEL_FD, and this program starts it with PREFIX (a JSON list, the sandbox of a model) before its command and
FOLDER as its current directory, in an environment without the evaluator's own. One message each way (docs/evaluators.md):

    {"command": [words], "descriptors": [numbers]} with as many descriptors attached, which get these numbers in the process
        -> {"started": N} or {"error": "a sentence"}
    {"end": N}

At the end it writes to the file REPORT how many model processes there were and what they took: a model that trains while it is
scored shows in the time. Standard library and the guardian's code only, so that it starts in milliseconds. It ends with the
evaluator's exit code; the guardian above it ends whatever is left.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import time

if not __package__:  # started as a script, isolated from every path
    sys.path.insert(0, os.path.abspath(f"{__file__}/../../../.."))  # noqa: PTH100

from loop.runs.process.guardian import (
    TICKS,
    descendants,
    join_new_keyring,
    process_stats,
    processor_ticks,
    with_open_filter,
)

VARIABLE = "AR_MODEL_FD"
PASSED_ON = ("AR_DEVICE",)  # of the evaluator's variables, those of ours that a model process gets
MESSAGE = 1 << 16  # bytes of one message, at most
DESCRIPTORS = 64  # attached to one message, at most
PROCESSES = 16  # model processes of one evaluation, at most
SPARE = 1_000  # the first descriptor number that no process asks for
SIGNALLED = 128  # added to the signal's number in an exit code, as a shell does


class Model:
    """A model process, and the seconds that it and its children have taken."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.cpu_seconds = self.wall_seconds = 0.0
        self._started = time.monotonic()
        self._is_running = True

    def measure(self) -> None:
        """Take in what it has taken so far; a sandbox that is killed forgets what its inner processes took."""
        if self._is_running:
            processes = process_stats()
            found = [self.pid, *descendants(self.pid, processes)]
            ticks = sum(processor_ticks(processes[pid]) for pid in found if pid in processes)
            self.cpu_seconds = max(self.cpu_seconds, ticks / TICKS)
            self.wall_seconds = time.monotonic() - self._started

    def end(self) -> None:
        self.measure()
        self._is_running = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def ended(self, usage: resource.struct_rusage) -> None:
        """Take in what the system counted of a process that has been waited for."""
        self.cpu_seconds = max(self.cpu_seconds, usage.ru_utime + usage.ru_stime)
        self.wall_seconds = self.wall_seconds or time.monotonic() - self._started
        self._is_running = False


def main() -> int:
    prefix, folder, report, command = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[5:]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    wake, alarm = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(alarm)
    theirs.set_inheritable(True)
    evaluator = _start(command, {**os.environ, VARIABLE: str(theirs.fileno())}, descriptors={})
    theirs.close()
    models: list[Model] = []
    while True:
        sources = [wake] if ours.fileno() < 0 else [wake, ours.fileno()]
        ready, _, _ = select.select(sources, [], [])
        if ours.fileno() in ready and not _answer(ours, models, prefix=prefix, folder=folder):
            ours.close()
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            if (code := _exit_code(evaluator, models)) is not None:
                _write_report(report, models)
                return code


def _write_report(path: str, models: list[Model]) -> None:
    for model in models:
        model.end()
    totals = {name: sum(getattr(model, name) for model in models) for name in ("cpu_seconds", "wall_seconds")}
    with contextlib.suppress(OSError), open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump({"processes": len(models), **totals}, file)


def _answer(channel: socket.socket, models: list[Model], *, prefix: list[str], folder: str) -> bool:
    """Answer one message; false if there will be no more."""
    data, received, _, _ = socket.recv_fds(channel, MESSAGE, DESCRIPTORS)
    for descriptor in received:
        os.set_inheritable(descriptor, False)
    try:
        if not data:
            return False
        request = _read(data)
        if "end" in request:
            _end(models, request["end"])
        else:
            answer = _begin(request, received, models, prefix=prefix, folder=folder)
            channel.send(json.dumps(answer).encode())
    except OSError:
        return False
    finally:
        for descriptor in received:
            os.close(descriptor)
    return True


def _read(data: bytes) -> dict[str, object]:
    """The message, empty if it is none."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _begin(
    request: dict[str, object], received: list[int], models: list[Model], *, prefix: list[str], folder: str
) -> dict[str, object]:
    command, numbers = request.get("command"), request.get("descriptors")
    if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
        return {"error": '"command" is a list of words'}
    if not isinstance(numbers, list) or not all(type(one) is int and 0 <= one < SPARE for one in numbers):
        return {"error": f'"descriptors" is a list of numbers below {SPARE}'}
    if len(numbers) != len(received) or len(set(numbers)) != len(numbers):
        return {"error": f"{len(received)} descriptors came, for the numbers {numbers}"}
    if len(models) >= PROCESSES:
        return {"error": f"there have been {PROCESSES} model processes already"}
    own = {name: value for name, value in os.environ.items() if not name.startswith("AR_") or name in PASSED_ON}
    home = tempfile.mkdtemp(prefix="model-", dir=os.environ["HOME"]) if not prefix else "/tmp"  # noqa: S108  # private
    descriptors = dict(zip(numbers, received, strict=True))
    env = {**own, "HOME": home, "TMPDIR": home}
    models.append(Model(_start([*prefix, *command], env, descriptors=descriptors, folder=folder)))
    return {"started": len(models) - 1}


def _end(models: list[Model], number: object) -> None:
    if type(number) is int and 0 <= number < len(models):
        models[number].end()


def _start(command: list[str], env: dict[str, str], *, descriptors: dict[int, int], folder: str | None = None) -> int:
    """The number of a new process. A model process leads a group of its own and reads nothing but its descriptors."""
    child = os.fork()
    if child:
        if folder is not None:
            with contextlib.suppress(OSError):  # as the child does: whichever comes first, before anyone ends the group
                os.setpgid(child, child)
        return child
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if folder is not None:
            os.setpgid(0, 0)
            os.chdir(folder)
            _place(descriptors)
            join_new_keyring()
        program = with_open_filter(command)
        os.execvpe(program[0], program, env)  # noqa: S606  # no shell in between
    except (OSError, ValueError) as error:  # ValueError: a zero byte, half a character
        reason = getattr(error, "strerror", None) or error
        os.write(2, f"error: cannot start {command[0]}: {reason}\n".encode(errors="replace"))
    finally:
        os._exit(127)  # never back into the broker's own loop


def _place(descriptors: dict[int, int]) -> None:
    """Give descriptors their numbers; what the process has not asked for is its standard streams on nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    wanted = {0: nothing, 1: nothing, 2: nothing, **descriptors}
    aside = {number: _duplicate(descriptor) for number, descriptor in wanted.items()}
    for number, descriptor in aside.items():
        os.dup2(descriptor, number, inheritable=True)


def _duplicate(descriptor: int) -> int:
    """A copy beyond every number that can be asked for, closed at exec."""
    import fcntl  # noqa: PLC0415  # in the child alone

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, SPARE)


def _exit_code(evaluator: int, models: list[Model]) -> int | None:
    """The evaluator's exit code if it has ended; reaps whatever else has."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.wait4(-1, os.WNOHANG))[0]:
            pid, status, usage = ended
            if pid == evaluator:
                code = os.waitstatus_to_exitcode(status)
            for model in models:
                if model.pid == pid:
                    model.ended(usage)
    return None if code is None else code if code >= 0 else SIGNALLED - code


if __name__ == "__main__":
    sys.exit(main())
