"""How much of a night the training has, and what the loop itself costs.

    python benchmarks/duty.py                     a proposer of 60 s, runs of 300 s, at a twentieth, against the serial loop
    python benchmarks/duty.py --scale 100         sooner, and less exact: the loop's own cost is not scaled
    python benchmarks/duty.py --workers 2         experiments in an hour with so many in flight, against one at a time
    python benchmarks/duty.py --overhead          the loop's own milliseconds per experiment, with a training that does nothing
    python benchmarks/duty.py --profile           where they go

Real loop, real git, real processes; proposer and training sleep, so other jobs on the machine disturb little. One change in
five is kept, as in a good night. After every second keep (`--conflicts 2`) what was prepared touches the very line that was
kept, and has to be asked for again while the machine waits; after the others it is re-based.
Prints one JSON object. "At full size" scales the waits and the trainings up again, and leaves the loop's own cost as it is.
"""

import argparse
import contextlib
import cProfile
import io
import itertools
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from journal.events import (
    ChangeReverted,
    ExperimentDiscarded,
    ExperimentKept,
    IdeaProposed,
    ProposalDropped,
    RunFinished,
    RunStarted,
)
from journal.events.recorded import Recorded
from journal.store import Reader
from loop.contracts import Proposal, Request
from loop.keep_rule import STALE_BASE
from loop.session import bootstrap, main_loop
from loop.setup.project import read_project

PROPOSER, BUDGET = 60.0, 300.0  # seconds of a real night
ROOT = Path(__file__).resolve().parents[1]
SHARE = "training's share at full size"
BRIEF = """---
goal: lower the loss
metric: loss
direction: minimize
train: {train}
scope: train.py
budget: {budget}s
baseline_runs: 1
sandbox: {sandbox}
{keys}
---
"""
LINES = "".join(f"K{number} = ''\n" for number in range(50))
TRAIN = "import time\nLOSS = 0.5\n" + LINES + "time.sleep({seconds})\nprint('loss:', LOSS)\n"
# Changes a line of its own; every fifth lowers the loss, and so is kept; then its neighbour may touch it too.
AGENT = """import re, time
from pathlib import Path
number = int(Path.cwd().parent.name.split("-")[0])
time.sleep({seconds})
text = Path("train.py").read_text()
loss = float(re.search("LOSS = (.*)", text)[1])
text = re.sub(f"K{{number % 50}} = .*", f"K{{number % 50}} = 'at {{time.monotonic_ns()}}'", text)
change = -0.01 if number % 5 == 0 else 0.011 if number % (5 * {conflicts}) == 1 else 0
if change:
    text = re.sub("LOSS = .*", f"LOSS = {{loss + change:.3f}}", text)
Path("train.py").write_text(text)
"""


def repository(folder: Path, *, code: str, agent: str = "", **brief_says: object) -> Path:
    brief = BRIEF.format(**brief_says)
    for name, text in (("program.md", brief), ("train.py", code), ("agent.py", agent)):
        (folder / name).write_text(text)
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "a toy"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    return folder


def recorded(root: Path) -> list[Recorded]:
    with closing(Reader(root / ".ar" / "journal.db")) as reader:
        return list(reader.read())


# --- duty ----------------------------------------------------------------------------------------------------------


def night(*, scale: float, experiments: int, conflicts: int, ahead: bool = True, workers: int = 1) -> list[Recorded]:
    """One night at a scale, as its journal tells it."""
    with tempfile.TemporaryDirectory() as name:
        root = repository(
            Path(name),
            train="python -I -S train.py",
            sandbox="none",
            keys=f"proposer: command\ncommand: python -I -S agent.py\nahead: {str(ahead).lower()}\nworkers: {workers}",
            budget=BUDGET / scale,
            code=TRAIN.format(seconds=BUDGET / scale),
            agent=AGENT.format(seconds=PROPOSER / scale, conflicts=conflicts),
        )
        command = [sys.executable, "-m", "loop.cli", "run", "--experiments", str(experiments), "--tag", "night"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=root, check=True, capture_output=True, env=environment)
        return recorded(root)


def _shares(history: list[Recorded], *, scale: float) -> dict[str, object]:
    """The share of a night's wall clock, from the baseline's verdict to its end, that trainings had."""
    begins = next(item for item in history if isinstance(item.event, ExperimentKept))
    first = next(item for item in history if isinstance(item.event, RunStarted) and item.event.experiment == 1)
    runs = [item.event for item in history if isinstance(item.event, RunFinished) and item.event.experiment > 0]
    training = len(runs) * BUDGET / scale
    dropped = [item.event.why for item in history if isinstance(item.event, ProposalDropped)]
    whole, steady = (_seconds(since, history[-1]) for since in (begins, first))
    ideas = [item.event for item in history if isinstance(item.event, IdeaProposed) and item.event.experiment > 0]
    waits = sum(idea.prepared_on is None for idea in ideas)  # proposals that a run had to wait for, the first one too
    own = (whole - training - waits * PROPOSER / scale) / len(runs)
    real = len(runs) * BUDGET

    def full(waited: int) -> float:
        return round(real / (real + waited * PROPOSER + len(runs) * own), 4)

    return {
        "runs": len(runs),
        "kept": sum(isinstance(item.event, ExperimentKept) for item in history) - 1,
        "proposals": len(ideas),
        "waited for": waits,
        "prepared and dropped": {why: dropped.count(why) for why in sorted(set(dropped))},
        "training's share at this scale": round(training / whole, 4),
        "at this scale, after the first proposal": round(training / steady, 4),
        "the loop's own seconds per run": round(own, 3),
        "training's share at full size": full(waits),
        "at full size, after the first proposal": full(waits - 1),
    }


def _seconds(since: Recorded, until: Recorded) -> float:
    return (datetime.fromisoformat(until.recorded_at) - datetime.fromisoformat(since.recorded_at)).total_seconds()


def duty(*, scale: float, experiments: int, conflicts: int) -> dict[str, object]:
    nights = (night(ahead=way, scale=scale, experiments=experiments, conflicts=conflicts) for way in (False, True))
    serial, ahead = (_shares(history, scale=scale) for history in nights)
    share, other = float(str(ahead[SHARE])), float(str(serial[SHARE]))
    return {"scale": f"1/{scale:g}", "ahead": ahead, "serial": serial, "ahead over serial": round(share / other, 3)}


def beside(workers: int, *, scale: float, experiments: int, conflicts: int) -> dict[str, object]:
    """A night with several experiments in flight, beside one with one at a time."""
    nights = [night(scale=scale, experiments=experiments, conflicts=conflicts, workers=many) for many in (1, workers)]
    one, several = (_pace(history, scale=scale) for history in nights)
    pace = float(str(several["runs in an hour"])) / float(str(one["runs in an hour"]))
    return {
        "scale": f"1/{scale:g}",
        "workers": workers,
        "one at a time": one,
        "in flight together": several,
        "runs in an hour, over one at a time": round(pace, 2),
        "training's share of each device": round(float(str(several["trainings at once, on average"])) / workers, 4),
    }


def _pace(history: list[Recorded], *, scale: float) -> dict[str, object]:
    """From the first proposal's run on, so that the wait for that proposal counts on neither side."""
    first = next(item for item in history if isinstance(item.event, RunStarted) and item.event.experiment == 1)
    runs = sum(isinstance(item.event, RunFinished) and item.event.experiment > 0 for item in history)
    seconds = _seconds(first, history[-1])
    verdicts = [item.event for item in history if isinstance(item.event, ExperimentDiscarded)]
    return {
        "runs": runs,
        "runs in an hour": round(runs * 3600 / seconds / scale, 2),  # of a night at full size
        "trainings at once, on average": round(runs * BUDGET / scale / seconds, 3),
        "kept": sum(isinstance(item.event, ExperimentKept) for item in history) - 1,
        "gained on a parent that had moved": sum(event.rule == STALE_BASE for event in verdicts),
    }


# --- the loop's own cost -------------------------------------------------------------------------------------------


class Counting:
    """Proposes another number each time, at once."""

    name = "counting"

    def propose(self, request: Request) -> Proposal:
        files = {"train.py": f'STEP = "{request.experiment}"\n'}
        return Proposal(idea=f"step {request.experiment}", files=files, proposer="sampler")


class Silent:
    def step(self, *_: object) -> None: ...


def overhead(*, experiments: int, sandbox: str, profile: bool) -> dict[str, object]:
    """Milliseconds of an experiment whose training prints a number and ends; what a bare start of that command takes, too."""
    with tempfile.TemporaryDirectory(dir=ROOT) as name:
        train = "sh run.sh"
        Path(name, "run.sh").write_text("echo loss: 0.5\n")
        root = repository(
            Path(name), train=train, keys="proposer: sampler", budget=5, code='STEP = "0"\n', sandbox=sandbox
        )
        ctx = bootstrap.assemble(read_project(root), tag="night", display=Silent())
        ctx.proposer = ctx.fallback = Counting()
        with _profiled(profile) as told:
            before = _cpu()
            main_loop.run(ctx, experiments=experiments)
            cpu = _cpu() - before
        history = recorded(root)
    verdicts = [item for item in history if isinstance(item.event, ChangeReverted)]
    whole = sorted(_seconds(one, other) for one, other in itertools.pairwise(verdicts))
    runs = sorted(item.event.wall_seconds for item in history if isinstance(item.event, RunFinished))
    steps = {
        kind: sum(type(item.event).__name__ == kind for item in history) for kind in ("IdeaProposed", "RunStarted")
    }
    if profile:
        print(told.getvalue(), file=sys.stderr)
    return {
        "experiments": steps["IdeaProposed"] - 1,
        "isolation": next(item.event.isolation for item in history if isinstance(item.event, RunStarted)),
        "milliseconds per experiment, median": round(1000 * whole[len(whole) // 2], 1),
        "95 of 100 under": round(1000 * whole[int(len(whole) * 0.95)], 1),
        "processor time, git and training included": round(1000 * cpu / experiments, 1),
        "of which the run itself (export, process, end)": round(1000 * runs[len(runs) // 2], 1),
    }


def _cpu() -> float:
    """Seconds of processor time of this process and all that it has waited for: other jobs on the machine do not count."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@contextlib.contextmanager
def _profiled(wanted: bool) -> Iterator[io.StringIO]:
    told, profiler = io.StringIO(), cProfile.Profile()
    if wanted:
        profiler.enable()
    yield told
    profiler.disable()
    if wanted:
        pstats.Stats(profiler, stream=told).sort_stats("cumulative").print_stats(60)


def main() -> int:
    parser = argparse.ArgumentParser(description="The training's share of a night, and the loop's own cost.")
    parser.add_argument("--scale", type=float, default=20.0, help="how many times faster than a real night")
    parser.add_argument("--experiments", type=int, default=20)
    parser.add_argument("--conflicts", type=int, default=2, help="every so many keeps, what was prepared does not fit")
    parser.add_argument("--workers", type=int, default=1, help="against so many experiments in flight")
    parser.add_argument("--overhead", action="store_true", help="the loop's own cost alone")
    parser.add_argument("--profile", action="store_true", help="the same, and where it goes")
    parser.add_argument("--sandbox", choices=("auto", "none"), default="auto")
    options = parser.parse_args()
    if options.overhead or options.profile:
        said = overhead(experiments=max(options.experiments, 40), sandbox=options.sandbox, profile=options.profile)
    elif options.workers > 1:
        said = beside(
            options.workers, scale=options.scale, experiments=options.experiments, conflicts=options.conflicts
        )
    else:
        said = duty(scale=options.scale, experiments=options.experiments, conflicts=options.conflicts)
    print(json.dumps(said, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
