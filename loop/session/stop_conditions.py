"""When a call of the loop is over: the bounds of the brief and of the call, looked at between two experiments. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from loop.brief.config import Config
from loop.experiment.request import without_keep


@dataclass(frozen=True)
class StopReason:
    """Why this call of the loop is over. `final` ends the session too; otherwise the next call continues it."""

    reason: str
    final: bool = False
    broken: bool = False  # the machine is at fault


def reached(
    session: Session,
    experiments: Sequence[Experiment],
    config: Config,
    *,
    bound: int | None,
    hours: float,
    begun: int = -1,
) -> StopReason | None:
    """The bound that is reached, if one is. `experiments` in order, `hours` that this call has lasted.

    Experiments up to number `begun` are of earlier calls: a person who starts the loop again has seen what they came to.
    """
    mine = [row for row in experiments if row.number > begun and row.kind != "ablation"]
    bounds = (*_of_session(session, config), *_of_call(session, mine, config, bound=bound, hours=hours))
    return next((ending for there, ending in bounds if there), None)


def _of_session(session: Session, config: Config) -> Iterator[tuple[bool, StopReason]]:
    """(whether it is reached, the ending)."""
    best, target, most, spent = session.best, config.target, config.experiments, session.dollars or 0.0
    if best is not None and target is not None:
        yield _reaches(best, target, config.direction), StopReason(f"the target {target:g} is reached", final=True)
    if most is not None:
        yield session.experiments >= most, StopReason(_all(most), final=True)
    words = f"the proposals have cost {spent:.2f} dollars, the most that the brief allows"
    yield spent >= config.max_cost, StopReason(words, final=True)


def _all(most: int) -> str:
    return "the one experiment of the brief is done" if most == 1 else f"all {most} experiments of the brief are done"


def _of_call(
    session: Session, experiments: Sequence[Experiment], config: Config, *, bound: int | None, hours: float
) -> Iterator[tuple[bool, StopReason]]:
    if config.hours is not None:
        yield hours >= config.hours, StopReason(f"the {config.hours:g} hours of the brief are over")
    words = f"the last {config.failures} experiments crashed: see `ar-journal failures`, mend it, then go on"
    yield 0 < config.failures <= _crashes_in_a_row(experiments), StopReason(words)
    if config.plateau is not None:
        since = without_keep(experiments)
        words = f"nothing of the last {since} experiments was kept: give it a new direction, or go on"
        yield since >= 2 * config.plateau, StopReason(words)
    if bound is not None:
        yield session.experiments >= bound, StopReason("all experiments of this call are done")


def _reaches(best: float, target: float, direction: str) -> bool:
    return best <= target if direction == "minimize" else best >= target


def _crashes_in_a_row(experiments: Sequence[Experiment]) -> int:
    statuses = [row.status for row in experiments if row.status not in ("invalid", "open")]
    good = [index for index, status in enumerate(reversed(statuses)) if status != "crash"]
    return good[0] if good else len(statuses)
