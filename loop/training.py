"""What a run must know of its session: who wrote the code, how long the unchanged code takes, which files are locked."""

from journal.events import RunFinished, RunPurpose, SessionStarted
from journal.projections.lineage import lineage
from loop.case import Case
from loop.contracts import Training, Usual
from loop.lab import BASELINE, Lab
from loop.scope import matches

OURS = frozenset({"", "loop", "sampler"})  # proposers that move numbers and write no code


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
