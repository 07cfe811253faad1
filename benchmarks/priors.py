"""What a step of each knob of gpt/train.py gains, in σ: the `priors` that the sampler starts from on the profile `cpu`.

    python benchmarks/priors.py --seeds 4 --jobs 2 [--knob MATRIX_LR]... > priors.toml

Prints a table for gpt/profiles.toml, `KNOB = [[from, to, gain, spread]]`, a line per knob as soon as it is measured: the
largest steps that the sampler itself would make, or each choice. The first line says how σ was measured and on what machine.
Another machine and another text give other figures, so the sampler trusts a prior less than one run of its own.

A run takes as many steps as fit into the processor time of `--steps` steps of the unchanged file. Both files run side by side
to find that number, so a busy machine slows both: the figures hold beside other work, where a budget in seconds would not. To
measure the knobs in several goes, give the later ones `--baseline MEAN,SIGMA,RUNS` from the first line of the first.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gpt_noise import ROOT, Result, edited, one_run

from journal.changes.python_knobs import knobs
from loop.proposers.sampler.steps import KnobStep, movable

SIZES = ("DEPTH", "WIDTH", "HEADS", "HEAD_DIM", "MLP_RATIO", "VALUE_EVERY", "CONTEXT", "BATCH")
COSTLY = (
    *SIZES,
    "WINDOW",
    "SOFTCAP",
    "NEWTON_SCHULZ_STEPS",
)  # they change what a step costs; the others only its numbers
PROBE = 100  # steps of the runs side by side
SAME = 0.08  # a ratio of costs this near to one is taken for one: the probe is no better


def chosen_steps(names: list[str]) -> Iterator[tuple[str, list[KnobStep]]]:
    """Knob -> the lowest and the highest value that the sampler may propose first, or each choice."""
    found = movable(knobs("train.py", (ROOT / "gpt" / "train.py").read_text(encoding="utf-8")))
    for name in names or [name for name in found if name.isupper()]:
        if name not in found:
            raise SystemExit(f"error: gpt/train.py has no knob {name} that may move")
        steps = sorted(found[name], key=lambda step: float(step.value))
        ends = [steps[0], steps[-1]] if steps[0].direction < steps[-1].direction else [steps[-1]]
        yield name, steps if steps[0].knob.range.choices else ends


def measure(tree: Path, *, seed: int, steps: int, folder: Path) -> Result:
    return one_run(tree, seed=seed, arguments=argparse.Namespace(data=folder, budget=20, steps=steps), core=None)


def step_cost(tree: Path, unchanged: Path, *, folder: Path) -> float:
    """Processor time of a step over that of a step of the unchanged file."""
    with ThreadPoolExecutor(2) as pool:
        pair = [pool.submit(measure, each, seed=0, steps=PROBE, folder=folder) for each in (tree, unchanged)]
        seconds, reference = (future.result().seconds for future in pair)
    ratio = seconds / reference
    if not math.isfinite(ratio):
        return 1.0  # the run itself will fail too, and say so
    return 1.0 if abs(ratio - 1) < SAME else ratio


def print_line(name: str, moves: list[str]) -> None:
    """A line of the table; a move whose runs failed is an empty text."""
    if measured := list(filter(None, moves)):
        print(f"{name} = [{', '.join(measured)}]", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="prepared data")
    parser.add_argument("--seeds", type=int, default=4, help="runs of the unchanged file, at least 2")
    parser.add_argument("--baseline", help="mean, σ and number of runs of the unchanged file, measured before")
    parser.add_argument("--change-seeds", type=int, default=1, help="runs of each change")
    parser.add_argument("--steps", type=int, default=450, help="steps of a run of the unchanged file")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once")
    parser.add_argument("--knob", action="append", default=[], help="measure this one only; may be repeated")
    arguments = parser.parse_args()
    folder, scale = arguments.data.resolve(), arguments.steps
    if arguments.seeds < 2 or arguments.change_seeds < 1:
        parser.error("σ needs --seeds of at least 2, and each change at least one run")
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(arguments.jobs) as pool:
        unchanged = edited("", to=Path(scratch) / "unchanged")

        def values(tree: Path, *, steps: int, seeds: int) -> list[float]:
            pending = [pool.submit(measure, tree, seed=seed, steps=steps, folder=folder) for seed in range(seeds)]
            return [future.result().val_bpb for future in pending]

        if arguments.baseline:
            mean, sigma, runs = (float(number) for number in arguments.baseline.split(","))
        else:
            baseline = values(unchanged, steps=scale, seeds=arguments.seeds)
            mean, sigma, runs = statistics.mean(baseline), statistics.stdev(baseline), len(baseline)
        print(
            f"# val_bpb {mean:.4f}, σ {sigma:.4f} of {runs:.0f} runs of {scale} steps; {platform.machine()}, "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}",
            flush=True,
        )
        spread = math.sqrt(1 / arguments.change_seeds + 1 / runs)

        def prior(name: str, step: KnobStep) -> str:
            tree = edited(f"{name}={step.source}", to=Path(scratch) / f"{name}-{step.source}")
            cost = step_cost(tree, unchanged, folder=folder) if name in COSTLY else 1.0
            found = values_here(tree, steps=round(scale / cost), seeds=arguments.change_seeds)
            gain = (mean - statistics.mean(found)) / sigma
            if not math.isfinite(gain):
                print(f"{name} {step.knob.source} to {step.source} failed, and is left out", file=sys.stderr)
                return ""
            print(f"{name} {step.knob.source} to {step.source}: cost {cost:.2f}, {gain:+.1f}", file=sys.stderr)
            return f"[{step.knob.source}, {step.source}, {gain:.1f}, {spread:.1f}]"

        def values_here(tree: Path, *, steps: int, seeds: int) -> list[float]:
            return [measure(tree, seed=seed, steps=steps, folder=folder).val_bpb for seed in range(seeds)]

        pending = [
            (name, [pool.submit(prior, name, step) for step in steps]) for name, steps in chosen_steps(arguments.knob)
        ]
        for name, futures in pending:
            print_line(name, [future.result() for future in futures])


if __name__ == "__main__":
    main()
