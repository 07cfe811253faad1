"""What each planted defect costs, and which of them a proposer mends.

    python benchmarks/planted/measure.py                     # the table: val_bpb at equal steps, five paired seeds (25 minutes)
    python benchmarks/planted/measure.py --seeds 8 --jobs 2  # eight of them, two runs at once, each on a core of its own
    python benchmarks/planted/measure.py --only qk-scale     # one defect
    python benchmarks/planted/measure.py --diff qk-scale     # its patch, for `git apply`
    python benchmarks/planted/measure.py --sampler 200       # what the built-in sampler mends; nothing is trained
    python benchmarks/planted/measure.py --night claude      # real nights of `ar-loop run`, one for each defect; needs a key

A defect is *mended* by a proposal after which the planted text is gone; in a night it must be kept as well. The proposer is
told the goal and shown the file, not that something is wrong with it. The sampler moves constants and writes no code, so the
defects in code are out of its reach; its figure is the floor.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from defects import DEFECTS, Defect  # noqa: E402

SOUND = (ROOT / "gpt" / "train.py").read_text(encoding="utf-8")


def beside(name: str) -> ModuleType:
    """A module of `benchmarks/`, which must not be on the path: `gpt.py` there would hide the package."""
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", HERE.parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def diff(defect: Defect) -> str:
    lines = (text.splitlines(keepends=True) for text in (SOUND, defect.plant(SOUND)))
    return "".join(difflib.unified_diff(*lines, "a/gpt/train.py", "b/gpt/train.py"))


# --- the cost ---------------------------------------------------------------------------------------------------------


class Runs:
    """Trainings of a `train.py`, each in a tree of its own and, where several go at once, on a core of its own."""

    def __init__(self, scratch: Path, arguments: argparse.Namespace) -> None:
        self.noise, self.scratch, self.arguments = beside("gpt_noise"), scratch, arguments
        self.cores: Queue[int | None] = Queue()
        for core in sorted(os.sched_getaffinity(0))[: arguments.jobs]:
            self.cores.put(core if arguments.jobs > 1 else None)

    def result(self, source: str, seed: int, *, steps: int) -> Any:
        core = self.cores.get()
        try:
            tree = self.noise.edited("", to=Path(tempfile.mkdtemp(dir=self.scratch)))
            (tree / "gpt" / "train.py").write_text(source, encoding="utf-8")
            told = argparse.Namespace(**(vars(self.arguments) | {"steps": steps}))
            return self.noise.one_run(tree, seed=seed, arguments=told, core=core)
        finally:
            self.cores.put(core)


def costs(defects: list[Defect], arguments: argparse.Namespace) -> None:
    """One line per defect: mean cost over paired seeds, its standard error, and each of them."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(arguments.jobs) as pool:
        runs = Runs(Path(scratch), arguments)
        announce((1 + len(defects)) * arguments.seeds, runs, arguments)
        print(f"{'defect':10} {'cost':>8} {'error':>7}   what is wrong ({arguments.steps} steps, paired seeds)")
        pending = {
            source: [pool.submit(runs.result, source, seed, steps=arguments.steps) for seed in range(arguments.seeds)]
            for source in (SOUND, *(defect.plant(SOUND) for defect in defects))
        }
        sound = [future.result().val_bpb for future in pending[SOUND]]
        print(f"{'(sound)':10} {statistics.mean(sound):8.4f} {standard_error(sound):7.4f}", flush=True)
        for defect in defects:
            found = [future.result().val_bpb for future in pending[defect.plant(SOUND)]]
            worse = [after - before for before, after in zip(sound, found, strict=True)]
            each = " ".join(f"{one:+.4f}" for one in worse)
            print(
                f"{defect.name:10} {statistics.mean(worse):+8.4f} {standard_error(worse):7.4f}   {defect.what} ({each})",
                flush=True,
            )


def announce(count: int, runs: Runs, arguments: argparse.Namespace) -> None:
    """Say how long so many runs will take, from one of a tenth of the steps."""
    began, steps = time.monotonic(), max(1, arguments.steps // 10)
    trained = runs.result(SOUND, 0, steps=steps).seconds
    one = time.monotonic() - began + trained * (arguments.steps / steps - 1)
    minutes = one * count / arguments.jobs / 60
    print(
        f"{count} runs of about {one:.0f} s, {arguments.jobs} at once: about {max(1, minutes):.0f} min", file=sys.stderr
    )


def standard_error(values: list[float]) -> float:
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")


# --- who mends it -----------------------------------------------------------------------------------------------------


def sampler_mends(defect: Defect, *, tries: int) -> int | None:
    """The number of the sampler's proposal that mends a defect, if all before it are discarded; None if none does."""
    from loop.errors import ProposerFailure
    from loop.proposers.sampler.sampler import Sampler

    simulation = beside("sampler")
    night = simulation.Through(Sampler(), seed=0)
    night.files = {"train.py": defect.plant(SOUND)}
    for number in range(1, tries + 1):
        try:
            proposal = night.proposer.propose(night.request())
        except ProposerFailure:
            return None
        if not defect.stands(proposal.files["train.py"]):
            return number
        night.record(proposal)
        night.tell({}, simulation.Told(2.0, kept=False), gain=-1.0)
    return None


def night_mends(defect: Defect, *, proposer: str, experiments: int) -> bool:
    """Whether a real night, in a repository of its own, ends on a kept commit without the defect."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        copied = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "gpt", tree / "gpt", ignore=copied)
        shutil.copytree(ROOT / "data", tree / "data")
        (tree / "gpt" / "train.py").write_text(defect.plant(SOUND), encoding="utf-8")
        brief = (ROOT / "program.md").read_text(encoding="utf-8").replace("---\n", f"---\nproposer: {proposer}\n", 1)
        (tree / "program.md").write_text(brief, encoding="utf-8")
        (tree / ".gitignore").write_text("data/\n.ar/\n__pycache__/\n", encoding="utf-8")
        identity = ["-c", "user.name=planted", "-c", "user.email=planted@localhost"]
        for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "a small GPT"]):
            subprocess.run(["git", *words], cwd=tree, check=True)
        loop = [
            str(Path(sys.executable).with_name("ar-loop")),
            "run",
            "--tag",
            "night",
            "--experiments",
            str(experiments),
        ]
        subprocess.run(loop, cwd=tree, check=True, stdout=sys.stderr)
        show = ["git", "show", "autoresearch/night:gpt/train.py"]
        kept = subprocess.run(show, cwd=tree, check=True, capture_output=True, text=True).stdout
    return not defect.stands(kept)


def score(defects: list[Defect], arguments: argparse.Namespace) -> None:
    mended = 0
    for defect in defects:
        if arguments.night:
            found = night_mends(defect, proposer=arguments.night, experiments=arguments.experiments)
            words = "mended" if found else "not mended"
        else:
            number = sampler_mends(defect, tries=arguments.sampler)
            found, words = number is not None, f"mended by proposal {number}" if number else "not mended"
        mended += found
        print(f"{defect.name:10} {words}", flush=True)
    print(f"{arguments.night or 'sampler'}: {mended} of {len(defects)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="prepared data")
    parser.add_argument("--only", action="append", choices=[defect.name for defect in DEFECTS])
    parser.add_argument("--seeds", type=int, default=5, help="paired: each with the sound file and with every defect")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once, each on a core of its own if more than 1")
    parser.add_argument("--steps", type=int, default=450, help="of training; about as many as the profile's 20 seconds")
    parser.add_argument("--diff", choices=[defect.name for defect in DEFECTS], help="print a patch")
    parser.add_argument("--sampler", type=int, metavar="N", help="let the sampler propose N times on each defect")
    parser.add_argument("--night", choices=["claude", "sampler"], help="let a proposer work through real nights")
    parser.add_argument("--experiments", type=int, default=8, help="of each night")
    arguments = parser.parse_args()
    arguments.data, arguments.budget = arguments.data.resolve(), 20.0
    defects = [defect for defect in DEFECTS if not arguments.only or defect.name in arguments.only]
    if arguments.night == "claude" and not (
        os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN")
    ):
        sys.exit("error: no key for Claude: set ANTHROPIC_API_KEY")
    if arguments.diff:
        print(diff(next(defect for defect in DEFECTS if defect.name == arguments.diff)), end="")
    elif arguments.night or arguments.sampler:
        score(defects, arguments)
    else:
        costs(defects, arguments)


if __name__ == "__main__":
    main()
