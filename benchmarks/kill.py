"""Kill the loop with SIGKILL wherever it can be killed, start it again, and look for damage.

    python benchmarks/kill.py                     at every append and every git command, before and after it
    python benchmarks/kill.py --twice             the same, and again at every step of the recovery
    python benchmarks/kill.py --random 1000       at random moments: the loop, its training, or both, until 1000 kills
    python benchmarks/kill.py --every 9           a sample of the first, for the tests
    python benchmarks/kill.py --ahead ...         any of these, with each proposal asked for while the run before it trains
    python benchmarks/kill.py --workers 2 ...     any of these, with two experiments in flight, whose verdicts come in any order

Each case is a whole night on a repository of its own: a baseline and four experiments (kept, crashed, discarded, kept)
whose training leaves a process behind in a session of its own. Afterwards the journal, the refs, the process table and the
person's checkout must be as if nobody had been killed. Prints one JSON object; exit code 1 where there was damage.
"""

import argparse
import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from journal.errors import JournalError
from journal.events import (
    ChangeCommitted,
    ChangeReverted,
    ExperimentKept,
    IdeaProposed,
    NoiseMeasured,
    RunFailed,
    RunFinished,
    RunLaunched,
    RunStarted,
    SessionEnded,
    SessionRecovered,
    Verdict,
)
from journal.events.recorded import Recorded
from journal.store import Journal, Reader
from loop.contracts import Proposal, Request
from loop.session import bootstrap, main_loop
from loop.setup.project import read_project
from loop.workspace import Workspace
from loop.workspace.plumbing import Plumbing

MEMORY = Path("/dev/shm")  # nights are about order, not about disks
TAG = "night"
LOSSES = ("0.4", "crash", "0.5", "0.3")
KINDS = ["ExperimentKept", "ExperimentKept", "ExperimentCrashed", "ExperimentDiscarded", "ExperimentKept"]
BRIEF = """---
goal: lower the loss
metric: loss
direction: minimize
train: sh run.sh
scope: train.py
budget: 5s
baseline_runs: 1
experiments: 4
sandbox: none
proposer: sampler
rollback: {rollback}
workers: {workers}
---

Nobody may lose this sentence.
"""
RUN = """setsid sleep 60 > /dev/null 2>&1 < /dev/null &
grep -q crash train.py && exit 1
sed -n 's/^LOSS = "\\(.*\\)"/loss: \\1/p' train.py
"""
WRITING = ("hash-object", "mktree", "commit-tree", "update-ref")
RECOVERY = 12  # acts of a second call, after the first was killed
OVER, DEAD = 0, -signal.SIGKILL


class Fate:
    """Counts the acts of one call of the loop and ends it before or after the one that is due."""

    def __init__(self, due: int | None, acknowledged: int) -> None:
        self._due = due
        self._acts = 0
        self._acknowledged = acknowledged  # descriptor of a file that outlives the loop

    def act(self) -> None:
        self._acts += 1
        if self._acts == self._due:
            os.kill(os.getpid(), signal.SIGKILL)

    def acknowledge(self, written: Sequence[Recorded]) -> None:
        """Note what the journal has acknowledged, where no kill can take it back."""
        os.write(self._acknowledged, "".join(f"{event.position} {event.hash}\n" for event in written).encode())

    def survived(self) -> int:
        return self._acts


class MortalJournal(Journal):
    def __init__(self, path: Path, fate: Fate) -> None:
        super().__init__(path)
        self._fate = fate

    def append(self, *arguments: Any, **named: Any) -> list[Recorded]:
        self._fate.act()
        written = super().append(*arguments, **named)
        self._fate.acknowledge(written)
        self._fate.act()
        return written


class MortalPlumbing(Plumbing):
    def __init__(self, start: Path, fate: Fate) -> None:
        self._fate = fate
        super().__init__(start)

    def raw(self, *arguments: str, **named: Any) -> bytes:
        if arguments[0] not in WRITING:
            return super().raw(*arguments, **named)
        self._fate.act()
        output = super().raw(*arguments, **named)
        self._fate.act()
        return output


class MortalWorkspace(Workspace):
    def __init__(self, root: Path, fate: Fate) -> None:
        super().__init__(root)
        self._git = MortalPlumbing(root, fate)


class Scripted:
    """Proposes the same losses in every night."""

    name = "scripted"

    def propose(self, request: Request) -> Proposal:
        loss = LOSSES[request.experiment - 1]
        return Proposal(idea=f"set LOSS to {loss}", files={"train.py": f'LOSS = "{loss}"\n'}, proposer=self.name)


class Silent:
    def step(self, *_: object) -> None: ...


class Night:
    """One repository and the calls of the loop on it."""

    def __init__(self, folder: Path, *, rollback: str, ahead: bool = False, workers: int = 1) -> None:
        self.root = folder / "toy"
        self.acknowledged = folder / "acknowledged"
        self.root.mkdir()
        for name, text in (
            ("train.py", 'LOSS = "0.45"\n'),
            ("run.sh", RUN),
            ("program.md", BRIEF.format(rollback=rollback, workers=workers)),
        ):
            (self.root / name).write_text(text)
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "a toy")
        (self.root / "train.py").write_text("# work in progress\n")
        self.rollback = rollback
        self.ahead = ahead
        self.orphans: list[int] = []
        self.before = self.picture()

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    def picture(self) -> tuple[str, ...]:
        """What is the person's: their index, branches and files."""
        files = ((self.root / name).read_text() for name in ("train.py", "run.sh"))
        return (
            self.git("ls-files", "--stage", "--others", "--exclude-standard"),
            self.git("rev-parse", "HEAD", "main"),
            *files,
        )

    def start(self, due: int | None = None) -> int:
        """Start the loop in a process of its own, to be killed at one of its acts; its process id."""
        child = os.fork()
        if child:
            return child
        with (self.root.parent / "said").open("ab", buffering=0) as said:
            for stream in (1, 2):
                os.dup2(said.fileno(), stream)
            os._exit(self._live(due))

    def _live(self, due: int | None) -> int:
        fate = Fate(due, os.open(self.acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))
        try:
            setting = dataclasses.replace(
                read_project(self.root),
                workspace=MortalWorkspace(self.root, fate),
                store=lambda path: MortalJournal(path, fate),
            )
            ctx = bootstrap.assemble(setting, tag=TAG, display=Silent())
            ctx.proposer = ctx.fallback = Scripted()
            if self.ahead:
                ctx.proposer = Scripted()  # the loop does not prefetch from the fallback
            main_loop.run(ctx)
        except Exception as error:  # whatever it is, it is damage  # noqa: BLE001
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return 2
        print(f"acts {fate.survived()}", flush=True)
        return OVER

    def call(self, due: int | None = None) -> int:
        """One call of the loop to its end; its exit code, or minus the signal that ended it."""
        return os.waitstatus_to_exitcode(os.waitpid(self.start(due), 0)[1])

    def said(self) -> str:
        return (self.root.parent / "said").read_text(errors="replace")

    def ended(self) -> bool:
        return self.holds(SessionEnded)

    def measured(self) -> bool:
        """Whether the baseline is measured."""
        return self.holds(ExperimentKept)

    def holds(self, kind: type) -> bool:
        try:
            return any(isinstance(event, kind) for event in self.events())
        except JournalError:  # killed before there was a whole one
            return False

    def recorded(self) -> list[Recorded]:
        with closing(Reader(self.root / ".ar" / "journal.db")) as reader:
            return list(reader.read())

    def events(self) -> list[Any]:
        return [recorded.event for recorded in self.recorded()]


# --- damage --------------------------------------------------------------------------------------------------------


def damage(night: Night, *, kinds: bool = True) -> list[str]:
    """Everything that is not as if nobody had been killed, in words."""
    recorded = night.recorded()
    events = [item.event for item in recorded]
    found = [*_lost(night, recorded), *_story(events), *refs(night, events), *_left(night)]
    if kinds and [type(event).__name__ for event in events if isinstance(event, Verdict)] != KINDS:
        found.append("the verdicts are not those of a quiet night")
    return found


def _lost(night: Night, recorded: list[Recorded]) -> list[str]:
    have = {f"{item.position} {item.hash}" for item in recorded}
    noted = night.acknowledged.read_text().split("\n")[:-1]
    return [f"acknowledged event {line.split()[0]} is lost" for line in noted if line not in have]


def _story(events: list[Any]) -> list[str]:
    """Each step of each experiment is recorded once, in its order, and nothing stays open."""
    runs: dict[tuple[int, int], list[str]] = {}
    for event in events:
        if isinstance(event, RunStarted | RunLaunched | RunFinished | RunFailed):
            runs.setdefault((event.experiment, event.run), []).append(type(event).__name__)
    found = [f"run {key} is recorded as {story}" for key, story in runs.items() if not whole(story)]
    numbers = sorted({event.experiment for event in events if isinstance(event, IdeaProposed)})
    if [event.experiment for event in events if isinstance(event, NoiseMeasured)] != [0]:
        found.append("the noise of the baseline is not measured once")
    if numbers != list(range(len(LOSSES) + 1)):
        found.append(f"the experiments are {numbers}")
    return found + [words for number in numbers if (words := _twice_or_never(events, number))]


def whole(story: list[str]) -> bool:
    return story[0] == "RunStarted" and story[-1] in ("RunFinished", "RunFailed") and len(story) == len(set(story))


def _twice_or_never(events: list[Any], number: int) -> str:
    mine = [event for event in events if getattr(event, "experiment", None) == number]
    kept = any(isinstance(event, ExperimentKept) for event in mine)
    steps = {
        kind.__name__: sum(isinstance(event, kind) for event in mine)
        for kind in (IdeaProposed, ChangeCommitted, Verdict, ChangeReverted)
    }
    measured = sum(isinstance(event, RunFinished) and event.purpose in ("candidate", "baseline") for event in mine)
    if list(steps.values()) != [1, 1, 1, not kept] or measured > 1:
        return f"experiment {number} has {measured} measurements and {steps}"
    return ""


def refs(night: Night, events: list[Any]) -> list[str]:
    found = []
    committed = {event.experiment: event.commit for event in events if isinstance(event, ChangeCommitted)}
    lines = night.git(
        "for-each-ref", "--format=%(refname:lstrip=3) %(objectname)", f"refs/autoresearch/{TAG}"
    ).splitlines()
    held = {int(line.split()[0]): line.split()[1] for line in lines}
    if held != committed:
        found.append(f"refs hold {sorted(held)}, events name {sorted(committed)}")
    kept = next((event.commit for event in reversed(events) if isinstance(event, ExperimentKept)), None)
    if kept is None:
        return [*found, "nothing was kept, not even the baseline"]
    branch = night.git("rev-parse", f"refs/heads/autoresearch/{TAG}")
    same = night.git("rev-parse", f"{branch}^{{tree}}") == night.git("rev-parse", f"{kept}^{{tree}}")
    if not same or (night.rollback == "reset" and branch != kept):
        found.append(f"the branch stands at {branch[:8]}, the last kept commit is {kept[:8]}")
    broken = subprocess.run(["git", "fsck", "--strict"], cwd=night.root, check=False, capture_output=True, text=True)
    return found + ([f"git fsck: {broken.stderr.strip()}"] if broken.returncode else [])


def _left(night: Night) -> list[str]:
    found = []
    if night.picture() != night.before:
        found.append("the person's checkout is not as it was")
    if "Nobody may lose this sentence." not in (night.root / "program.md").read_text():
        found.append("the brief has lost its text")
    if night.orphans:
        found.append(f"processes {night.orphans} outlived the loop that was killed")
    if alive := outlived(night.root):
        found.append(f"processes {alive} are left")
        for pid in alive:
            _kill(pid)
    return found


def outlived(root: Path) -> list[int]:
    """Processes of any run that do not end by themselves within some seconds."""
    until = time.monotonic() + 5
    while (alive := processes(root)) and time.monotonic() < until:
        time.sleep(0.01)
    return alive


def processes(root: Path) -> list[int]:
    """Processes of any run below a repository."""
    mark = f"HOME={root}/.ar/".encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


# --- cases ---------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Tally:
    ahead: bool = False
    workers: int = 1
    nights: int = 0
    kills: int = 0
    damage: list[str] = dataclasses.field(default_factory=list)

    def night(self, case: str, play: Callable[[Night], int], *, rollback: str, kinds: bool = True) -> None:
        """One night: play it, then look for damage."""
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, ignore_cleanup_errors=True) as name:
            night = Night(Path(name), rollback=rollback, ahead=self.ahead, workers=self.workers)
            self.nights += 1
            self.kills += play(night)
            quiet = kinds and self.workers == 1  # the verdicts are those of a quiet night
            found = damage(night, kinds=quiet) if night.ended() else [f"it did not go on: {night.said()[-300:]}"]
            self.damage += [f"{case}: {words}" for words in found]


def until_over(night: Night) -> None:
    """Start again until the night is over, as a person would who touches nothing else."""
    for _ in range(3):
        if night.ended() or night.call() != DEAD:
            return


def once(due: int) -> Callable[[Night], int]:
    def play(night: Night) -> int:
        killed = night.call(due) == DEAD
        night.orphans = outlived(night.root) if killed else []
        until_over(night)
        return killed

    return play


def twice(due: int, again: int) -> Callable[[Night], int]:
    def play(night: Night) -> int:
        kills = (night.call(due) == DEAD) + (not night.ended() and night.call(again) == DEAD)
        until_over(night)
        return kills

    return play


def at_random(draw: random.Random) -> Callable[[Night], int]:
    """Kill the loop, its training or both after random times, until the night is over."""

    def play(night: Night) -> int:
        kills = 0
        while not night.ended() and kills < 40:
            child = night.start()
            time.sleep(draw.expovariate(1 / 0.15))
            training = (
                processes(night.root) if night.measured() else []
            )  # a baseline that is killed has no metric: it ends
            victims = {"loop": [child], "training": training, "both": [child, *training]}
            for victim in victims[draw.choice(("loop", "loop", "training", "both"))]:
                kills += _kill(victim)
            if os.waitpid(child, os.WNOHANG)[0] == 0:
                kills += _kill(child) if draw.random() < 0.5 else 0
                os.waitpid(child, 0)
        until_over(night)
        return kills

    return play


def _kill(pid: int) -> int:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def acts(rollback: str, *, ahead: bool, workers: int) -> int:
    """How many places a quiet night has to be killed at; checks that it is quiet."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        night = Night(Path(name), rollback=rollback, ahead=ahead, workers=workers)
        night.call()
        found = damage(night, kinds=workers == 1)
        if found or any(isinstance(event, SessionRecovered) for event in night.events()):
            raise SystemExit(json.dumps({"damage": [f"a quiet night: {words}" for words in [*found, night.said()]]}))
        return int(night.said().split()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill the loop everywhere and look for damage.")
    parser.add_argument("--random", type=int, metavar="KILLS", help="at random moments, until so many kills")
    parser.add_argument("--twice", action="store_true", help="again at every step of the recovery")
    parser.add_argument("--ahead", action="store_true", help="ask for each proposal while the run before it trains")
    parser.add_argument("--workers", type=int, default=1, help="so many experiments in flight")
    parser.add_argument("--every", type=int, default=1, help="only every so many places")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--stop", action="store_true", help="stop at the first damage")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began, tally = time.monotonic(), Tally(ahead=options.ahead, workers=options.workers)
    for case, play, rollback in _cases(options, tally):
        tally.night(case, play, rollback=rollback, kinds=options.random is None)
        if options.stop and tally.damage:
            break
    print(json.dumps({**dataclasses.asdict(tally), "seconds": round(time.monotonic() - began, 1)}))
    return bool(tally.damage)


Case = tuple[str, Callable[[Night], int], str]


def _cases(options: argparse.Namespace, tally: Tally) -> Iterator[Case]:
    draw = random.Random(options.seed)
    while options.random is not None and tally.kills < options.random:
        yield f"random night {tally.nights}", at_random(draw), draw.choice(_rollbacks(options))
    places = list(_places(options)) if options.random is None else []
    if options.stop:
        draw.shuffle(places)  # a fault shows in a few places: look everywhere soon
    yield from places


def _rollbacks(options: argparse.Namespace) -> tuple[str, ...]:
    return ("reset", "revert") if options.workers == 1 else ("reset",)


def _places(options: argparse.Namespace) -> Iterator[Case]:
    for rollback in _rollbacks(options):
        most = acts(rollback, ahead=options.ahead, workers=options.workers)
        for due in range(options.first, most + 1, options.every):
            yield f"{rollback}, act {due}", once(due), rollback
            for again in range(1, RECOVERY + 1) if options.twice else ():
                yield f"{rollback}, act {due}, then act {again}", twice(due, again), rollback


if __name__ == "__main__":
    sys.exit(main())
