"""How often a newcomer's first session finds something: fresh clones, eight experiments each, on the profile of this machine.

    python benchmarks/first_night.py --nights 20 [--without-priors] [--pairs 5]

Clones this repository at HEAD, prepares the data there and has the loop run a session, as `make run` does. Each session has
a name of its own, which seeds its sampler. A keep is true if the kept commit gains at least `--gain` σ over its parent, in
the mean of `--pairs` paired runs on seeds that the session has not seen; σ is the session's. Prints a line per night, then
how many have a true keep. A night takes about four minutes on two quiet cores, and each keep four more.
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gpt_noise import ROOT, one_run

from journal.projections.experiments import Experiment
from journal.projections.state import State, fold
from journal.store import Reader

FIRST_SEED = 900_001  # the loop's own seeds are 1000 × experiment + run


@dataclass(frozen=True)
class Keep:
    """A kept change; `gain` is what its pairs measured, in σ."""

    idea: str
    claimed: float
    gain: float


def fresh_clone(folder: Path, *, priors: bool) -> None:
    git = ["git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org"]
    subprocess.run([*git, "clone", "-q", ROOT, folder], check=True)
    subprocess.run([sys.executable, "-m", "gpt.prepare"], cwd=folder, capture_output=True, check=True)
    if not priors:
        brief = folder / "program.md"
        brief.write_text(
            brief.read_text(encoding="utf-8").replace("\n---\n", "\npriors: {}\n---\n", 1), encoding="utf-8"
        )


def session(folder: Path, name: str, *, experiments: int) -> State:
    """Run a session to its end and read what it recorded."""
    command = [sys.executable, "-m", "loop.cli", "run", "--tag", name, "--experiments", str(experiments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"error: {name} ended with code {done.returncode}: {done.stderr.strip().splitlines()[-1]}")
    with closing(Reader(folder / ".ar" / "journal.db")) as reader:
        return fold(reader.read())


def checkout(clone: Path, commit: str, *, to: Path) -> Path:
    archive = subprocess.run(["git", "archive", commit, "gpt"], cwd=clone, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(to, filter="data")
    return to


def confirmed(clone: Path, kept: Experiment, parent: str, *, sigma: float, pairs: int) -> Keep:
    """Candidate and parent side by side on the same seeds, so that both have the same minutes of the machine."""
    arguments = argparse.Namespace(data=clone / "data", budget=20, steps=None)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        trees = [checkout(clone, commit, to=Path(scratch) / commit) for commit in (kept.commit, parent)]
        gains = []
        for seed in range(FIRST_SEED, FIRST_SEED + pairs):
            both = [pool.submit(one_run, tree, seed=seed, arguments=arguments, core=None) for tree in trees]
            after, before = (future.result().val_bpb for future in both)
            gains.append((before - after) / sigma)
    return Keep(kept.idea, kept.gain_sigma or 0.0, statistics.mean(gains))


def keeps(clone: Path, state: State, name: str, *, pairs: int) -> Iterator[Keep]:
    sigma = state.sessions.rows[name].sigma
    for row in state.experiments.of_session(name):
        if row.status == "keep" and row.number > 0 and sigma:
            yield confirmed(clone, row, row.parent, sigma=sigma, pairs=pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="number of the first night")
    parser.add_argument("--experiments", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=5, help="of runs that confirm a keep")
    parser.add_argument("--gain", type=float, default=3.0, help="σ that a true keep gains at least")
    parser.add_argument("--without-priors", action="store_true", help="with `priors: {}` in the brief")
    arguments = parser.parse_args()
    found = 0
    for number in range(arguments.first, arguments.first + arguments.nights):
        name, began = f"night-{number}", time.monotonic()
        with tempfile.TemporaryDirectory() as scratch:
            clone = Path(scratch) / "clone"
            fresh_clone(clone, priors=not arguments.without_priors)
            state = session(clone, name, experiments=arguments.experiments)
            minutes = (time.monotonic() - began) / 60
            results = list(keeps(clone, state, name, pairs=arguments.pairs))
        found += any(keep.gain >= arguments.gain for keep in results)
        row = state.sessions.rows[name]
        texts = [f"{keep.idea} ({keep.claimed:.1f} σ in the session, {keep.gain:.1f} in pairs)" for keep in results]
        print(f"{name}: {minutes:.1f} min, σ {row.sigma:.4f}; {'; '.join(texts) or 'nothing kept'}", flush=True)
    print(f"{found} of {arguments.nights} nights have a true keep")


if __name__ == "__main__":
    main()
