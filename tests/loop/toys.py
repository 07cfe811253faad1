"""Small projects with a real repository, a training of a few milliseconds, and the loop as a process on them."""

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from journal.store import Reader
from journal.store.tail import Tail, follow

BRIEF = """---
goal: lower the loss
metric: loss
direction: minimize
train: python -I -S train.py
scope: train.py
budget: 5s
baseline_runs: 2
sandbox: none
proposer: sampler
---

# A toy

Make it small.
"""

TRAIN = """RATE = 0.5  # [0.1..1]
print("loss:", abs(RATE - 0.3))
"""

# Lowering RATE is better down to 0.3; above 0.6 it crashes, below 0.2 it prints no metric.
MOODY = """import sys
RATE = 0.5  # [0.1..1]
if RATE > 0.6:
    sys.exit("ValueError: the rate is too high")
if RATE >= 0.2:
    print("loss:", abs(RATE - 0.3))
"""

# A scripted proposer: what it proposes as experiment N is the Nth of RATES, whatever happened before.
AGENT = """from pathlib import Path
number = int(Path.cwd().parent.name.split("-")[0])
text = Path("train.py").read_text()
at = text.index("RATE = ")
Path("train.py").write_text(text[:at] + "RATE = " + RATES[number - 1] + text[text.index("  #", at):])
"""
SCRIPTED = BRIEF.replace("proposer: sampler", "proposer: command\ncommand: python -I -S agent.py")

SPEAKING = """import json, os, time
RATE = 0.5  # [0.1..1]
fd = int(os.environ["AR_TELEMETRY_FD"])
def tell(**word):
    os.write(fd, (json.dumps(word) + "\\n").encode())
tell(event="started", startup_seconds=0.0)
steps = int(SECONDS * 20)
for step in range(steps):
    tell(event="step", step=step, seconds=step / 20, progress=step / steps, loss=2.0)
    time.sleep(0.05)
tell(event="finished", train_seconds=float(SECONDS), steps=steps)
print("loss:", abs(RATE - 0.3))
"""

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
LOOP = (sys.executable, "-m", "loop.cli")
PATIENCE = 20.0  # seconds for what takes one on an idle machine


class Project:
    """A repository with a brief and a training. `git` and `loop` run for real."""

    def __init__(self, root: Path, *, brief: str = BRIEF, train: str = TRAIN, rates: str = "") -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        (root / "train.py").write_text(train)
        (root / "program.md").write_text(brief)
        if rates:
            (root / "agent.py").write_text(f"RATES = {rates.split()}\n{AGENT}")
        self.commit("a toy")

    @property
    def journal(self) -> Path:
        return self.root / ".ar" / "journal.db"

    @property
    def brief(self) -> Path:
        return self.root / "program.md"

    def git(self, *arguments: str, **options) -> str:
        command = ["git", *IDENTITY, *arguments]
        return subprocess.run(
            command, cwd=self.root, check=True, capture_output=True, text=True, **options
        ).stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def loop(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        """`ar-loop` to its end."""
        settings = {"cwd": self.root, "capture_output": True, "text": True, "timeout": 60, **options}
        return subprocess.run([*LOOP, *arguments], check=False, **settings)

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        """`ar-loop` under way."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([*LOOP, *arguments], cwd=self.root, **{**quiet, **options})

    def status(self, *arguments: str) -> dict:
        return json.loads(self.loop("status", "--json", *arguments).stdout)

    def events(self) -> list:
        with closing(Reader(self.journal)) as reader:
            return [recorded.event for recorded in reader.read()]

    def recorded(self) -> list:
        with closing(Reader(self.journal)) as reader:
            return list(reader.read())

    def of(self, *kinds: type) -> list:
        return [event for event in self.events() if isinstance(event, kinds)]

    def until(self, *kinds: type, where=lambda _: True):
        """Wait for an event; the journal itself may still be to come."""
        deadline = time.monotonic() + PATIENCE
        while not self.journal.exists() or not _readable(self.journal):
            assert time.monotonic() < deadline, "no journal appeared"
            time.sleep(0.01)
        with closing(Reader(self.journal)) as reader, Tail(self.journal) as tail:
            for recorded in follow(reader, after=0, tail=_Bounded(tail, deadline)):
                if isinstance(recorded.event, kinds) and where(recorded.event):
                    return recorded
        raise AssertionError(f"no {[kind.__name__ for kind in kinds]} within {PATIENCE} s")

    def picture(self) -> dict:
        """Everything of the person's that a loop may not touch: status, index, HEAD, branches, files."""
        files = self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        return {
            "status": self.git("status", "--porcelain=v2", "--branch"),
            "index": self.git("ls-files", "--stage"),
            "head": self.git("rev-parse", "--symbolic-full-name", "HEAD") if self.born() else "",
            "refs": [line for line in self.git("for-each-ref").splitlines() if "autoresearch/" not in line],
            "files": {name: (self.root / name).read_bytes() for name in files if name and (self.root / name).is_file()},
        }

    def born(self) -> bool:
        return (
            subprocess.run(
                ["git", "rev-parse", "-q", "--verify", "HEAD"], cwd=self.root, check=False, capture_output=True
            ).returncode
            == 0
        )

    def branch(self, tag: str) -> str:
        return self.git("rev-parse", f"refs/heads/autoresearch/{tag}")


class _Bounded:
    """A tail that gives up at a deadline."""

    def __init__(self, tail: Tail, deadline: float) -> None:
        self._tail = tail
        self._deadline = deadline

    def wait(self) -> bool:
        return self._tail.wait(max(0.0, self._deadline - time.monotonic()))


def _readable(path: Path) -> bool:
    from journal.errors import JournalError

    try:
        Reader(path).close()
    except JournalError:
        return False
    return True


def processes(mark: str) -> list[int]:
    """Processes that are alive and whose command line or environment holds a mark."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                text = (folder / "cmdline").read_bytes() + b"\0" + (folder / "environ").read_bytes()
            except OSError:
                continue
            found += [int(folder.name)] if mark.encode() in text else []
    return found


def gone(mark: str) -> bool:
    """Whether no process with this mark is left, or soon is."""
    deadline = time.monotonic() + PATIENCE
    while processes(mark) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not processes(mark)
