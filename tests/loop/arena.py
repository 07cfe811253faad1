"""A project with the real scorer, a model of counts, and runs of it without a session, for attacks."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

from loop.brief.config import Config
from loop.contracts import Device, RunSpec
from loop.runs.measure import RunObserver
from loop.runs.run import RunExecutor
from loop.workspace import Workspace

HERE = Path(__file__).parent
GPT = HERE.parents[1] / "gpt"
VOCABULARY, CONTEXT = 32, 16
MARKERS = ("top", "before", "learn", "model")


class Arena:
    """A repository, its data beside it, and one run after another of edited training code."""

    def __init__(self, root: Path, *, sandbox: str = "auto", device: str = "cpu", **settings) -> None:
        self.root = root
        self.run_count = 0
        (root / "gpt").mkdir(parents=True)
        for name in ("__init__.py", "arguments.py", "channel.py", "data.py", "evaluate.py", "machine.py", "serve.py"):
            shutil.copy(GPT / name, root / "gpt" / name)
        shutil.copy(HERE / "arena" / "torch.py", root)
        (root / ".gitignore").write_text("data\n.ar\n__pycache__\n")
        self.honest = (HERE / "arena" / "train.py").read_text()
        write_data(root / "data")
        self.git("init", "-q")
        self.base = self.commit(self.honest)
        given = {
            "train": "python -m gpt.train", "evaluate": "python -m gpt.evaluate", "budget": 0.2, "startup": 20.0,
            "inputs": ("data/train", "data/tokenizer"),
        }  # fmt: skip
        about = {"goal": "fewer bits", "metric": "val_bpb", "direction": "minimize", "sandbox": sandbox}
        self.config = Config(**{**about, **given, **settings})
        self.workspace = Workspace(root)
        self.runs = RunExecutor(
            self.workspace, self.config, folder=root / ".ar" / "runs", gpu=device.startswith("cuda")
        )
        self.device = Device(name=device)
        tree = self.workspace.tree(self.base)
        self.locked = {path: blob.sha for path, blob in tree.items() if path != "gpt/train.py"}

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, source: str) -> str:
        (self.root / "gpt" / "train.py").write_text(source)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        return self.git("rev-parse", "HEAD")

    def run(self, *, seed: int = 1, baseline_times=None, observer: RunObserver | None = None, **edits: str):
        """Put code at the markers of the training, commit it, and make one run of it."""
        source = self.honest.replace("ROOT", str(self.root))
        for marker, code in edits.items():
            assert marker in MARKERS
            source = put(source, f"# <{marker}>", code.replace("ROOT", str(self.root)))
        return self.make(self.commit(source), seed=seed, baseline_times=baseline_times, observer=observer)

    def make(self, commit: str, *, seed: int = 1, baseline_times=None, observer: RunObserver | None = None):
        self.run_count += 1
        spec = RunSpec(
            session="night", experiment=1, run=self.run_count, commit=commit, seed=seed, purpose="candidate",
            by_model=self.runs.isolation != "limited", baseline_times=baseline_times, locked=self.locked, device=self.device,
        )  # fmt: skip
        return self.runs.execute(spec, observer or RunObserver())

    def left_behind(self) -> list[int]:
        """Processes of any run of this project."""
        mark = os.fsencode(f"HOME={self.root / '.ar' / 'runs'}")
        return [int(found.name) for found in Path("/proc").glob("[0-9]*") if mark in environ(found)]


def put(source: str, marker: str, code: str) -> str:
    """The source with code in the marker's place, indented as the marker is."""
    line = next(line for line in source.splitlines() if line.strip() == marker)
    indent = line[: len(line) - len(line.lstrip())]
    return source.replace(line, "\n".join(indent + text for text in code.strip("\n").splitlines()))


def environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def write_data(folder: Path) -> None:
    """Tokens of a random chain: few enough to train on that the validation part would help."""
    random = np.random.default_rng(7)
    chain = random.dirichlet(np.full(VOCABULARY, 0.1), size=VOCABULARY)
    tokens = [0]
    for draw in random.random(7000):
        tokens.append(min(VOCABULARY - 1, int(np.searchsorted(chain[tokens[-1]].cumsum(), draw))))
    part = np.array(tokens, dtype=np.uint16)
    for name in ("train", "tokenizer", "val"):
        (folder / name).mkdir(parents=True)
    np.save(folder / "train" / "00000.npy", part[:2000])
    with (folder / "train" / "00000.starts").open("wb") as starts:
        np.save(starts, np.flatnonzero(part[:2000] == 0))  # a document begins at each 0
    np.save(folder / "val" / "tokens.npy", part[2000:])
    np.save(folder / "val" / "bytes.npy", np.ones(VOCABULARY, dtype=np.int32))
    (folder / "val" / "val.json").write_text(json.dumps({"context": CONTEXT}))
    (folder / "tokenizer" / "tokenizer.json").write_text(json.dumps({"vocab_size": VOCABULARY}))
