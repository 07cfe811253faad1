"""What the feed gives to a screen: the view at a position, and what is read from disk for it. Pure values."""

from collections.abc import Sequence

from msgspec import Struct, field

from journal.events import IdeaProposed, IdeaRefused
from journal.events.recorded import MachineSample, Recorded
from journal.projections.experiments import Experiment, Experiments
from journal.projections.runs import Run, Runs
from tui.model.ledger import Ledger
from tui.model.run_curve import RunCurve
from tui.model.view import View


class ExperimentDetail(Struct, frozen=True, kw_only=True):
    """One experiment's own history, folded up to a position."""

    experiment: Experiment
    runs: tuple[Run, ...]
    proposal: IdeaProposed | None
    refusals: tuple[IdeaRefused, ...]

    @property
    def own_run(self) -> Run | None:
        """The latest run of its own commit: a re-run of the incumbent measures another one."""
        return next((run for run in reversed(self.runs) if not is_of_incumbent(run)), None)

    @property
    def failed_run(self) -> Run | None:
        """The latest run that failed."""
        return next((run for run in reversed(self.runs) if run.status == "failed"), None)


def is_of_incumbent(run: Run) -> bool:
    """Whether a run of an experiment measures the incumbent again."""
    return run.purpose == "incumbent"


class ActiveExperiment(Struct, frozen=True, kw_only=True):
    """An experiment in flight: its ledger row, its history, and one run with its telemetry: one in training, or the latest.

    `own_curve` is that of the latest run of its own commit: another curve if the run measures the incumbent again.
    """

    row: int
    detail: ExperimentDetail
    run: Run | None
    curve: RunCurve
    own_curve: RunCurve

    @property
    def experiment(self) -> Experiment:
        return self.detail.experiment

    @property
    def is_training(self) -> bool:
        return self.run is not None and self.run.status == "running"

    @property
    def is_of_incumbent(self) -> bool:
        return self.run is not None and is_of_incumbent(self.run)


class Snapshot(Struct, frozen=True, kw_only=True):
    """The journal at a position, as far as a screen needs it."""

    view: View = field(default_factory=lambda: View(Ledger(), 0))
    head: int = 0  # the journal's last position
    recorded_at: str = ""  # time of the view's last event, ISO 8601, UTC
    active: tuple[ActiveExperiment, ...] = ()  # in the order of their proposals; once per run in training
    incumbent_curve: RunCurve = field(default_factory=RunCurve)  # telemetry of the incumbent's first run
    machine: tuple[MachineSample, ...] = ()  # the last minute of the machine, since the first run in flight started
    is_loop_running: bool | None = None  # None if this machine cannot know, or has not looked yet
    events_read: int | None = None  # events folded so far, while the view knows only a part of the journal
    read_error: str = ""  # why this may be out of date, in one sentence


def fold_detail(history: Sequence[Recorded], *, until: int) -> ExperimentDetail | None:
    """Fold one experiment's stream up to a position. None before its first event."""
    past = [recorded for recorded in history if recorded.position <= until]
    experiments, runs = Experiments(), Runs()
    for recorded in past:
        experiments.apply(recorded)
        runs.apply(recorded)
    if not experiments.rows:
        return None
    events = [recorded.event for recorded in past]
    return ExperimentDetail(
        experiment=next(iter(experiments.rows.values())),
        runs=tuple(runs.rows.values()),
        proposal=next((event for event in reversed(events) if isinstance(event, IdeaProposed)), None),
        refusals=tuple(event for event in events if isinstance(event, IdeaRefused)),
    )
