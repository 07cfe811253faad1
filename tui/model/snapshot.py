"""What the feed hands to a screen: the view at a position, and the few things read from disk for it. Pure values."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct, field

from journal.events import ChangeCommitted, Event, IdeaProposed, IdeaRefused
from journal.events.recorded import Recorded, Sample
from journal.projections.experiments import Experiment, Experiments
from journal.projections.runs import Run, Runs
from tui.model.ledger import Ledger
from tui.model.view import View

Curve = tuple[Sample, ...]
E = TypeVar("E", bound=Event)


class Detail(Struct, frozen=True, kw_only=True):
    """One experiment's own history, folded up to a position."""

    experiment: Experiment
    runs: tuple[Run, ...]
    proposal: IdeaProposed | None
    commit: ChangeCommitted | None
    refusals: tuple[IdeaRefused, ...]

    @property
    def run(self) -> Run | None:
        """The latest run."""
        return self.runs[-1] if self.runs else None


class Flying(Struct, frozen=True, kw_only=True):
    """An experiment in flight: its row, its history, and the run that trains, or else its latest, with the telemetry."""

    row: int
    detail: Detail
    run: Run | None
    curve: Curve

    @property
    def experiment(self) -> Experiment:
        return self.detail.experiment

    @property
    def trains(self) -> bool:
        return self.run is not None and self.run.status == "running"


class Snapshot(Struct, frozen=True, kw_only=True):
    """The journal at a position, as far as a screen needs it."""

    view: View = field(default_factory=lambda: View(Ledger(), 0))
    head: int = 0  # the journal's last position
    recorded_at: str = ""  # of the view's last event, ISO 8601, UTC
    flying: tuple[
        Flying, ...
    ] = ()  # the experiments in flight, by their proposals; one with several runs, once for each
    rival: Curve = ()  # telemetry of the incumbent's first run
    loop: str | None = None  # what is known of the loop's process: None is well
    read: int | None = None  # events folded so far, where the view knows only some of the journal
    trouble: str = ""  # why this may be out of date, in one sentence


def detail(history: list[Recorded], *, until: int) -> Detail | None:
    """Fold one experiment's stream up to a position. None before its first event."""
    past = [recorded for recorded in history if recorded.position <= until]
    experiments, runs = Experiments(), Runs()
    for recorded in past:
        experiments.apply(recorded)
        runs.apply(recorded)
    if not experiments.rows:
        return None
    events = [recorded.event for recorded in past]
    return Detail(
        experiment=next(iter(experiments.rows.values())),
        runs=tuple(runs.rows.values()),
        proposal=_last(events, IdeaProposed),
        commit=_last(events, ChangeCommitted),
        refusals=tuple(event for event in events if isinstance(event, IdeaRefused)),
    )


def _last(events: Sequence[Event], kind: type[E]) -> E | None:
    return next((event for event in reversed(events) if isinstance(event, kind)), None)
