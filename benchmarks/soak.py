"""A night in the small with everything going wrong that can: real processes, real git, no hand but the script's.

    python benchmarks/soak.py                       200 experiments, in two nights side by side, one in the sandbox
    python benchmarks/soak.py --experiments 40 --seed 7
    python benchmarks/soak.py --faults crash,fork-bomb,killed-loop --experiments 12 --nights 1

Each experiment has one fault: in its training, in its proposer, or from outside — the loop or the training killed, a
lock left by a killed git, a deleted folder, a full disk, a person who pauses, skips, directs, interrupts. What the seed
decides is which, and in which order. Afterwards every fault must be met as it should be: recorded with its own kind,
with a verdict, and with nothing lost; the branch stands at the last kept commit, each commit has its event and each
event its commit, no process is left, the person's checkout is as it was, and `ar-journal verify` finds nothing.
Exit code 1 where anything is not so.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from kill import outlived, processes, refs, whole
from msgspec.structs import asdict

from journal.errors import JournalError
from journal.events import (
    BriefChanged,
    ChangeCommitted,
    ChangeReverted,
    ExperimentKept,
    IdeaProposed,
    PauseRequested,
    ResumeRequested,
    RunFailed,
    RunFinished,
    RunLaunched,
    RunStarted,
    SessionEnded,
    SessionPaused,
    SkipRequested,
    Verdict,
)
from journal.events.recorded import Recorded
from journal.store import Reader, intents
from loop.runs.sandbox import bubblewrap

PATIENT = Path(__file__).parent / "patient"
MEMORY = Path("/dev/shm")
TAG = "night"
CALLS = 5  # of the loop, beyond one for each fault that ends it
PATIENCE = 60.0  # seconds without an event, after which a loop hangs
LOW, NONE = 256 << 20, 0  # bytes that are left on the disk
DISK = 1536 << 20  # bytes of a night's own disk: more than the loop wants to see free
WORDS = 3  # of a mark that the table shows
SELDOM = 40  # a slow fault comes once in so many experiments at most
BRIEF = """---
goal: lower the loss
metric: loss
direction: minimize
train: python -S train.py
evaluate: python -S score.py
scope: train.py
budget: 0.2s
startup: 4s
baseline_runs: 2
reruns: 1
failures: 0
memory: 200MB
processes: 40
experiments: {experiments}
sandbox: {sandbox}
rollback: {rollback}
proposer: command
command: python -S agent.py
deadline: 10s
---

Nobody may lose this sentence.
"""


# --- faults --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what the journal must say of it: each pattern (a|b: either) matches a mark of the experiment."""

    name: str
    says: tuple[str, ...]
    word: str = "well"  # of the training
    agent: str = "edit"  # what the proposer does
    gains: bool = False
    act: "Callable[[Night, Recorded], None] | None" = None  # from outside, when the first run is under way
    slow: bool = False
    ends: bool = False  # whether the loop's call ends by it
    holds: bool = False  # whether the training goes on until it is ended


def failing(name: str, kind: str, word: str, *, slow: bool = False) -> Fault:
    return Fault(name, (f"RunFailed {kind}", "ExperimentCrashed"), word, slow=slow)


def unusable(name: str, kind: str, agent: str, *, slow: bool = False) -> Fault:
    """Asked for in its turn, or while the run before it trained."""
    return Fault(name, (f"ProposerFailed {kind}|ProposalDropped failed {kind}", "Experiment*"), agent=agent, slow=slow)


def refused(name: str, rule: str, agent: str) -> Fault:
    return Fault(name, (f"IdeaRefused {rule}|ProposalDropped refused {rule}", "Experiment*"), agent=agent)


def outside(name: str, act: "Callable[[Night, Recorded], None]", *says: str, **more: bool) -> Fault:
    return Fault(name, says, "wait", act=act, **more)


def kill_loop(night: "Night", _at: Recorded) -> None:
    night.kill()


def kill_training(night: "Night", _at: Recorded) -> None:
    for pid in processes(night.root):
        _end(pid)


def kill_both(night: "Night", at: Recorded) -> None:
    kill_training(night, at)
    night.kill()


def stale_lock(night: "Night", _at: Recorded) -> None:
    night.kill()
    night.lock()


def lock_in_the_way(night: "Night", _at: Recorded) -> None:
    night.lock()


def delete_run(night: "Night", at: Recorded) -> None:
    shutil.rmtree(night.run_folder(at), ignore_errors=True)


def collect_garbage(night: "Night", _at: Recorded) -> None:
    night.git("gc", "-q", "--prune=now")


def interrupt(night: "Night", _at: Recorded) -> None:
    night.signal(signal.SIGINT)


def terminate(night: "Night", _at: Recorded) -> None:
    night.signal(signal.SIGTERM)


def pause(night: "Night", _at: Recorded) -> None:
    intents.post(night.journal, PauseRequested(session=TAG, author="ada", channel="soak"))


def skip(night: "Night", at: Recorded) -> None:
    intents.post(
        night.journal, SkipRequested(session=TAG, author="ada", channel="soak", experiment=at.event.experiment)
    )


def direct(night: "Night", _at: Recorded) -> None:
    intents.add_direction(night.journal, session=TAG, text="try a longer warm-up", author="ada@box", channel="soak")


def check_out(night: "Night", at: Recorded) -> None:
    """Stand on the session's branch until the loop has said that it waits."""
    place = night.root.parent / f"tree-{at.event.experiment}"
    night.git("worktree", "add", "-q", str(place), f"autoresearch/{TAG}")
    night.undo.append(lambda: night.git("worktree", "remove", "--force", str(place)))


def break_brief(night: "Night", at: Recorded) -> None:
    """Break the brief, each time in another way, until the loop has said so."""
    good, bad = "scope: train.py\n", f"scope: [ # {at.event.experiment}\n"
    night.brief.write_text(night.brief.read_text().replace(good, bad))
    night.undo.append(lambda: night.brief.write_text(night.brief.read_text().replace(bad, good)))


def low_disk(night: "Night", _at: Recorded) -> None:
    night.fill(LOW)


def full_disk(night: "Night", _at: Recorded) -> None:
    night.fill(NONE)


FAULTS = (
    Fault("improvement", ("RunFinished", "ExperimentKept"), gains=True),
    Fault("setback", ("RunFinished", "ExperimentDiscarded", "ChangeReverted")),
    failing("crash", "crash", "crash"),
    failing("memory-at-once", "oom", "memory"),
    failing("memory-in-forks", "oom", "bomb"),
    failing("fork-bomb", "forks", "forks"),
    failing("diverged", "nan", "diverge"),
    failing("nan-metric", "nan", "nan"),
    failing("no-metric", "no_metric", "link"),
    failing("closed-output", "no_metric", "mute"),
    failing("output-flood", "flood", "flood"),
    failing("full-output-folder", "disk_full", "fill"),
    failing("kills-itself", "killed", "kill"),
    failing("hang", "timeout", "hang", slow=True),
    failing("ignores-sigterm", "timeout", "deaf", slow=True),
    failing("stops-itself", "timeout", "stop", slow=True),
    failing("erases-its-folder", "crash", "erase"),
    Fault("forged-evaluator", ("RunFinished", "ExperimentDiscarded"), "forge"),
    Fault("leaves-a-process", ("RunFinished", "ExperimentDiscarded"), "leave"),
    unusable("api-error", "exit", "fail"),
    unusable("api-hang", "silent", "hang", slow=True),
    unusable("no-edit", "no_edit", "nothing"),
    unusable("malformed-answer", "malformed", "garbage"),
    unusable("edits-locked-file", "out_of_scope", "locked"),
    unusable("symlink", "not_text", "link"),
    unusable("binary-file", "not_text", "binary"),
    unusable("deleted-file", "deleted", "delete"),
    refused("syntax-error", "parses", "broken"),
    refused("repeat", "same *", "edit"),
    outside("killed-training", kill_training, "RunFailed killed", "ExperimentCrashed"),
    outside("killed-loop", kill_loop, "RunFailed interrupted", "SessionRecovered*", "ExperimentDiscarded", ends=True),
    outside("both-killed", kill_both, "SessionRecovered*", "Experiment*", ends=True),
    outside("stale-lock", stale_lock, "SessionRecovered*.lock*", "ExperimentDiscarded", ends=True),
    Fault(
        "branch-checked-out", ("SessionPaused Branch*", "SessionResumed", "ExperimentKept"), "wait", gains=True,
        act=check_out,
    ),
    Fault(
        "lock-in-the-way", ("SessionPaused*", "SessionRecovered*.lock*", "ExperimentKept"), "wait", gains=True,
        act=lock_in_the_way, ends=True,
    ),
    outside("deleted-run-folder", delete_run, "RunFailed *", "Experiment*"),
    outside("garbage-collected", collect_garbage, "RunFinished", "ExperimentDiscarded"),
    outside("interrupted", interrupt, "ExperimentInvalidated", "SessionPaused*", "SessionResumed", ends=True, holds=True),
    outside("terminated", terminate, "ExperimentInvalidated", "SessionPaused*", "SessionResumed", ends=True, holds=True),
    outside("paused", pause, "PauseAcknowledged", "SessionPaused*", "SessionResumed", "Experiment*"),
    outside("skipped", skip, "SkipAcknowledged", "RunFailed skipped", "ExperimentInvalidated", holds=True),
    outside("directed", direct, "DirectionAcknowledged", "Experiment*"),
    outside("broken-brief", break_brief, "BriefChanged False", "Experiment*"),
    outside("low-disk", low_disk, "SessionPaused*", "SessionResumed", "ExperimentDiscarded", ends=True),
    # a disk without one free byte may take no pause either; then the next call recovers
    outside("full-disk", full_disk, "SessionResumed|SessionRecovered*", "ExperimentDiscarded", ends=True),
)  # fmt: skip
BY_NAME = {fault.name: fault for fault in FAULTS}
NEEDS_DISK = ("low-disk", "full-disk")


def plan_of(names: Sequence[str], experiments: int, draw: random.Random) -> list[Fault]:
    """Every fault once, as far as there is room, then whatever the seed draws; slow ones seldom."""
    chosen = [BY_NAME[name] for name in names]
    draw.shuffle(chosen)
    plan = chosen[:experiments]
    quick = [fault for fault in chosen if not fault.slow] or chosen
    slow = [fault for fault in chosen if fault.slow]
    while len(plan) < experiments:
        plan.append(draw.choice(slow if slow and len(plan) % SELDOM == 0 else quick))
    return [*_repeatable(plan)]


def _repeatable(plan: list[Fault]) -> Iterator[Fault]:
    """A repeat comes after something to repeat: the setback before it."""
    for index, fault in enumerate(plan):
        yield BY_NAME["setback"] if index + 1 < len(plan) and plan[index + 1].name == "repeat" else fault


# --- a night -------------------------------------------------------------------------------------------------------


@dataclass
class Night:
    """One repository, its disk, and the calls of the loop on it; stands in for the night of `kill.py`."""

    root: Path
    plan: list[Fault]
    isolation: str
    rollback: str
    loop: "subprocess.Popen[bytes] | None" = None
    calls: int = 0
    seen: int = 0  # position of the last event that was met
    acted: set[int] = field(default_factory=set)
    mend: list[Callable[[], object]] = field(default_factory=list)  # what a person does before the next call
    undo: list[Callable[[], object]] = field(default_factory=list)  # and as soon as the loop has said what is wrong
    orphans: list[int] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        shutil.copytree(PATIENT, self.root, ignore=shutil.ignore_patterns("__pycache__"))
        settings = {"experiments": len(self.plan), "sandbox": self.isolation, "rollback": self.rollback}
        self.brief.write_text(BRIEF.format(**settings))
        (self.root / "plan.json").write_text(json.dumps(list(_lines(self.plan))))
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "a patient")
        (self.root / "agent.py").open("a").write("# work in progress\n")
        self.before = self.picture()

    @property
    def brief(self) -> Path:
        return self.root / "program.md"

    @property
    def journal(self) -> Path:
        return self.root / ".ar" / "journal.db"

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def picture(self) -> tuple[str, ...]:
        """What is the person's: their index, branches and files."""
        files = sorted(path for path in self.root.iterdir() if path.is_file() and path != self.brief)
        return (self.git("ls-files", "--stage"), self.git("rev-parse", "HEAD", "main"), *(f.read_text() for f in files))

    def live(self) -> None:
        """Call the loop again and again, as a person would, until the session has ended."""
        most = CALLS + sum(fault.ends for fault in self.plan)
        while not self.over() and self.calls < most:
            self.calls += 1
            for act in (*self.mend, *self.undo):
                act()
            self.mend, self.undo = [], []
            with (self.root.parent / "said").open("ab") as said:
                command = [sys.executable, "-m", "loop.cli", "run", "--tag", TAG]
                self.loop = subprocess.Popen(command, cwd=self.root, stdout=said, stderr=said)
            self._watch(self.loop)
            if alive := outlived(self.root):
                self.orphans += alive
        if not self.over():
            self.damage.append(f"it did not go on after {self.calls} calls: {self.said()[-400:]}")

    def over(self) -> bool:
        return any(isinstance(item.event, SessionEnded) for item in self.recorded())

    def said(self) -> str:
        return (self.root.parent / "said").read_text(errors="replace")

    def recorded(self, *, after: int = 0) -> list[Recorded]:
        try:
            with closing(Reader(self.journal)) as reader:
                return list(reader.read(after=after))
        except JournalError:  # not yet there
            return []

    def _watch(self, loop: "subprocess.Popen[bytes]") -> None:
        """Meet every event until the call is over; a loop that says nothing for long is ended."""
        heard = time.monotonic()
        while loop.poll() is None:
            fresh = self.recorded(after=self.seen)
            for item in fresh:
                self.seen = item.position
                self._meet(item)
            heard = time.monotonic() if fresh else heard
            if time.monotonic() - heard > PATIENCE:
                self.damage.append(f"the loop was silent for {PATIENCE:.0f} s after event {self.seen}")
                self.kill()
            time.sleep(0.02)

    def _meet(self, item: Recorded) -> None:
        """Act on what has just been recorded: the fault of a run under way; a pause that has lasted long enough."""
        event = item.event
        if isinstance(event, SessionPaused) and event.reason == "paused by a person":
            intents.post(self.journal, ResumeRequested(session=TAG, author="ada", channel="soak"))
        while self.undo and isinstance(event, SessionPaused | BriefChanged):
            self.undo.pop()()
        if not isinstance(event, RunLaunched):
            return
        fault = self.plan[event.experiment - 1] if event.experiment else BY_NAME["setback"]
        if fault.act is not None and event.experiment not in self.acted:
            self.acted.add(event.experiment)
            fault.act(self, item)
            if fault.holds:
                return
        with suppress(OSError):
            (self.run_folder(item) / "out" / "go").touch()

    def run_folder(self, launched: Recorded) -> Path:
        return self.root / ".ar" / launched.event.folder

    def kill(self) -> None:
        assert self.loop is not None
        self.loop.kill()
        self.loop.wait()

    def signal(self, number: int) -> None:
        assert self.loop is not None
        self.loop.send_signal(number)

    def lock(self) -> None:
        """Leave what a killed git leaves."""
        (self.root / ".git" / f"refs/heads/autoresearch/{TAG}.lock").touch()

    def fill(self, left: int) -> None:
        """Take the disk's room, but for so many bytes; the person gives it back before the next call."""
        ballast = self.root.parent / "ballast"
        self.mend.append(lambda: ballast.unlink(missing_ok=True))
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(self.root).free - max(left, 1 << 20))
            file.seek(0, os.SEEK_END)
            while left == NONE:
                file.write(b"x" * 4096)


def _lines(plan: Sequence[Fault]) -> Iterator[dict[str, str]]:
    """What the agent writes for each experiment: improvements go down by three in a hundred each."""
    best, last = 100.0, ""
    for number, fault in enumerate(plan, 1):
        best *= 0.97 if fault.gains else 1.0
        loss = f"{best if fault.gains else 1.1 * best:.6g}"
        line = last if fault.name == "repeat" and last else f"{number} {fault.word} {loss}"
        yield {"line": line, "loss": f"{1.1 * best:.6g}", "agent": fault.agent}
        last = line


# --- how it was met ------------------------------------------------------------------------------------------------


def marks(night: Night, number: int) -> list[str]:
    """What the journal says of an experiment, and of the session from its proposal until the next one's first run."""
    events = [item.event for item in night.recorded()]
    proposed = [i for i, event in enumerate(events) if isinstance(event, IdeaProposed) and event.experiment == number]
    later = [i for i, event in enumerate(events) if isinstance(event, RunStarted) and event.experiment > number]
    span = range(min(proposed, default=len(events)), min(later, default=len(events)))
    of = [getattr(event, "experiment", number if index in span else None) for index, event in enumerate(events)]
    return [_mark(event) for event, whose in zip(events, of, strict=True) if whose == number]


DETAIL = {
    "RunFailed": "{kind}", "ProposerFailed": "{kind}", "ProposalDropped": "{why} {rule}", "IdeaRefused": "{rule}",
    "SessionRecovered": "{found}", "SessionPaused": "{reason}", "BriefChanged": "{accepted}",
}  # fmt: skip  # what counts of an event beside its name


def _mark(event: Any) -> str:
    name = type(event).__name__
    return f"{name} {DETAIL[name].format_map(asdict(event))}" if name in DETAIL else name


def met(fault: Fault, said: Sequence[str]) -> tuple[str, ...] | None:
    """The marks that answer a fault, or None where one is missing."""
    found = [
        next((mark for mark in said if any(fnmatch(mark, one) for one in pattern.split("|"))), None)
        for pattern in fault.says
    ]
    return (
        None
        if None in found
        else tuple(
            " ".join(word for word in str(mark).split()[:WORDS] if word.isalpha() or "_" in word) for mark in found
        )
    )


def damage(night: Night) -> list[str]:
    """Everything that is not as after a quiet night, in words."""
    events = [item.event for item in night.recorded()]
    found = [*night.damage, *refs(night, events), *_stories(events)]  # type: ignore[arg-type]
    notes = night.git("notes", f"--ref=autoresearch/{TAG}", "list").splitlines()
    if {line.split()[1] for line in notes} != {event.commit for event in events if isinstance(event, ExperimentKept)}:
        found.append(f"{len(notes)} commits have a note, and these are not the kept ones")
    if night.picture() != night.before:
        found.append("the person's checkout is not as it was")
    if "Nobody may lose this sentence." not in night.brief.read_text():
        found.append("the brief has lost its text")
    if left := [*night.orphans, *outlived(night.root)]:
        found.append(f"processes {left} outlived their loop")
    if "Traceback" in night.said():
        found.append(f"a traceback: {night.said().partition('Traceback')[2][-600:]}")
    return found + _verified(night)


def _stories(events: Sequence[Any]) -> Iterator[str]:
    runs: dict[tuple[int, int], list[str]] = {}
    for event in events:
        if isinstance(event, RunStarted | RunLaunched | RunFinished | RunFailed):
            runs.setdefault((event.experiment, event.run), []).append(type(event).__name__)
    yield from (f"run {key} is recorded as {story}" for key, story in runs.items() if not whole(story))
    for number in sorted({event.experiment for event in events if isinstance(event, ChangeCommitted)}):
        mine = [event for event in events if getattr(event, "experiment", None) == number]
        kept = any(isinstance(event, ExperimentKept) for event in mine)
        steps = [sum(isinstance(event, kind) for event in mine) for kind in (ChangeCommitted, Verdict, ChangeReverted)]
        if steps != [1, 1, not kept]:
            yield f"experiment {number} has commits, verdicts, reverts {steps}"


def _verified(night: Night) -> list[str]:
    anchors = night.git("log", "--all", "--format=%H %(trailers:key=AR-Anchor,valueonly,separator=%x20)")
    command = [sys.executable, "-c", "from journal.cli import main; main()", "verify", "--anchors", "-"]
    done = subprocess.run(command, cwd=night.root, input=anchors, check=False, capture_output=True, text=True)
    return [] if done.returncode == 0 else [f"ar-journal verify: {done.stdout.strip()} {done.stderr.strip()}"]


# --- all of it -----------------------------------------------------------------------------------------------------


def soak(names: Sequence[str], experiments: int, *, nights: int, seed: int) -> dict[str, Any]:
    """Nights side by side, the first in the sandbox; what was injected, how it was met, what is damaged."""
    began, rows = time.monotonic(), {name: Counter[str]() for name in names}
    with _disks(nights) as (disks, small):
        usable = [name for name in names if small or name not in NEEDS_DISK]
        isolations = ("auto" if bubblewrap.is_available() else "none", "none")
        sizes = [len(range(which, experiments, nights)) for which in range(nights)]
        played = [
            Night(disk / "toy", plan_of(usable, size, random.Random(f"{seed} {way}")), isolation, way)
            for disk, size, isolation, way in zip(disks, sizes, isolations, ("reset", "revert"), strict=False)
        ]
        threads = [threading.Thread(target=_play, args=[night]) for night in played]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        unmet = [words for night in played for words in _count(night, rows)]
        broken = [f"{night.isolation}: {words}" for night in played for words in damage(night)]
    return {
        "faults": {name: dict(row) for name, row in rows.items()},
        "left_out": [name for name in names if name not in usable],
        "unmet": unmet,
        "damage": broken,
        "calls": sum(night.calls for night in played),
        "seconds": round(time.monotonic() - began, 1),
    }


def _play(night: Night) -> None:
    try:
        night.live()
    except Exception as error:  # the harness's own fault is damage too  # noqa: BLE001
        night.damage.append(f"the night ended early: {type(error).__name__}: {error}")
        night.kill()


def _count(night: Night, rows: dict[str, "Counter[str]"]) -> Iterator[str]:
    for number, fault in enumerate(night.plan, 1):
        said = marks(night, number)
        answer = met(fault, said)
        rows[fault.name][" → ".join(answer) if answer else "NOT MET"] += 1
        if answer is None:
            yield f"{night.isolation}: experiment {number}, {fault.name}: the journal says {', '.join(said)}"


@contextmanager
def _disks(number: int) -> Iterator[tuple[list[Path], bool]]:
    """Folders on small disks of their own, and whether they are: where that is not permitted, a folder must do."""
    with tempfile.TemporaryDirectory(prefix="soak-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        disks = [Path(folder) / str(which) for which in range(number)]
        mounted = [disk for disk in disks if _mount(disk)]
        try:
            yield disks, mounted == disks
        finally:
            for disk in mounted:
                subprocess.run(["umount", "-l", str(disk)], check=True)


def _mount(disk: Path) -> bool:
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def table(tally: dict[str, Any]) -> str:
    """Fault, how often injected, how often met as it should be, what the journal says."""
    lines = [f"{'fault':22}{'injected':>9}{'met':>5}  the journal says"]
    for name, row in tally["faults"].items():
        good = {words: count for words, count in row.items() if words != "NOT MET"}
        says = "; ".join(f"{words} ({count})" if len(row) > 1 else words for words, count in good.items())
        if name in tally["left_out"]:
            says = "left out: this user may not mount a disk"
        lines.append(f"{name:22}{sum(row.values()):>9}{sum(good.values()):>5}  {says}")
    return "\n".join([*lines, *tally["unmet"], *tally["damage"]])


def main() -> int:
    parser = argparse.ArgumentParser(description="A night in the small with faults of every kind.")
    parser.add_argument("--experiments", type=int, default=200)
    parser.add_argument(
        "--nights", type=int, choices=(1, 2), default=2, help="side by side: one in the sandbox, one not"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default=",".join(BY_NAME), help="their names, with commas between")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names = options.faults.split(",")
    if unknown := [name for name in names if name not in BY_NAME]:
        parser.error(f"there is no fault {unknown[0]}; there are {', '.join(BY_NAME)}")
    tally = soak(names, options.experiments, nights=options.nights, seed=options.seed)
    print(json.dumps(tally) if options.json else table(tally))
    good = not tally["unmet"] and not tally["damage"]
    words = "every fault was met, nothing was lost" if good else "NOT everything is as it should be"
    print(f"{options.experiments} experiments, {tally['calls']} calls, {tally['seconds']} s: {words}", file=sys.stderr)
    return not good


if __name__ == "__main__":
    sys.exit(main())
