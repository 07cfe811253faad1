"""One run of an experiment, recorded before it begins and after it ends; while it trains, the next proposal is made."""

import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import asdict

from journal.events import RunFinished, RunLaunched, RunPurpose, RunStarted, SessionStarted
from journal.projections.lineage import lineage
from journal.store import Sample
from loop.brief.scope import matches
from loop.contracts import BASELINE, BaselineTimes, Outcome, RunSpec
from loop.errors import Stopped
from loop.experiment.prefetch import prepare
from loop.runs.measure import Watch
from loop.runs.process.process_table import identity
from loop.runs.process.runner import EndRequest
from loop.runs.process.telemetry import TrainingStep
from loop.runtime.context import Context
from loop.runtime.experiment_log import ExperimentLog
from loop.runtime.session_journal import SessionJournal

OURS = frozenset({"", "loop", "sampler"})  # proposers that move numbers and write no code
WRITE_SECONDS = 0.5  # between two writes of a curve
APART_SECONDS = 0.05  # between two points that are kept: a training may speak a million times a second


def make_run(
    ctx: Context, number: int, log: ExperimentLog, commit: str, *, purpose: RunPurpose, seed: int, beside: int = 0
) -> Outcome:
    """Make one run, the turn others' while it lasts; `beside` as many of the same experiment that start at once.

    The events are durable before the process exists and before anything is decided on its outcome.
    """
    run = max(log.runs, default=0) + 1 + beside
    tag = ctx.session.tag
    planned = training(ctx, number, run=run, commit=commit, seed=seed, purpose=purpose)
    ctx.runs.admit(by_model=planned.by_model)
    ctx.journal.append(
        number,
        RunStarted(
            session=tag,
            experiment=number,
            run=run,
            seed=seed,
            commit=commit,
            budget=ctx.config.budget,
            device=ctx.device.name,
            isolation=ctx.runs.isolation,
            purpose=purpose,
        ),
    )

    def launched(pid: int, folder: Path) -> None:
        found = identity(pid)
        launch = RunLaunched(
            session=tag,
            experiment=number,
            run=run,
            pid=pid,
            pid_started=found.started,
            boot=found.boot,
            folder=str(folder.relative_to(ctx.folder)),
        )
        with ctx.lock:
            ctx.journal.append(number, launch)

    curve = Curve(ctx.journal, planned)

    def step(step: TrainingStep) -> None:
        with ctx.lock:
            curve.add(step)
            ctx.screen.step(planned, step)

    def tick() -> EndRequest | None:
        with ctx.lock:
            if ctx.control.given_up:
                raise Stopped
            prepare(ctx.newest or ctx, number)  # an edit of the brief holds for the next proposal, not for this run
            return ctx.control.poll(number)

    with ctx.control.in_flight(number), ctx.lock.released():
        outcome = ctx.runs.make(planned, Watch(launched=launched, step=step, tick=tick))
    curve.finish()
    ctx.journal.append(number, outcome)
    return outcome


def training(ctx: Context, number: int, *, run: int, commit: str, seed: int, purpose: RunPurpose) -> RunSpec:
    """One run of experiment `number`, as the journal has the session so far."""
    return RunSpec(
        session=ctx.session.tag,
        experiment=number,
        run=run,
        commit=commit,
        seed=seed,
        purpose=purpose,
        device=ctx.device,
        by_model=_by_model(ctx.journal, number),
        usual=None if purpose == "baseline" else usual(ctx.journal.log(BASELINE)),
        locked=_locked(ctx.journal, ctx.config.scope),
    )


def usual(baseline: ExperimentLog) -> BaselineTimes | None:
    """How long the unchanged code took, at most; None where it has not been measured."""
    finished = [event for event in baseline.outcomes.values() if isinstance(event, RunFinished)]
    if not finished:
        return None
    said = [event.startup_seconds for event in finished if event.startup_seconds is not None]
    return BaselineTimes(
        startup=max(said) if len(said) == len(finished) else None,
        training=_most(finished, "training"),
        wall=_most(finished, "wall"),
        cpu=_most(finished, "cpu"),
    )


def _most(finished: list[RunFinished], guard: str) -> float:
    return max(event.guards.get(guard, event.wall_seconds) for event in finished)


def _by_model(journal: SessionJournal, number: int) -> bool:
    """Whether a model wrote any of the code of this experiment, or of what it stands on."""
    row = journal.state.experiments.rows[journal.tag, number]
    return any(made.proposer not in OURS for made in (row, *lineage(journal.state, row.session, row.parent)))


def _locked(journal: SessionJournal, scope: tuple[str, ...]) -> dict[str, str]:
    """Path -> object name of every file that was locked when the session began and still is."""
    started = next(kept.event for kept in journal.session_history() if isinstance(kept.event, SessionStarted))
    return {path: sha for path, sha in started.locked.items() if not matches(path, scope)}


class Curve:
    """The points of one run. `finish` writes what is left, the last point always."""

    def __init__(
        self, journal: SessionJournal, training: RunSpec, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._journal = journal
        self._training = training
        self._monotonic = monotonic
        self._waiting: list[TrainingStep] = []
        self._last: TrainingStep | None = None  # the newest point, kept or not
        self._kept = self._written = float("-inf")

    def add(self, step: TrainingStep) -> None:
        """Take in a point, and write those that wait if it is time."""
        now, self._last = self._monotonic(), step
        if now - self._kept >= APART_SECONDS:
            self._waiting.append(step)
            self._kept = now
        if now - self._written >= WRITE_SECONDS:
            self._write(now)

    def finish(self) -> None:
        """Write what is left."""
        if self._last is not None and self._last not in self._waiting:
            self._waiting.append(self._last)
        self._write(self._monotonic())

    def _write(self, now: float) -> None:
        points = [self._sample(step) for step in self._waiting]
        self._waiting.clear()
        self._written = now
        if points:
            self._journal.add_samples(points)

    def _sample(self, step: TrainingStep) -> Sample:
        training = self._training
        return Sample(session=training.session, experiment=training.experiment, run=training.run, **asdict(step))
