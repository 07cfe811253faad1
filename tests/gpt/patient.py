"""A corpus of a few small files, a profile of tiny sizes, and processes that run on them."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

ROOT = Path(__file__).resolve().parents[2]
TINY = """
[tiny]
about = "for tests"
[tiny.brief]
budget = "1s"
startup = "60s"
workers = 4096
[tiny.data]
vocab_size = 300
context = 16
val_tokens = 640
val_share = 0.3
val_clip = 2000
tests = false
[tiny.constants]
DEPTH = 2
"""
SMALL = {"DEPTH": 2, "WIDTH": 32, "HEADS": 1, "HEAD_DIM": 16, "CONTEXT": 16, "BATCH": 4, "PRECISION": '"fp32"'}


@dataclass(frozen=True)
class Tree:
    """A copy of `gpt/` with small constants, as the loop would export it, and an output folder beside it."""

    path: Path
    data: Path
    out: Path

    def run(self, module, *arguments, **settings):
        return self._process("-m", f"gpt.{module}", *arguments, **settings)

    def python(self, program, *arguments):
        result = self._process("-c", program, *arguments)
        assert result.returncode == 0, result.stderr
        return result

    def _process(self, *words, **settings):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AR_")}
        environment |= {"AR_DATA": str(self.data), "AR_OUT": str(self.out), "AR_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
        passed = settings.pop("pass_fds", ())
        return subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=self.path, env=environment | {name: str(value) for name, value in settings.items()},
            pass_fds=passed, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def edit(self, before, after):
        source = (self.path / "gpt" / "train.py").read_text(encoding="utf-8")
        assert source.count(before) == 1, before
        (self.path / "gpt" / "train.py").write_text(source.replace(before, after), encoding="utf-8")

    def score(self, *arguments):
        result = self.run("evaluate", "--json", *arguments)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)


def prepare(out, text, profiles, *arguments):
    command = [sys.executable, "-m", "gpt.prepare", "--profile", "tiny", "--out", out, "--dataset", text]
    command += ["--profiles", profiles, *arguments]
    return subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)


def small_tree(folder, data_folder):
    shutil.copytree(ROOT / "gpt", folder / "tree" / "gpt", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "tree" / "gpt" / "train.py"
    source = path.read_text(encoding="utf-8")
    for name, value in SMALL.items():
        source = re.sub(rf"(?m)^{name} = \S+", f"{name} = {value}", source)
    path.write_text(source, encoding="utf-8")
    return Tree(path=folder / "tree", data=data_folder, out=folder / "out")


def loaded(path):
    """A module of `benchmarks/`, whose folder must not be on the path: `gpt.py` there would hide the package."""
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location(f"benchmarks_{path.stem}", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def write_parquet(path, **columns):
    parquet.write_table(pa.table(columns), path)
