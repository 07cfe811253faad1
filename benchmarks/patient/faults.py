"""What goes wrong in a training, by the word in PLAN; locked, so that no proposal edits it."""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

OUT = Path(os.environ["AR_OUT"])
NOISE = 1e-4


def train(plan: str, knobs: tuple[float, ...]) -> None:
    """Meet the fault, then write the model: one number, the loss, which the knobs move by less than the noise."""
    _, word, loss = plan.split()
    FAULTS[word]()
    noise = random.Random(int(os.environ["AR_SEED"])).gauss(0, NOISE)
    (OUT / "model").write_text(str(float(loss) + noise + NOISE / 100 * sum(knobs)))


def wait() -> None:
    """Train until somebody outside says that it is enough."""
    while not (OUT / "go").exists():
        time.sleep(0.01)


def crash() -> None:
    raise ValueError("a wrong shape")


def memory() -> None:
    bytearray(10**12)


def bomb() -> None:
    """Take memory in many processes, none of which takes much."""
    for _ in range(16):
        if os.fork() == 0:
            kept = os.urandom(1 << 20) * 24
            time.sleep(60)
            os._exit(len(kept) % 2)
    time.sleep(60)


def forks() -> None:
    for _ in range(7):
        os.fork()
    time.sleep(60)


def diverge() -> None:
    sys.exit("error: loss is not finite at step 3")


def nan() -> None:
    (OUT / "model").write_text("nan")
    os._exit(0)


def hang() -> None:
    time.sleep(600)


def deaf() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def flood() -> None:
    line = b"a line of output that never ends\n" * 30_000
    while True:
        os.write(1, line)


def fill() -> None:
    """Fill the output folder with one file that is larger than the disk."""
    os.posix_fallocate(os.open(OUT / "model", os.O_RDWR | os.O_CREAT), 0, 2**60)


def mute() -> None:
    for number in range(1, 3):
        os.close(number)
    os._exit(0)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def forge() -> None:
    """Put another evaluator in the place of the locked one."""
    Path("score.py").write_text("print('loss: 0')\n")


def link() -> None:
    """Leave a link where the model is expected."""
    (OUT / "model").symlink_to("/etc/passwd")
    os._exit(0)


def leave() -> None:
    """Leave somebody behind, in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)


def erase() -> None:
    """Remove everything of its own run that can be removed, its log too where nothing holds it."""
    shutil.rmtree(OUT.parent, ignore_errors=True)
    os._exit(1)


FAULTS = {name: act for name, act in globals().items() if callable(act) and name not in ("train", "Path")}
FAULTS["well"] = lambda: None
