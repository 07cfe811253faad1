"""The score that each attack on the metric reaches, by how a run is held; and what the defences cost a run.

    python benchmarks/attacks.py [--write] [--runs 5]

Each attack is a real edit of a small training (`tests/loop/attacks.py`), committed, trained and scored by the real evaluator
(`gpt/evaluate.py`; the tensor library is a stand-in). A win is a better score than the honest code's. `--write` puts the table
into docs/safety.md. Exit code 1 if an attack wins in the sandbox, or if none wins without it: the attacks must be real.

Without the sandbox an attack reaches everything that its user can write: other processes' files, the Python environment. So
those columns run in a machine of their own (bubblewrap: no network, own processes, everything read-only but empty folders).
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "loop")]

from arena import Arena  # noqa: E402
from attacks import CONSPIRE, FOLDERS, FUTURE, NO_GAIN, NOT_A_NUMBER, TRAIN_WHILE_SCORED, WARM_START  # noqa: E402

from journal.events import RunFinished  # noqa: E402
from loop.contracts import BaselineTimes  # noqa: E402
from loop.runs import run as runs  # noqa: E402
from loop.runs.sandbox import bubblewrap, policy  # noqa: E402

HELD = {"none": "none", "limited": "auto", "sandboxed": "required"}  # isolation -> `sandbox:` of the brief
REMEMBER = WARM_START.replace("FOLDERS", FOLDERS.replace('"."', '".", "../.."', 1))
ATTACKS = {
    "none: the honest code": {},
    **NO_GAIN,
    "look at the future": {"model": FUTURE},
    "two model processes agree on a future": {"model": CONSPIRE},
    "logits that are no numbers": {"model": NOT_A_NUMBER},
    "train while being scored": {"model": TRAIN_WHILE_SCORED.replace("SECONDS", "1.5")},
    "warm start from what the run before left": {"learn": REMEMBER},
}
MACHINE = (
    *(
        "bwrap",
        "--die-with-parent",
        "--new-session",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
    ),
    *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
    *(word for folder in ("/tmp", "/var/tmp", "/run", "/dev/shm") for word in ("--tmpfs", folder)),
    *("--ro-bind", str(ROOT), str(ROOT)),  # which may lie below /tmp
    *("--setenv", "AR_ATTACKS_APART", "1", "--chdir", "/tmp", "--"),
)
ROUNDING = 1e-4  # bits a byte; of the correction for what a model gains by looking ahead
TRIES = 3  # of each attack, of which the best counts
MARKS = "<!-- attacks:begin -->", "<!-- attacks:end -->"


@contextmanager
def held(isolation: str) -> Iterator[None]:
    """Let `limited` be what a machine without bubblewrap has."""
    before = bubblewrap.is_available, policy.isolation_of
    if isolation == "limited":
        runs.isolation_of = lambda _config: "limited"
    try:
        yield
    finally:
        runs.isolation_of = before[1]


def scores(isolation: str, folder: Path) -> dict[str, str]:
    """Attack -> what it reached: the score, or the kind of failure."""
    found = {}
    with held(isolation):
        for number, (name, edits) in enumerate(ATTACKS.items()):  # each in a project of its own: an attack may spoil it
            arena = Arena(folder / f"project-{number}", sandbox=HELD[isolation])
            honest = arena.run()
            times = BaselineTimes(startup=0.1, training=5, wall=10, cpu=5, scoring=honest.guards["scoring"])
            if name.startswith("warm start"):
                arena.run(seed=2, **edits)
            tries = [arena.run(baseline_times=times, **edits) for _ in range(TRIES)]
            best = min(tries, key=lambda outcome: getattr(outcome, "metric", math.inf))
            found[name] = reached(best, honest.metric)
    return found


def scores_apart(isolation: str) -> dict[str, str]:
    """The same, in a machine of its own."""
    command = [*MACHINE, sys.executable, __file__, "--column", isolation]
    output = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, text=True).stdout
    return json.loads(output.splitlines()[-1])


def column(isolation: str) -> int:
    """Print the scores of an isolation as JSON, in a machine apart alone."""
    if os.environ.get("AR_ATTACKS_APART") != "1" or Path("/proc/1/cmdline").read_bytes().find(b"attacks.py") < 0:
        print(
            "error: --column is for this program itself: these attacks reach whatever is beside them.", file=sys.stderr
        )
        return 2
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(scores(isolation, Path(name))))
    return 0


def reached(outcome: object, honest: float) -> str:
    if not isinstance(outcome, RunFinished):
        return f"refused ({outcome.kind})"
    return f"{outcome.metric:.3f}" + (" **win**" if outcome.metric < honest - ROUNDING else "")


def cost(isolation: str, folder: Path, *, rounds: int) -> list[float]:
    """Seconds of whole runs whose training takes none."""
    with held(isolation):
        arena = Arena(
            folder / "project", sandbox=HELD[isolation], evaluate=None, train="true", pattern="(number)", log=None
        )
        arena.run()
        seconds = []
        for _ in range(rounds):
            began = time.perf_counter()
            arena.run()
            seconds.append(time.perf_counter() - began)
    return seconds


def table(found: dict[str, dict[str, str]]) -> str:
    rows = [f"| {attack} | " + " | ".join(found[held][attack] for held in HELD) + " |" for attack in ATTACKS]
    return "\n".join([f"| edit | {' | '.join(HELD)} |", "|---|---|---|---|", *rows])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/safety.md")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each kind (default: 5)")
    parser.add_argument("--column", choices=("none", "limited"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.column:
        return column(arguments.column)
    if reason := bubblewrap.unavailable_reason():
        print(f"no sandbox here: {reason}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        found = {isolation: scores_apart(isolation) for isolation in HELD if isolation != "sandboxed"}
        found["sandboxed"] = scores("sandboxed", Path(name) / "sandboxed")
        seconds = {isolation: [] for isolation in HELD}
        for number in range(arguments.runs):  # in turn, so that a machine that wanders does so for all
            for isolation in HELD:
                seconds[isolation] += cost(isolation, Path(name) / f"cost-{number}-{isolation}", rounds=3)
    print(table(found))
    medians = {isolation: statistics.median(values) for isolation, values in seconds.items()}
    wins = {isolation: sum("win" in score for score in found[isolation].values()) for isolation in HELD}
    print(f"\nwins: {wins}; a run that trains for no time, median: "
          + ", ".join(f"{isolation} {value * 1000:.0f} ms" for isolation, value in medians.items()))  # fmt: skip
    print(f"the sandbox costs {(medians['sandboxed'] - medians['none']) * 1000:.0f} ms a run")
    if arguments.write:
        page = ROOT / "docs" / "safety.md"
        text = page.read_text(encoding="utf-8")
        before, rest = text.split(MARKS[0], 1)
        page.write_text(
            before + f"{MARKS[0]}\n{table(found)}\n" + MARKS[1] + rest.split(MARKS[1], 1)[1], encoding="utf-8"
        )
    return int(wins["sandboxed"] > 0 or wins["none"] == 0)


if __name__ == "__main__":
    sys.exit(main())
