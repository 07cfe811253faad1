"""One run: a fresh export of a commit, trained, then measured in a second export, told as RunFinished or RunFailed."""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from journal.events import Isolation, RunFailed, Usage
from loop import judges
from loop.brief import metric
from loop.brief.config import Config
from loop.contracts import Device, Outcome, RunSpec
from loop.errors import MachineFailure
from loop.runs import compile_cache, devices, inputs, metrics
from loop.runs.disk_space import DiskSpace
from loop.runs.locked_files import MODEL_PREFIX, changed, knows_prefix
from loop.runs.measure import CommandResult, Watch, measure
from loop.runs.outcome import NoMetric, failed, failure, finished
from loop.runs.process import limits
from loop.runs.process.environment import environment
from loop.runs.process.runner import Command
from loop.runs.sandbox import bubblewrap, editable_installs
from loop.runs.sandbox.bubblewrap import Sandbox
from loop.runs.sandbox.policy import admit, isolation_of
from loop.runs.time_budget import TimeBudget
from loop.workspace import Workspace

EVALUATE_SECONDS = 120.0  # at least this long for the evaluation
CROWDED = "another run in flight had filled the disk"
CHANGED = "the locked file {} is not as it was when the session began"


class RunExecutor:
    """Makes runs of one session in `.ar/runs`, in a sandbox where there is one, several at once where it is asked to.

    `isolation` says how they are held; `gpu` whether they run on GPUs; `room` is that on their disk.
    """

    def __init__(
        self,
        workspace: Workspace,
        config: Config,
        *,
        folder: Path,
        gpu: bool = False,
        room: DiskSpace | None = None,
    ) -> None:
        self._workspace = workspace
        self._config = config
        self._folder = folder
        self._gpu = gpu
        self._room = room or DiskSpace(folder, shared=config.workers > 1)
        self._sandbox: Sandbox | None = None
        self._building = threading.Lock()
        self.isolation: Isolation = isolation_of(config)

    def folder(self, session: str, experiment: int, run: int) -> Path:
        """The folder of one run; its `home` is the HOME of its processes, by which they are known."""
        return self._folder / f"{session}-{experiment:04d}-{run}"

    def admit(self, *, by_model: bool) -> None:
        """Raises RunRefused where code that a model wrote would run without a sandbox."""
        admit(self._config, by_model=by_model)

    def make(self, training: RunSpec, watch: Watch) -> Outcome:
        """Train and evaluate. Never raises for what the code does; WorldBroken where the machine is at fault."""
        self.admit(by_model=training.by_model)
        devices.check(training.device)
        folder = self.folder(training.session, training.experiment, training.run)
        self._fresh(folder)
        began = time.monotonic()
        try:
            trained = self._train(training, folder, watch)
            if why := failure(trained, what="training", asked=self._asked("training")):
                return self._failed(training, why, trained, folder=folder, began=began)
            if training.purpose == "baseline":
                compile_cache.keep(self._warm(training), folder / "home")
            return self._evaluate(training, folder, trained, watch, began=began)
        finally:
            for name in ("train", "evaluate", "home"):
                shutil.rmtree(folder / name, ignore_errors=True)

    def _warm(self, training: RunSpec) -> Path:
        """What the compilers of the unchanged code left for this session's runs."""
        return self._folder.parent / "warm" / training.session

    def _fresh(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            for name in ("out", "home"):
                (folder / name).mkdir(parents=True)
        except OSError as error:
            raise MachineFailure(f"The run's folder {folder} cannot be made: {error.strerror}.") from error
        self._room.make_sure()

    def _train(self, training: RunSpec, folder: Path, watch: Watch) -> CommandResult:
        self._export(training.commit, folder / "train")
        metrics.mark(folder / "train", metrics.files(self._config))
        root, home = self._workspace.root, folder / "home"
        found = inputs.link(self._config.inputs, root=root, folder=folder / "train", home=home)
        more = {
            self._config.seed_env: str(training.seed),
            "AR_SEED": str(training.seed),
            "AR_BUDGET": str(self._config.budget),
            "AR_OUT": str(folder / "out"),
            **_bound(training.device),
            **editable_installs.search_path(self._config.train, root=root, export=folder / "train"),
            **compile_cache.lend(self._warm(training), home),
        }
        own = [folder / name for name in ("train", "out", "home")]
        prefix = self._words(folder / "train", reads=found, writes=own)  # before the clock: the first takes seconds
        config = self._config
        clock = TimeBudget(startup=config.startup, budget=config.budget, usual=training.usual, shared=not self._gpu)
        command = Command(
            line=config.train,
            folder=folder / "train",
            environment=environment(folder / "home", more=more),
            log=folder / "train.log",
            seconds=clock.most(),
            telemetry=True,
            limits=self._limits(training),
            prefix=prefix,
        )
        return measure(command, watch, clock=clock)

    def _evaluate(
        self, training: RunSpec, folder: Path, trained: CommandResult, watch: Watch, *, began: float
    ) -> Outcome:
        if self._config.evaluate is None:
            return self._judged(training, trained, trained, ("train", "out"), folder=folder, began=began)
        self._export(training.commit, folder / "evaluate")
        tree = self._workspace.tree(training.commit)
        if other := next(changed(folder / "evaluate", tree, training.locked), None):
            reason = CHANGED.format(other)
            return self._failed(training, NoMetric(kind="tampered", reason=reason), trained, folder=folder, began=began)
        metrics.mark(folder / "evaluate", metrics.files(self._config))
        evaluated = measure(self._evaluation(training, folder), Watch(tick=watch.tick))
        if why := failure(evaluated, what="evaluation", asked=self._asked("evaluation")):
            return self._failed(training, why, evaluated, folder=folder, began=began)
        return self._judged(training, trained, evaluated, ("evaluate",), folder=folder, began=began)

    def _asked(self, what: str) -> str:
        """The loop's own number that is the metric, where it is this command's."""
        source = metric.of_metric(self._config)
        of = "evaluation" if self._config.evaluate and source.what == "exit_code" else "training"
        return source.what if source.kind == "own" and of == what else ""

    def _evaluation(self, training: RunSpec, folder: Path) -> Command:
        """The evaluator outside the sandbox and its model process in it; one that does not know how, inside."""
        line, root = self._config.evaluate or "", self._workspace.root
        evaluate, out = folder / "evaluate", folder / "out"
        more = {"AR_OUT": str(out), "AR_ROOT": str(root), **_bound(training.device)}
        prefix: tuple[str, ...] = ()
        judge = judges.hardened(line)
        seen = [root, evaluate, out, *inputs.afresh(self._config.inputs, root=root, home=folder / "home")]
        if judge:  # reads and runs nothing of the change, so it may hold a key
            more |= {name: os.environ[name] for name in judges.KEYS if name in os.environ}
        elif knows_prefix(evaluate, line, training.locked):
            more[MODEL_PREFIX] = json.dumps(self._words(evaluate, reads=[evaluate, out]))
        else:
            hides = [root / ".git", self._folder.parent]
            more |= editable_installs.search_path(line, root=root, export=evaluate)
            own = [folder / "home", *([evaluate] if metrics.files(self._config) else [])]
            prefix = self._words(evaluate, reads=seen, writes=own, hides=hides)
        return Command(
            line=judge or line,
            folder=evaluate,
            environment=environment(folder / "home", more=more),
            log=folder / "evaluate.log",
            seconds=max(judges.SECONDS if judge else EVALUATE_SECONDS, self._config.budget),
            limits=self._limits(training),
            prefix=prefix,
        )

    def _limits(self, training: RunSpec) -> limits.ResourceLimits:
        return limits.of_run(self._config, gpu=self._gpu, free=self._room.left(), cores=training.device.cores)

    def _words(self, folder: Path, **sees: Iterable[Path]) -> tuple[str, ...]:
        """What stands before a command that starts in `folder`: nothing where there is no sandbox."""
        if self.isolation != "sandboxed":
            return ()
        with self._building:
            self._sandbox = self._sandbox or self._built()
        return self._sandbox.words(folder, **sees)

    def _built(self) -> Sandbox:
        lines = [line for line in (self._config.train, self._config.evaluate) if line]
        memory = limits.private_folder(self._config)
        return bubblewrap.build(lines, hidden=(self._workspace.root,), gpu=self._gpu, memory=memory)

    def _export(self, commit: str, folder: Path) -> None:
        try:
            self._workspace.export(commit, folder)
        except OSError as error:
            raise MachineFailure(f"The commit cannot be exported to {folder}: {error.strerror}.") from error

    def _judged(
        self,
        training: RunSpec,
        trained: CommandResult,
        told: CommandResult,
        places: Iterable[str],
        *,
        folder: Path,
        began: float,
    ) -> Outcome:
        found = metrics.read(self._config, trained=trained, told=told, folders=[folder / name for name in places])
        if isinstance(found, NoMetric):
            return self._failed(training, found, told, folder=folder, began=began)
        return finished(
            training,
            found.metric,
            trust=metric.trust(self._config),
            trained=trained,
            evaluate_seconds=0.0 if told is trained else told.ending.wall_seconds,
            wall_seconds=time.monotonic() - began,
            values=found.values,
            usage=self._spent(told),
        )

    def _failed(
        self, training: RunSpec, why: NoMetric, told: CommandResult, *, folder: Path, began: float
    ) -> RunFailed:
        if why.kind == "disk_full" and not self._room.give_back(folder):
            why = NoMetric(kind="interrupted", reason=CROWDED)
        wall_seconds = time.monotonic() - began
        return failed(training, why, measured=told, wall_seconds=wall_seconds, usage=self._spent(told))

    def _spent(self, told: CommandResult) -> Usage:
        """What a judge of ours says that it cost; nobody else is believed."""
        return judges.spent(told.tail) if judges.hardened(self._config.evaluate or "") else Usage()


def _bound(own: Device) -> dict[str, str]:
    """The variables by which a run knows its device; of several GPUs it sees its own alone."""
    visible = {} if own.gpu is None else {"CUDA_VISIBLE_DEVICES": own.gpu}
    return {"AR_DEVICE": own.torch, **visible}
