"""One run of an experiment, recorded before it begins and after it ends; while it trains, the next proposal is made."""

import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import asdict

from journal.events import RunFinished, RunLaunched, RunPurpose, RunStarted, SessionStarted
from journal.projections.lineage import lineage
from journal.store import Sample
from loop.brief.scope import matches
from loop.contracts import Outcome, Training, Usual
from loop.errors import Stopped
from loop.experiment.prefetch import prepare
from loop.runs.measure import Watch
from loop.runs.process.process_table import identity
from loop.runs.process.runner import Ask
from loop.runs.process.telemetry import Step
from loop.runtime.context import BASELINE, Lab
from loop.runtime.experiment_log import Case
from loop.runtime.recorder import Recorder

OURS = frozenset({"", "loop", "sampler"})  # proposers that move numbers and write no code
WRITE_SECONDS = 0.5  # between two writes of a curve
APART_SECONDS = 0.05  # between two points that are kept: a training may speak a million times a second


def make_run(
    lab: Lab, number: int, folded: Case, commit: str, *, purpose: RunPurpose, seed: int, beside: int = 0
) -> Outcome:
    """Make one run, the turn others' while it lasts; `beside` as many of the same experiment that start at once.

    The events are durable before the process exists and before anything is decided on its outcome.
    """
    run = max(folded.runs, default=0) + 1 + beside
    tag = lab.session.tag
    planned = training(lab, number, run=run, commit=commit, seed=seed, purpose=purpose)
    lab.runs.admit(by_model=planned.by_model)
    lab.recorder.experiment(
        number,
        RunStarted(
            session=tag,
            experiment=number,
            run=run,
            seed=seed,
            commit=commit,
            budget=lab.config.budget,
            device=lab.device.name,
            isolation=lab.runs.isolation,
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
            folder=str(folder.relative_to(lab.folder)),
        )
        with lab.turn:
            lab.recorder.experiment(number, launch)

    curve = Curve(lab.recorder, planned)

    def step(step: Step) -> None:
        with lab.turn:
            curve.add(step)
            lab.screen.step(planned, step)

    def tick() -> Ask | None:
        with lab.turn:
            if lab.control.given_up:
                raise Stopped
            prepare(lab.chief or lab, number)  # an edit of the brief holds for the next proposal, not for this run
            return lab.control.during(number)

    with lab.control.flying(number), lab.turn.away():
        outcome = lab.runs.make(planned, Watch(launched=launched, step=step, tick=tick))
    curve.finish()
    lab.recorder.experiment(number, outcome)
    return outcome


def training(lab: Lab, number: int, *, run: int, commit: str, seed: int, purpose: RunPurpose) -> Training:
    """One run of experiment `number`, as the journal has the session so far."""
    return Training(
        session=lab.session.tag,
        experiment=number,
        run=run,
        commit=commit,
        seed=seed,
        purpose=purpose,
        device=lab.device,
        by_model=_by_model(lab, number),
        usual=None if purpose == "baseline" else usual(lab.case(BASELINE)),
        locked=_locked(lab),
    )


def usual(baseline: Case) -> Usual | None:
    """How long the unchanged code took, at most; None where it has not been measured."""
    finished = [event for event in baseline.outcomes.values() if isinstance(event, RunFinished)]
    if not finished:
        return None
    said = [event.startup_seconds for event in finished if event.startup_seconds is not None]
    return Usual(
        startup=max(said) if len(said) == len(finished) else None,
        training=_most(finished, "training"),
        wall=_most(finished, "wall"),
        cpu=_most(finished, "cpu"),
    )


def _most(finished: list[RunFinished], guard: str) -> float:
    return max(event.guards.get(guard, event.wall_seconds) for event in finished)


def _by_model(lab: Lab, number: int) -> bool:
    """Whether a model wrote any of the code of this experiment, or of what it stands on."""
    row = lab.state.experiments.rows[lab.session.tag, number]
    return any(made.proposer not in OURS for made in (row, *lineage(lab.state, row.session, row.parent)))


def _locked(lab: Lab) -> dict[str, str]:
    """Path -> object name of every file that was locked when the session began and still is."""
    started = next(kept.event for kept in lab.recorder.own_history() if isinstance(kept.event, SessionStarted))
    return {path: sha for path, sha in started.locked.items() if not matches(path, lab.config.scope)}


class Curve:
    """The points of one run. `finish` writes what is left, the last point always."""

    def __init__(
        self, recorder: Recorder, training: Training, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._recorder = recorder
        self._training = training
        self._monotonic = monotonic
        self._waiting: list[Step] = []
        self._last: Step | None = None  # the newest point, kept or not
        self._kept = self._written = float("-inf")

    def add(self, step: Step) -> None:
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
            self._recorder.samples(points)

    def _sample(self, step: Step) -> Sample:
        training = self._training
        return Sample(session=training.session, experiment=training.experiment, run=training.run, **asdict(step))
