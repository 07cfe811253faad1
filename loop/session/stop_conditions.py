"""When a call of the loop ends: the limits of the brief and of the call, checked between two experiments. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.projections.spend import has_tokens
from loop.brief.config import Config
from loop.experiment.request import since_keep
from loop.llm import prices


@dataclass(frozen=True)
class StopReason:
    """Why a call of the loop ends. If it is `final` the session ends too, else the next call continues the session."""

    reason: str
    final: bool = False
    is_machine_failure: bool = False


Limit = tuple[bool, StopReason]  # whether it is reached, and the reason if it is


def limit_reached(
    session: Session,
    experiments: Sequence[Experiment],
    config: Config,
    *,
    limit: int | None,
    hours: float,
    last_number: int = -1,
) -> StopReason | None:
    """The first limit that is reached, if one is.

    `limit` is on the session's experiments, `hours` how long the call has lasted. Crashes and keeps count after experiment
    `last_number`: whoever starts the loop again has seen the earlier ones.
    """
    rows = [row for row in experiments if row.number > last_number and row.kind != "ablation"]
    limits = (*_of_session(session, config), *_of_call(session, rows, config, limit=limit, hours=hours))
    return next((reason for is_reached, reason in limits if is_reached), None)


def _of_session(session: Session, config: Config) -> Iterator[Limit]:
    best, target, limit = session.best, config.target, config.experiments
    costs = session.costs
    spent = costs.dollars + prices.HIGHEST.dollars(costs.unpriced)
    if best is not None and target is not None:
        is_reached = best <= target if config.direction == "minimize" else best >= target
        yield is_reached, StopReason(f"the target {target:g} is reached", final=True)
    if limit is not None:
        count = "the one experiment of the brief is" if limit == 1 else f"all {limit} experiments of the brief are"
        yield session.experiments >= limit, StopReason(f"{count} done", final=True)
    unpriced = ", with tokens of an unknown price at the highest list price" if has_tokens(costs.unpriced) else ""
    reason = f"the proposals have cost {spent:.2f} dollars{unpriced}, which reaches `max_cost` of the brief"
    yield spent >= config.max_cost, StopReason(reason, final=True)


def _of_call(
    session: Session, experiments: Sequence[Experiment], config: Config, *, limit: int | None, hours: float
) -> Iterator[Limit]:
    if config.hours is not None:
        yield hours >= config.hours, StopReason(f"the {config.hours:g} hours of the brief are over")
    reason = (
        f"the last {config.failures} experiments crashed: see `ar-journal failures`, repair the cause, then run again"
    )
    yield 0 < config.failures <= _crashes_in_a_row(experiments), StopReason(reason)
    if config.plateau is not None:
        since = since_keep(experiments)
        reason = f"none of the last {since} experiments was kept: add a direction with `ar-loop direct`, or run again"
        yield since >= 2 * config.plateau, StopReason(reason)
    if limit is not None:
        yield session.experiments >= limit, StopReason("all requested experiments are done")


def _crashes_in_a_row(experiments: Sequence[Experiment]) -> int:
    statuses = [row.status for row in experiments if row.status not in ("invalid", "open")]
    return next((count for count, status in enumerate(reversed(statuses)) if status != "crash"), len(statuses))
