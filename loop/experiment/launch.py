"""One run of an experiment: recorded before it starts and after it ends. Meanwhile the loop prefetches the next proposal."""

import time
from collections.abc import Callable

from msgspec.structs import asdict

from journal.events import RunFinished, RunLaunched, RunPurpose, RunStarted, SessionStarted
from journal.projections.experiments import Experiment
from journal.projections.lineage import lineage
from journal.store import Sample
from loop.brief.config import Config
from loop.brief.scope import is_locked
from loop.contracts import BASELINE, BaselineTimes, Outcome, RunSpec
from loop.errors import Stopped
from loop.experiment.prefetch import prefetch_next
from loop.runs.measure import RunObserver
from loop.runs.process.process_table import process_identity
from loop.runs.process.runner import EndRequest
from loop.runs.process.telemetry import TrainingStep
from loop.runtime.context import Context
from loop.runtime.experiment_log import ExperimentLog
from loop.runtime.session_journal import SessionJournal

NO_CODE = frozenset({"", "loop", "sampler"})  # proposers that write no code
WRITE_SECONDS = 0.5  # between two writes of a curve
POINT_SECONDS = 0.05  # between two stored points: a training may report a million steps a second


def make_run(
    ctx: Context, number: int, log: ExperimentLog, commit: str, *, purpose: RunPurpose, seed: int, offset: int = 0
) -> Outcome:
    """Make one run, with the lock released. `offset` numbers the runs of an experiment that start at once, from 0.

    The start is durable before the process exists, the outcome before the loop decides on it.
    """
    run = max(log.runs, default=0) + 1 + offset
    spec = run_spec(ctx, number, run=run, commit=commit, seed=seed, purpose=purpose)
    ctx.runs.require_sandbox(by_model=spec.by_model)
    ctx.journal.append(number, _run_started(ctx, spec))
    curve = CurveWriter(ctx.journal, spec)

    def on_launch(pid: int) -> None:
        launch = _run_launched(ctx, spec, pid)
        with ctx.lock:
            ctx.journal.append(number, launch)

    def on_step(step: TrainingStep) -> None:
        with ctx.lock:
            curve.add(step)
            ctx.display.step(spec, step)

    def poll() -> EndRequest | None:
        with ctx.lock:
            if ctx.control.is_abandoned:
                raise Stopped
            if samples := ctx.machine.due_samples():
                ctx.journal.add_machine_samples(samples)
            prefetch_next(ctx.main or ctx, number)  # an edit of the brief holds for the next proposal, not for this run
            return ctx.control.poll(number)

    with ctx.control.in_flight(number), ctx.lock.released():
        outcome = ctx.runs.execute(spec, RunObserver(on_launch=on_launch, on_step=on_step, poll=poll))
    curve.finish()
    ctx.journal.append(number, outcome)
    return outcome


def _run_started(ctx: Context, spec: RunSpec) -> RunStarted:
    return RunStarted(
        session=spec.session,
        experiment=spec.experiment,
        run=spec.run,
        seed=spec.seed,
        commit=spec.commit,
        budget=ctx.config.budget,
        device=spec.device.name,
        isolation=ctx.runs.isolation,
        purpose=spec.purpose,
    )


def _run_launched(ctx: Context, spec: RunSpec, pid: int) -> RunLaunched:
    process = process_identity(pid)
    folder = ctx.runs.folder(spec.session, spec.experiment, spec.run)
    return RunLaunched(
        session=spec.session,
        experiment=spec.experiment,
        run=spec.run,
        pid=pid,
        pid_started=process.started,
        boot=process.boot_id,
        folder=str(folder.relative_to(ctx.folder)),
    )


def run_spec(ctx: Context, number: int, *, run: int, commit: str, seed: int, purpose: RunPurpose) -> RunSpec:
    """What the executor needs for a run of an experiment."""
    return RunSpec(
        session=ctx.session.tag,
        experiment=number,
        run=run,
        commit=commit,
        seed=seed,
        purpose=purpose,
        device=ctx.device,
        by_model=_by_model(ctx.journal, number),
        baseline_times=None if purpose == "baseline" else baseline_times(ctx.journal.log(BASELINE)),
        locked=_locked(ctx.journal, ctx.config),
    )


def baseline_times(baseline: ExperimentLog) -> BaselineTimes | None:
    """The longest times of the unchanged code; None before a run of it has finished."""
    finished = [event for event in baseline.outcomes.values() if isinstance(event, RunFinished)]
    if not finished:
        return None
    startups = [event.startup_seconds for event in finished if event.startup_seconds is not None]
    training, wall, cpu = (
        max(event.guards.get(guard, event.wall_seconds) for event in finished) for guard in ("training", "wall", "cpu")
    )
    startup = max(startups) if len(startups) == len(finished) else None
    scoring = max((event.guards["scoring"] for event in finished if "scoring" in event.guards), default=None)
    return BaselineTimes(startup=startup, training=training, wall=wall, cpu=cpu, scoring=scoring)


def _by_model(journal: SessionJournal, number: int) -> bool:
    """Whether a model wrote any code of this experiment or of its ancestors."""
    origin = _first_try(journal, number)
    chain = (origin, *lineage(journal.state, journal.tag, journal.state.experiments.rows[journal.tag, number].parent))
    return any(experiment.proposer not in NO_CODE for experiment in chain)


def _first_try(journal: SessionJournal, number: int) -> Experiment:
    """The experiment whose proposer wrote the change: the loop itself tries a change again on a new incumbent."""
    row, idea = journal.state.experiments.rows[journal.tag, number], journal.log(number).idea
    earlier = idea.retry_of if idea is not None and row.proposer == "loop" else None
    return row if earlier is None or earlier >= number else _first_try(journal, earlier)


def _locked(journal: SessionJournal, config: Config) -> dict[str, str]:
    """Path -> object name of each file that has been locked since the session started."""
    events = (recorded.event for recorded in journal.session_history())
    started = next(event for event in events if isinstance(event, SessionStarted))
    return {path: sha for path, sha in started.locked.items() if is_locked(path, config.scope, config.locked)}


class CurveWriter:
    """Writes the points of one run to the journal, a few at a time."""

    def __init__(
        self, journal: SessionJournal, spec: RunSpec, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._journal = journal
        self._spec = spec
        self._monotonic = monotonic
        self._unwritten: list[TrainingStep] = []
        self._last: TrainingStep | None = None  # the newest point, stored or not
        self._last_point = self._last_write = float("-inf")

    def add(self, step: TrainingStep) -> None:
        """Take a point, and write the unwritten ones if a write is due."""
        now, self._last = self._monotonic(), step
        if now - self._last_point >= POINT_SECONDS:
            self._unwritten.append(step)
            self._last_point = now
        if now - self._last_write >= WRITE_SECONDS:
            self._write(now)

    def finish(self) -> None:
        """Write the rest, the last point included."""
        if self._last is not None and self._last not in self._unwritten:
            self._unwritten.append(self._last)
        self._write(self._monotonic())

    def _write(self, now: float) -> None:
        spec = self._spec
        samples = [
            Sample(session=spec.session, experiment=spec.experiment, run=spec.run, **asdict(step))
            for step in self._unwritten
        ]
        self._unwritten.clear()
        self._last_write = now
        if samples:
            self._journal.add_samples(samples)
