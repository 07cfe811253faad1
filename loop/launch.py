"""One run of an experiment, recorded before it begins and after it ends; while it trains, the next proposal is made."""

from pathlib import Path

from journal.events import RunLaunched, RunPurpose, RunStarted
from loop.ahead import prepare
from loop.case import Case
from loop.contracts import Outcome
from loop.curve import Curve
from loop.errors import Stopped
from loop.lab import Lab
from loop.measure import Watch
from loop.process import identity
from loop.runner import Ask
from loop.telemetry import Step
from loop.training import training


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
