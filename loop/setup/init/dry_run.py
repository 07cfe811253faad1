"""Trying a command as the loop would run it: in a fresh copy of the last commit, in the sandbox, leaving nothing behind."""

import os
import re
import statistics
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from journal.events import RunFailed
from loop.brief import guards
from loop.brief.config import Config
from loop.brief.scope import matches
from loop.contracts import Outcome, RunSpec
from loop.errors import BadInput
from loop.keep_rule import noise
from loop.runs import inputs
from loop.runs.devices import find_device
from loop.runs.measure import Watch
from loop.runs.run import RunExecutor
from loop.setup.init.warnings import Tried
from loop.workspace import Workspace

SESSION = "init"
TRIES = 4  # of the first run, each with the inputs that the one before missed
_PATH = re.compile(r"[~\w./@+-]*[\w/]")


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """One run. `config` holds the inputs that were found to be needed."""

    config: Config
    outcome: Outcome
    output: str  # of what measures

    @property
    def failed(self) -> str | None:
        """Why the command did not end well, in words; a metric that was not found is no failure of it."""
        outcome = self.outcome
        if not isinstance(outcome, RunFailed) or outcome.kind == "no_metric":
            return None
        return f"{outcome.reason}: allow it more with --budget 1h" if outcome.kind == "timeout" else outcome.reason


class DryRunStage:
    """Makes trial runs in a folder that its owner removes."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self._workspace = workspace
        self._folder = folder
        self._commit = workspace.head()
        self._device = find_device()
        self._made = 0

    def first(self, config: Config, say: Callable[[str], None]) -> Rehearsal:
        """The first run; where it misses untracked files that exist, again with those as inputs."""
        for _ in range(TRIES):
            self._made = 0
            rehearsal = self.run(config)
            missing = sorted(set(self._missed(rehearsal)) - set(config.inputs))
            if not missing:
                break
            say(f"it needs {', '.join(missing)}, which is not committed: taken as `inputs`, and tried again")
            config = msgspec.structs.replace(config, inputs=(*config.inputs, *missing))
        return rehearsal

    def run(self, config: Config) -> Rehearsal:
        """One run, on a seed of its own."""
        self._made += 1
        runs = RunExecutor(self._workspace, config, folder=self._folder, gpu=self._device.is_gpu)
        tree = self._workspace.tree(self._commit)
        training = RunSpec(
            session=SESSION,
            experiment=0,
            run=self._made,
            commit=self._commit,
            seed=self._made,
            purpose="baseline",
            device=self._device,
            locked={path: blob.sha for path, blob in tree.items() if not matches(path, config.scope)},
        )
        outcome = runs.make(training, Watch())
        logs = [runs.folder(SESSION, 0, self._made) / name for name in ("evaluate.log", "train.log")]
        output = next((log.read_text(encoding="utf-8", errors="replace") for log in logs if log.exists()), "")
        return Rehearsal(config=config, outcome=outcome, output=output)

    def measure(self, config: Config, *, first: float, seconds: float | None, runs: int) -> Tried:
        """The noise over so many runs, the first one made already. Raises BadInput where one of them gives no metric."""
        metrics, broken = [first], None
        while len(metrics) < runs:
            outcome = self.run(config).outcome
            if isinstance(outcome, RunFailed):
                raise BadInput(f"Run {len(metrics) + 1} gave no metric: {outcome.reason}.")
            metrics.append(outcome.metric)
            broken = broken or guards.broken(config.guard, outcome.values)
        sigma = noise([metrics]).sigma
        return Tried(seconds=seconds, metrics=metrics, mean=statistics.mean(metrics), sigma=sigma, broken=broken)

    def _missed(self, rehearsal: Rehearsal) -> Iterator[str]:
        if rehearsal.failed is None:
            return
        tracked = self._workspace.tree(self._commit)
        place = RunExecutor(self._workspace, rehearsal.config, folder=self._folder).folder(SESSION, 0, self._made)
        yield from missed(rehearsal.output, root=self._workspace.root, tracked=tracked, run=place)


def missed(output: str, *, root: Path, tracked: Collection[str], run: Path) -> Iterator[str]:
    """Inputs that a failed run speaks of: paths that exist here and are not in the commit, or lie in the person's home."""
    folders = {part for path in tracked for part in _above(path)}
    for word in _PATH.findall(output):
        home = _after(word, run / "home")
        if home is not None:
            parts = home.split("/")
            name = inputs.HOME + "/".join(parts[: 2 if parts[0].startswith(".") else 1])
        else:
            path = _after(word, run / "train") or _after(word, run / "evaluate") or os.path.normpath(word)
            name = next((part for part in (*_above(path), path) if part not in folders and part not in tracked), "")
        inside = name and not name.startswith(("/", "..", ".git/", ".ar/")) and name not in (".git", ".ar", ".")
        inside = inside and not name.endswith(".py")  # code is committed, or no change of it would be seen
        if inside and inputs.source(root, name).exists():
            yield name


def _after(word: str, folder: Path) -> str | None:
    return word.removeprefix(f"{folder}/") if word.startswith(f"{folder}/") else None


def _above(path: str) -> list[str]:
    """The folders above a path, the outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
