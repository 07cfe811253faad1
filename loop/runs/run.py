"""One run: a fresh export of a commit is trained, then measured in a second export; it ends as RunFinished or RunFailed."""

import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from journal.events import Isolation, RunFailed, Usage
from journal.events.names import run_folder, session_folder
from loop import judges
from loop.brief.config import Config
from loop.brief.metric import source as metric
from loop.contracts import Device, Outcome, RunSpec
from loop.errors import MachineFailure
from loop.runs import compile_cache, devices, inputs, metrics
from loop.runs.disk_space import DiskSpace
from loop.runs.isolation import SCORING, RunIsolation
from loop.runs.locked_files import changed_files
from loop.runs.measure import CommandResult, RunObserver, measure
from loop.runs.outcome import NoMetric, Stage, failure, run_failed, run_finished
from loop.runs.process import limits
from loop.runs.process.environment import environment
from loop.runs.process.run_clock import RunClock
from loop.runs.process.runner import Command
from loop.runs.sandbox import editable_installs
from loop.runs.sandbox.policy import isolation_of, require_sandbox
from loop.runs.time_budget import TimeBudget, scoring_reason, scoring_seconds
from loop.workspace import Workspace

EVALUATE_SECONDS = 120.0  # the evaluation may take at least this long
RUN_FOLDERS = ("train", "evaluate", "home", "tmp")  # of a run in flight; deleted when it ends


class RunExecutor:
    """Executes the runs of one session in a folder, sandboxed if a sandbox works; several runs may be in flight.

    `isolation` is how the runs are isolated; `gpu` whether they use GPUs; `disk` the disk of the folder.
    """

    def __init__(
        self,
        workspace: Workspace,
        config: Config,
        *,
        folder: Path,
        gpu: bool = False,
        disk: DiskSpace | None = None,
    ) -> None:
        self._workspace = workspace
        self._config = config
        self._folder = folder
        self._gpu = gpu
        self._disk = disk or DiskSpace(folder, shared=config.workers > 1)
        self.isolation: Isolation = isolation_of(config)
        self._isolation = RunIsolation(
            config, root=workspace.root, folder=folder, gpu=gpu, is_sandboxed=self.isolation == "sandboxed"
        )

    def folder(self, session: str, experiment: int, run: int) -> Path:
        """The folder of one run; its `home` is the HOME that identifies the run's processes. Raises JournalError."""
        return run_folder(self._folder, session, experiment=experiment, run=run)

    def require_sandbox(self, *, by_model: bool) -> None:
        """Raises RunRefused if code that a model wrote would run without a sandbox."""
        require_sandbox(self._config, by_model=by_model)

    def execute(self, spec: RunSpec, observer: RunObserver) -> Outcome:
        """Train and evaluate. Never raises for what the code does; raises MachineFailure if the machine is at fault."""
        self.require_sandbox(by_model=spec.by_model)
        devices.check_cores(spec.device)
        folder = self.folder(spec.session, spec.experiment, spec.run)
        self._make_folders(folder)
        began = time.monotonic()
        try:
            training = self._train(spec, folder, observer)
            if problem := failure(training, stage="training", process_metric=self._process_metric("training")):
                return self._failed(spec, problem, training, folder=folder, began=began)
            if spec.purpose == "baseline":
                compile_cache.save(self._compile_cache(spec), folder / "home")
            return self._evaluate(spec, folder, training, observer, began=began)
        finally:
            for name in RUN_FOLDERS:
                shutil.rmtree(folder / name, ignore_errors=True)

    def _compile_cache(self, spec: RunSpec) -> Path:
        return session_folder(self._folder.parent / "warm", spec.session)

    def _make_folders(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            for name in ("out", "home", "tmp"):
                (folder / name).mkdir(parents=True)
        except OSError as error:
            raise MachineFailure(f"The run's folder {folder} cannot be created: {error.strerror}.") from error
        self._disk.wait_for_space()

    def _train(self, spec: RunSpec, folder: Path, observer: RunObserver) -> CommandResult:
        config, root, home = self._config, self._workspace.root, folder / "home"
        self._export(spec.commit, folder / "train")
        sources = inputs.link(config.inputs, root=root, folder=folder / "train", home=home)
        variables = {
            config.seed_env: str(spec.seed),
            "AR_SEED": str(spec.seed),
            "AR_BUDGET": str(config.budget),
            "AR_OUT": str(folder / "out"),
            **_device_variables(spec.device),
            **editable_installs.python_path(config.train, root=root, export=folder / "train"),
            **compile_cache.restore(self._compile_cache(spec), home),
        }
        prefix = self._isolation.training(folder, sources=sources)  # the first takes seconds: before the clock
        clock = RunClock()
        budget = TimeBudget(
            startup=config.startup,
            budget=config.budget,
            baseline=spec.baseline_times,
            shared=not self._gpu,
            now=clock,
        )
        command = Command(
            line=config.train,
            folder=folder / "train",
            environment=environment(home, temp=folder / "tmp", extra=variables),
            log=folder / "train.log",
            seconds=budget.limit_seconds(),
            telemetry=True,
            limits=self._limits(spec),
            clock=clock,
            prefix=prefix,
        )
        return measure(command, observer, budget=budget, sources=metrics.sources(config))

    def _evaluate(
        self, spec: RunSpec, folder: Path, training: CommandResult, observer: RunObserver, *, began: float
    ) -> Outcome:
        if self._config.evaluate is None:
            return self._outcome(spec, training, training, ("train", "out"), folder=folder, began=began)
        shutil.rmtree(folder / "evaluate", ignore_errors=True)  # without a sandbox a training can put something there
        self._export(spec.commit, folder / "evaluate")
        tree = self._workspace.tree(spec.commit)
        if path := next(changed_files(folder / "evaluate", tree, spec.locked), None):
            tampered = NoMetric(kind="tampered", reason=f"the locked file {path} differs from the session's start")
            return self._failed(spec, tampered, training, folder=folder, began=began)
        evaluation = measure(
            self._evaluation(spec, folder),
            RunObserver(poll=observer.poll),
            sources=metrics.sources(self._config),
        )
        if problem := failure(evaluation, stage="evaluation", process_metric=self._process_metric("evaluation")):
            return self._failed(spec, problem, evaluation, folder=folder, began=began)
        scoring = scoring_seconds(folder / SCORING, wall=self._gpu)
        baseline = spec.baseline_times.scoring if spec.baseline_times else None
        if reason := scoring_reason(scoring, baseline, budget=self._config.budget):
            return self._failed(spec, NoMetric(kind="timeout", reason=reason), evaluation, folder=folder, began=began)
        if scoring is not None:
            training = replace(training, times={**training.times, "scoring": scoring})
        return self._outcome(spec, training, evaluation, ("evaluate",), folder=folder, began=began)

    def _process_metric(self, stage: Stage) -> str:
        """The metric, if it is a number of the process of this stage; else empty."""
        source = metric.metric_source(self._config)
        source_stage = "evaluation" if self._config.evaluate and source.key == "exit_code" else "training"
        return source.key if source.kind == "process" and source_stage == stage else ""

    def _evaluation(self, spec: RunSpec, folder: Path) -> Command:
        """The command of the evaluator, inside a sandbox of its own; a judge of this package runs outside, and holds a key."""
        line, evaluate, home = self._config.evaluate or "", folder / "evaluate", folder / "home"
        sources = self._fresh_home(folder)
        variables = {
            "AR_OUT": str(folder / "out"),
            "AR_ROOT": str(self._workspace.root),
            **_device_variables(spec.device),
        }
        judge = judges.isolated_command(line)
        if judge:  # reads the change and runs nothing of it
            variables |= {name: os.environ[name] for name in judges.VARIABLES if name in os.environ}
        else:
            variables |= editable_installs.python_path(line, root=self._workspace.root, export=evaluate)
        return Command(
            line=judge or line,
            folder=evaluate,
            environment=environment(home, temp=folder / "tmp", extra=variables),
            log=folder / "evaluate.log",
            seconds=max(judges.TIMEOUT_SECONDS if judge else EVALUATE_SECONDS, self._config.budget),
            limits=self._limits(spec),
            prefix=() if judge else self._isolation.evaluator(folder, sources=sources),
        )

    def _fresh_home(self, folder: Path) -> list[Path]:
        """Give the evaluator a home and a temporary folder in which no training has written; the sources of its inputs."""
        for name in ("home", "tmp"):
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir()
        names = [name for name in self._config.inputs if name.startswith(inputs.HOME)]
        return inputs.link(names, root=self._workspace.root, folder=folder / "home", home=folder / "home")

    def _limits(self, spec: RunSpec) -> limits.ResourceLimits:
        return limits.run_limits(self._config, gpu=self._gpu, free=self._disk.free_bytes(), cores=spec.device.cores)

    def _export(self, commit: str, folder: Path) -> None:
        try:
            self._workspace.export(commit, folder)
        except OSError as error:
            raise MachineFailure(f"The commit cannot be exported to {folder}: {error.strerror}.") from error
        metrics.backdate(folder, metrics.metric_files(self._config))

    def _outcome(
        self,
        spec: RunSpec,
        training: CommandResult,
        measured: CommandResult,
        folders: Iterable[str],
        *,
        folder: Path,
        began: float,
    ) -> Outcome:
        numbers = metrics.read_metrics(
            self._config, training=training, measured=measured, folders=[folder / name for name in folders]
        )
        if isinstance(numbers, NoMetric):
            return self._failed(spec, numbers, measured, folder=folder, began=began)
        return run_finished(
            spec,
            numbers.metric,
            trust=metric.trust(self._config),
            training=training,
            evaluate_seconds=0.0 if measured is training else measured.status.wall_seconds,
            wall_seconds=time.monotonic() - began,
            values=numbers.values,
            usage=self._judge_usage(measured),
        )

    def _failed(
        self, spec: RunSpec, problem: NoMetric, result: CommandResult, *, folder: Path, began: float
    ) -> RunFailed:
        if problem.kind == "disk_full" and not self._disk.clear_run(folder):
            problem = NoMetric(kind="interrupted", reason="another run in flight had filled the disk")
        wall_seconds = time.monotonic() - began
        return run_failed(spec, problem, result=result, wall_seconds=wall_seconds, usage=self._judge_usage(result))

    def _judge_usage(self, result: CommandResult) -> Usage:
        """The cost that a judge of `loop.judges` reports; no other evaluator is believed."""
        return judges.reported_usage(result.tail) if judges.isolated_command(self._config.evaluate or "") else Usage()


def _device_variables(device: Device) -> dict[str, str]:
    """The variables that tell a run its device; of several GPUs it sees only its own."""
    visible = {} if device.gpu is None else {"CUDA_VISIBLE_DEVICES": device.gpu}
    return {"AR_DEVICE": device.torch_name, **visible}
