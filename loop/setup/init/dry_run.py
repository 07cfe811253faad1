"""Trial runs of a command, as the loop would run it: in a fresh export of the last commit, in the sandbox."""

import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from journal.events import RunFailed
from loop.brief.config import Config
from loop.brief.scope import is_locked
from loop.contracts import Outcome, RunSpec
from loop.runs import inputs
from loop.runs.devices import find_device
from loop.runs.measure import RunObserver
from loop.runs.run import RunExecutor
from loop.workspace import Workspace

SESSION = "init"
LONG_SECONDS = 60.0  # of one run: the person is told how to skip the others
TRIES = 4  # of the first run, each with the inputs that the previous one lacked
_PATH = re.compile(r"[~\w./@+-]*[\w/]")


@dataclass(frozen=True, kw_only=True)
class TrialRun:
    """One run. `config` holds the inputs that it turned out to need."""

    config: Config
    outcome: Outcome
    output: str  # of the command that measures

    @property
    def failure(self) -> str | None:
        """Why the command failed; a missing metric is not a failure of the command."""
        outcome = self.outcome
        if not isinstance(outcome, RunFailed) or outcome.kind == "no_metric":
            return None
        return f"{outcome.reason}: allow it more with --budget 1h" if outcome.kind == "timeout" else outcome.reason


class TrialRunner:
    """Makes trial runs in a folder that the caller removes."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self._workspace = workspace
        self._folder = folder
        self._commit = workspace.head()
        self._device = find_device()
        self._count = 0

    def first_run(self, config: Config, say: Callable[[str], None]) -> TrialRun:
        """The first run, repeated with more inputs while it lacks untracked files that exist."""
        for _ in range(TRIES):
            self._count = 0
            run = self.run(config)
            missing = sorted(set(self._missing_inputs(run)) - set(config.inputs))
            if not missing:
                break
            say(f"it needs {', '.join(missing)}, which is not committed: running it again with that in `inputs`")
            config = msgspec.structs.replace(config, inputs=(*config.inputs, *missing))
        return run

    def run(self, config: Config) -> TrialRun:
        """One run, with the next seed."""
        self._count += 1
        runs = RunExecutor(self._workspace, config, folder=self._folder, gpu=self._device.is_gpu)
        tree = self._workspace.tree(self._commit)
        spec = RunSpec(
            session=SESSION,
            experiment=0,
            run=self._count,
            commit=self._commit,
            seed=self._count,
            purpose="baseline",
            device=self._device,
            locked={path: blob.sha for path, blob in tree.items() if is_locked(path, config.scope, config.locked)},
        )
        outcome = runs.execute(spec, RunObserver())
        logs = [runs.folder(SESSION, 0, self._count) / name for name in ("evaluate.log", "train.log")]
        output = next((log.read_text(encoding="utf-8", errors="replace") for log in logs if log.exists()), "")
        return TrialRun(config=config, outcome=outcome, output=output)

    def repeat(self, first: TrialRun, *, runs: int, say: Callable[[str], None]) -> Iterator[TrialRun]:
        """The runs after the first one of so many, each with its own seed."""
        if runs <= 1:
            return
        seconds = first.outcome.wall_seconds
        is_long = seconds > LONG_SECONDS
        duration = f" (about {(runs - 1) * seconds / 60:.0f} minutes; skip with --runs 1)" if is_long else ""
        times = "once more" if runs == 2 else f"{runs - 1} more times"
        say(f"running it {times} to measure the noise{duration}")
        yield from (self.run(first.config) for _ in range(runs - 1))

    def _missing_inputs(self, run: TrialRun) -> Iterator[str]:
        if run.failure is not None:
            tracked = self._workspace.tree(self._commit)
            folder = RunExecutor(self._workspace, run.config, folder=self._folder).folder(SESSION, 0, self._count)
            yield from missing_inputs(run.output, root=self._workspace.root, tracked=tracked, run=folder)


def missing_inputs(output: str, *, root: Path, tracked: Collection[str], run: Path) -> Iterator[str]:
    """The paths in the output of a failed run that exist and are not in the commit, or that are in the person's home."""
    folders = {folder for path in tracked for folder in _parents(path)}
    for word in _PATH.findall(output):
        home = _relative(word, run / "home")
        if home is not None:
            parts = home.split("/")
            name = inputs.HOME + "/".join(parts[: 2 if parts[0].startswith(".") else 1])
        else:
            path = _relative(word, run / "train") or _relative(word, run / "evaluate") or os.path.normpath(word)
            name = next((part for part in (*_parents(path), path) if part not in folders and part not in tracked), "")
        may_be_input = name and not name.startswith(("/", "..", ".git/", ".ar/")) and name not in (".git", ".ar", ".")
        may_be_input = may_be_input and not name.endswith(".py")  # code has to be committed
        if may_be_input and inputs.source_path(root, name).exists():
            yield name


def _relative(word: str, folder: Path) -> str | None:
    return word.removeprefix(f"{folder}/") if word.startswith(f"{folder}/") else None


def _parents(path: str) -> list[str]:
    """The folders above a path, from the outermost to the innermost."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
