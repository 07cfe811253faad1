"""What the journal knows of the next proposal before its turn: prepared, refused, failed, or overtaken by a person. Pure."""

from dataclasses import dataclass, field

from journal.events import (
    VETO,
    BriefChanged,
    Event,
    ExperimentInvalidated,
    IdeaProposed,
    IdeaRefused,
    IncumbentMoved,
    Intent,
    PauseRequested,
    ProposalDropped,
    ProposalPrepared,
    ResumeRequested,
    SkipRequested,
    StopRequested,
)

CONTROLS = (PauseRequested, ResumeRequested, SkipRequested, StopRequested)  # say nothing about what to try


@dataclass
class Pending:
    """A fold of one session's events.

    `refusals` are the gate's words on preparations for `experiment`, `failed` whether a call for it failed; `steered` is
    the position of the last word of a person that a proposal must know.
    """

    prepared: ProposalPrepared | None = None
    experiment: int = 0
    refusals: list[IdeaRefused] = field(default_factory=list)
    failed: bool = False
    steered: int = 0

    def take(self, event: Event, position: int) -> None:
        """Take in the session's next event."""
        match event:
            case ProposalPrepared():
                self.prepared = event
            case ProposalDropped():
                self._drop(event)
            case IdeaProposed() if event.prepared_on is not None:
                self.prepared = None
            case _ if steers(event):
                self.steered = position

    def refused(self, experiment: int) -> list[IdeaRefused]:
        """The gate's words on what was prepared for an experiment."""
        return self.refusals if self.experiment == experiment else []

    def has_failed(self, experiment: int) -> bool:
        """Whether a call for an experiment failed before its turn."""
        return self.failed and self.experiment == experiment

    def _drop(self, event: ProposalDropped) -> None:
        self.prepared = None
        if event.experiment != self.experiment:
            self.experiment, self.refusals, self.failed = event.experiment, [], False
        if event.why == "failed":
            self.failed = True
        if event.why == "refused":
            self.refusals.append(
                IdeaRefused(
                    session=event.session,
                    experiment=event.experiment,
                    attempt=len(self.refusals) + 1,
                    rule=event.rule,
                    reason=event.reason,
                    matched=event.matched,
                    score=event.score,
                )
            )


def steers(event: Event) -> bool:
    """Whether a proposal that was asked for before this event is out of date: a person has spoken, or moved the incumbent."""
    match event:
        case BriefChanged():
            return event.accepted
        case ExperimentInvalidated():
            return event.rule == VETO
        case IncumbentMoved():
            return True
        case _:
            return isinstance(event, Intent) and not isinstance(event, CONTROLS)
