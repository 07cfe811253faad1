"""How noisy is val_bpb, and what does a change of one constant gain against that noise?

Trains `gpt/train.py` over several seeds, unchanged and with single constants changed, each run as the loop would run it
(own processes, scored by `gpt.evaluate`), and prints one line per variant. Gains are of paired seeds.

    python benchmarks/gpt_noise.py --seeds 6 --change MATRIX_LR=0.04 --change "WARMDOWN=0.8 BATCH=8"

`--jobs 2` runs two at once, each pinned to a core of its own. On a machine that others use too, `--steps N` takes progress from
steps, so that figures depend on the seeds alone (and what a change does to speed is not seen).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Result:
    """One run; all figures are NaN where it failed."""

    val_bpb: float
    tokens: int
    seconds: float


def edited(change: str, *, to: Path) -> Path:
    """A copy of the tree's `gpt` with the constants of "A=1 B=2" replaced."""
    shutil.copytree(ROOT / "gpt", to / "gpt", ignore=shutil.ignore_patterns("__pycache__"))
    source = (to / "gpt" / "train.py").read_text(encoding="utf-8")
    for name, value in (part.split("=", 1) for part in change.split()):
        source, count = re.subn(rf"(?m)^{name} = [^#\n]*?(?=  #|$)", f"{name} = {value}", source)
        if count != 1:
            raise SystemExit(f"error: no constant {name} in gpt/train.py")
    (to / "gpt" / "train.py").write_text(source, encoding="utf-8")
    return to


def one_run(tree: Path, *, seed: int, arguments: argparse.Namespace, core: int | None) -> Result:
    """Train and score once; prefix `taskset` pins both to `core`."""
    pin = ["taskset", "-c", str(core)] if core is not None else []
    with tempfile.TemporaryDirectory() as out:
        environment = os.environ | {"AR_DATA": str(arguments.data), "AR_SEED": str(seed), "AR_OUT": out}
        environment["AR_BUDGET"] = str(arguments.budget)
        if arguments.steps:
            environment["AR_STEPS"] = str(arguments.steps)
        command = [*pin, sys.executable, "-m"]
        train = subprocess.run(
            [*command, "gpt.train"], cwd=tree, env=environment, capture_output=True, text=True, check=False
        )
        score = subprocess.run(
            [*command, "gpt.evaluate", "--json"], cwd=tree, env=environment, capture_output=True, text=True, check=False
        )
    if train.returncode or score.returncode:
        print((train.stderr or score.stderr).strip().splitlines()[-1], file=sys.stderr)
        return Result(float("nan"), 0, float("nan"))
    tokens, seconds = re.findall(r"([\d,]+) tokens in ([\d.]+) s", train.stdout)[-1]
    return Result(json.loads(score.stdout)["val_bpb"], int(tokens.replace(",", "")), float(seconds))


def line(change: str, results: list[Result], baseline: list[Result], sigma: float) -> str:
    values = [result.val_bpb for result in results]
    spread = statistics.stdev(values) if len(values) > 1 else float("nan")
    gains = [before.val_bpb - after for before, after in zip(baseline, values, strict=False)]
    rate = sum(result.tokens for result in results) / sum(result.seconds for result in results) / 1000
    gain = statistics.mean(gains)
    return (
        f"{change:38} {statistics.mean(values):8.4f} {statistics.median(values):8.4f} {spread:8.4f} {gain:+8.4f} "
        f"{gain / sigma if sigma else 0:+6.1f} {rate:7.1f}   {' '.join(f'{value:.4f}' for value in values)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="prepared data")
    parser.add_argument("--seeds", type=int, default=6, help="runs of the unchanged file")
    parser.add_argument("--change-seeds", type=int, help="runs of each change (default: as many)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--change", action="append", default=[], help='constants, as "NAME=VALUE NAME=VALUE"')
    parser.add_argument("--budget", type=float, default=20, help="seconds of training")
    parser.add_argument("--steps", type=int, help="steps of training, whatever time they take")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once, each on a core of its own if more than 1")
    arguments = parser.parse_args()
    arguments.data = arguments.data.resolve()
    cores: Queue[int | None] = Queue()
    for core in sorted(os.sched_getaffinity(0))[: arguments.jobs]:
        cores.put(core if arguments.jobs > 1 else None)
    print(
        f"load {os.getloadavg()[0]:.2f} of {len(os.sched_getaffinity(0))} cores, {arguments.jobs} at once",
        file=sys.stderr,
    )

    def measure(tree: Path, seed: int) -> Result:
        core = cores.get()
        try:
            return one_run(tree, seed=seed, arguments=arguments, core=core)
        finally:
            cores.put(core)

    print(f"{'variant':38} {'mean':>8} {'median':>8} {'sigma':>8} {'gain':>8} {'/sigma':>6} {'ktok/s':>7}   values")
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(arguments.jobs) as pool:
        baseline: list[Result] = []
        counts = [arguments.seeds, *[arguments.change_seeds or arguments.seeds] * len(arguments.change)]
        trees = [edited(change, to=Path(scratch) / str(at)) for at, change in enumerate(["", *arguments.change])]
        pending = [
            [pool.submit(measure, tree, arguments.first_seed + seed) for seed in range(count)]
            for tree, count in zip(trees, counts, strict=True)
        ]
        for change, futures in zip(["unchanged", *arguments.change], pending, strict=True):
            results = [future.result() for future in futures]
            baseline = baseline or results
            sigma = statistics.stdev(result.val_bpb for result in baseline) if len(baseline) > 1 else 0.0
            print(line(change, results, baseline, sigma), flush=True)


if __name__ == "__main__":
    main()
