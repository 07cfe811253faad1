"""One run of an experiment, recorded before it begins and after it ends; while it trains, the next proposal is made."""

from pathlib import Path

from journal.events import RunLaunched, RunPurpose, RunStarted
from loop.ahead import prepare
from loop.case import Case
from loop.contracts import Outcome
from loop.curve import Curve
from loop.lab import Lab
from loop.measure import Watch
from loop.process import identity
from loop.runner import Ask
from loop.telemetry import Step
from loop.training import training


def make_run(lab: Lab, number: int, folded: Case, commit: str, *, purpose: RunPurpose, seed: int) -> Outcome:
    """Make one run. The events are durable before the process exists and before anything is decided on its outcome."""
    run = max(folded.runs, default=0) + 1
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
            device=lab.device,
            isolation=lab.runs.isolation,
            purpose=purpose,
        ),
    )

    def launched(pid: int, folder: Path) -> None:
        found = identity(pid)
        lab.recorder.experiment(
            number,
            RunLaunched(
                session=tag,
                experiment=number,
                run=run,
                pid=pid,
                pid_started=found.started,
                boot=found.boot,
                folder=str(folder.relative_to(lab.folder)),
            ),
        )

    curve = Curve(lab.recorder, planned)

    def step(step: Step) -> None:
        curve.add(step)
        lab.screen.step(planned, step)

    def tick() -> Ask | None:
        prepare(lab, number)
        return lab.control.during(number)

    outcome = lab.runs.make(planned, Watch(launched=launched, step=step, tick=tick))
    curve.finish()
    lab.recorder.experiment(number, outcome)
    return outcome
