"""One run: a fresh export of a commit, trained, then measured in a second export, told as RunFinished or RunFailed."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from journal.events import FailureKind, Isolation, RunFailed, RunFinished, Trust
from loop import metric
from loop.config import Config
from loop.contracts import Outcome, Training
from loop.errors import WorldBroken
from loop.failure import kind_of, signature
from loop.runner import Ask, Command, Ending, Watcher, environment, run
from loop.telemetry import Finished, Started, Step, Word
from loop.workspace import Workspace

GRACE_SECONDS = 5.0  # beyond start-up and budget, for writing the checkpoint
GRACE_SHARE = 0.05  # of the budget, likewise
EVALUATE_SECONDS = 120.0  # at least this long for the evaluation
TRACE_CHARACTERS = 4_000  # of the output's end, kept in the event
TAMPERED = 3  # exit code by which an evaluator says that the model broke its rules
SPARE_BYTES = 512 * 1024 * 1024  # of disk, below which no run starts


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What the session wants to hear of a run."""

    launched: Callable[[int, Path], None]
    step: Callable[[Step], None]
    tick: Callable[[], Ask | None]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A command that has ended, with its output's end and what it said of itself."""

    ending: Ending
    tail: str
    started: Started | None = None
    finished: Finished | None = None
    last: Step | None = None
    clock: float | None = None  # seconds from the training's first word to its end, by the loop's clock


class Runs:
    """Makes runs of one session in `.ar/runs`."""

    def __init__(self, workspace: Workspace, config: Config, *, folder: Path, device: str = "") -> None:
        self._workspace = workspace
        self._config = config
        self._folder = folder
        self._device = device
        self.isolation: Isolation = "limited"

    def make(self, training: Training, watch: Watch) -> Outcome:
        """Train and evaluate. Never raises for what the code does; WorldBroken where the machine is at fault."""
        folder = self._folder / f"{training.session}-{training.experiment:04d}-{training.run}"
        self._fresh(folder)
        began = time.monotonic()
        try:
            trained = self._train(training, folder, watch)
            if failure := self._failed(training, trained, began=began):
                return failure
            return self._evaluate(training, folder, trained, watch, began=began)
        finally:
            shutil.rmtree(folder / "train", ignore_errors=True)
            shutil.rmtree(folder / "evaluate", ignore_errors=True)
            shutil.rmtree(folder / "home", ignore_errors=True)

    def _fresh(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            for name in ("out", "home"):
                (folder / name).mkdir(parents=True)
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise WorldBroken(f"The run's folder {folder} cannot be made: {error.strerror}.") from error
        if free < SPARE_BYTES:
            raise WorldBroken(f"Only {free >> 20} MiB are free on the disk of {folder}: make room, then start again.")

    def _train(self, training: Training, folder: Path, watch: Watch) -> Measured:
        self._export(training.commit, folder / "train")
        for name in self._config.inputs:
            _bind(self._workspace.root / name, folder / "train" / name)
        more = {
            self._config.seed_env: str(training.seed),
            "AR_SEED": str(training.seed),
            "AR_BUDGET": str(self._config.budget),
            "AR_OUT": str(folder / "out"),
            "AR_DEVICE": self._device,
        }
        command = Command(
            line=self._config.train,
            folder=folder / "train",
            environment=environment(folder / "home", more=more),
            log=folder / "train.log",
            seconds=self.allowance(),
            telemetry=True,
        )
        return _measure(command, watch, launched=lambda pid: watch.launched(pid, folder))

    def _evaluate(self, training: Training, folder: Path, trained: Measured, watch: Watch, *, began: float) -> Outcome:
        if self._config.evaluate is None:
            value = metric.find(self._config, trained.tail)
            return self._outcome(training, trained, value, trust="self-reported", began=began, tail=trained.tail)
        self._export(training.commit, folder / "evaluate")
        more = {"AR_OUT": str(folder / "out"), "AR_ROOT": str(self._workspace.root), "AR_DEVICE": self._device}
        command = Command(
            line=self._config.evaluate,
            folder=folder / "evaluate",
            environment=environment(folder / "home", more=more),
            log=folder / "evaluate.log",
            seconds=max(EVALUATE_SECONDS, self._config.budget),
        )
        evaluated = _measure(command, Watch(launched=lambda *_: None, step=lambda _: None, tick=watch.tick))
        if evaluated.ending.exit_code == TAMPERED:
            return self._failure(training, evaluated, kind="tampered", why=_last_line(evaluated.tail), began=began)
        if failure := self._failed(training, evaluated, began=began, what="evaluation"):
            return failure
        value = metric.find(self._config, evaluated.tail)
        seconds = evaluated.ending.wall_seconds
        return self._outcome(
            training, trained, value, trust="measured", began=began, tail=evaluated.tail, evaluate_seconds=seconds
        )

    def _export(self, commit: str, folder: Path) -> None:
        try:
            self._workspace.export(commit, folder)
        except OSError as error:
            raise WorldBroken(f"The commit cannot be exported to {folder}: {error.strerror}.") from error

    def _outcome(
        self,
        training: Training,
        trained: Measured,
        value: float | None,
        *,
        trust: Trust,
        began: float,
        tail: str,
        evaluate_seconds: float = 0.0,
    ) -> Outcome:
        if value is None:
            why = f"the output holds no line `{self._config.metric}: number` that matches the brief's pattern"
            return self._failure(training, trained, kind="no_metric", why=why, began=began, tail=tail)
        claimed = trained.finished or Finished()
        return RunFinished(
            session=training.session,
            experiment=training.experiment,
            run=training.run,
            seed=training.seed,
            metric=value,
            trust=trust,
            train_seconds=_trained_seconds(trained),
            wall_seconds=time.monotonic() - began,
            startup_seconds=trained.started.startup_seconds if trained.started else None,
            evaluate_seconds=evaluate_seconds,
            tokens=claimed.tokens,
            steps=claimed.steps,
            peak_memory=claimed.peak_memory or trained.ending.peak_memory,
            purpose=training.purpose,
        )

    def allowance(self) -> float:
        """Seconds of wall clock after which a training is ended."""
        return self._config.startup + self._config.budget + max(GRACE_SECONDS, GRACE_SHARE * self._config.budget)

    def _failed(
        self, training: Training, measured: Measured, *, began: float, what: str = "training"
    ) -> RunFailed | None:
        ending = measured.ending
        kinds: dict[str, tuple[FailureKind, str]] = {
            "timeout": ("timeout", f"the {what} was still running after {ending.wall_seconds:.0f} s and was ended"),
            "flood": ("flood", f"the {what} printed more than {ending.output_bytes >> 20} MiB and was ended"),
            "asked": ("skipped", "skipped by a person"),
            "now": ("interrupted", "ended by a person"),
        }
        if ending.reason in kinds:
            kind, why = kinds[ending.reason]
            return self._failure(training, measured, kind=kind, why=why, began=began)
        if ending.exit_code == 0:
            return None
        kind = kind_of(exit_code=ending.exit_code, signal=ending.signal, tail=measured.tail)
        how = f"by signal {ending.signal}" if ending.signal else f"with exit code {ending.exit_code}"
        why = f"the {what} ended {how}: {_last_line(measured.tail) or 'it said nothing'}"
        return self._failure(training, measured, kind=kind, why=why, began=began)

    def _failure(
        self,
        training: Training,
        measured: Measured,
        *,
        kind: FailureKind,
        why: str,
        began: float,
        tail: str | None = None,
    ) -> RunFailed:
        text = measured.tail if tail is None else tail
        return RunFailed(
            session=training.session,
            experiment=training.experiment,
            run=training.run,
            kind=kind,
            reason=why[:500],
            exit_code=measured.ending.exit_code,
            signature=f"{kind}: {signature(text)}" if kind in ("crash", "nan", "oom") else kind,
            trace=text[-TRACE_CHARACTERS:],
            wall_seconds=time.monotonic() - began,
            train_seconds=_trained_seconds(measured),
        )


def _measure(command: Command, watch: Watch, *, launched: Callable[[int], None] = lambda _: None) -> Measured:
    words: dict[type, Word] = {}
    clock: list[float] = []

    def hear(word: Word) -> None:
        clock.append(time.monotonic())
        del clock[1:]
        words[type(word)] = word
        if isinstance(word, Step):
            watch.step(word)

    ending = run(command, Watcher(launched=launched, word=hear, tick=watch.tick))
    started, finished, last = words.get(Started), words.get(Finished), words.get(Step)
    return Measured(
        ending=ending,
        tail=_tail(command.log),
        started=started if isinstance(started, Started) else None,
        finished=finished if isinstance(finished, Finished) else None,
        last=last if isinstance(last, Step) else None,
        clock=time.monotonic() - clock[0] if clock else None,
    )


def _trained_seconds(measured: Measured) -> float:
    """Seconds of training: as claimed, but never more than the loop's own clock allows."""
    own = measured.clock if measured.clock is not None else measured.ending.wall_seconds
    claims = [
        word
        for word in (measured.finished and measured.finished.train_seconds, measured.last and measured.last.seconds)
        if word
    ]
    return min(claims[0], own) if claims else own


def _tail(log: Path, *, size: int = 64 * 1024) -> str:
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - size))
        return file.read().decode("utf-8", "replace")


def _last_line(tail: str) -> str:
    return next((line.strip() for line in reversed(tail.splitlines()) if line.strip()), "")


def _bind(source: Path, target: Path) -> None:
    """An input in a run's folder: a symbolic link, which is not containment (see the sandbox)."""
    if target.exists() or target.is_symlink():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)
