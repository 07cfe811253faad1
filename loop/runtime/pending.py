"""What the journal holds of a proposal that is prefetched: prepared, refused, failed, or outdated by a person. Pure."""

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

CONTROLS = (PauseRequested, ResumeRequested, SkipRequested, StopRequested)  # change nothing that a proposal depends on


@dataclass
class PendingProposal:
    """A fold of one session's events."""

    prepared: ProposalPrepared | None = None
    experiment: int = 0  # of the last dropped proposal: `refusals` and `call_failed` are about it
    refusals: list[IdeaRefused] = field(default_factory=list)
    call_failed: bool = False
    outdated_at: int = 0  # position of the last event that outdates earlier proposals

    def apply(self, event: Event, position: int) -> None:
        """Fold the session's next event."""
        match event:
            case ProposalPrepared():
                self.prepared = event
            case ProposalDropped():
                self._drop(event)
            case IdeaProposed() if event.prepared_on is not None:
                self.prepared = None
            case _ if outdates_proposals(event):
                self.outdated_at = position

    def refusals_of(self, experiment: int) -> list[IdeaRefused]:
        """The gate's refusals of proposals that were prefetched for an experiment."""
        return self.refusals if self.experiment == experiment else []

    def has_failed(self, experiment: int) -> bool:
        """Whether a prefetching call for an experiment failed."""
        return self.call_failed and self.experiment == experiment

    def _drop(self, event: ProposalDropped) -> None:
        self.prepared = None
        if event.experiment != self.experiment:
            self.experiment, self.refusals, self.call_failed = event.experiment, [], False
        if event.why == "failed":
            self.call_failed = True
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


def outdates_proposals(event: Event) -> bool:
    """Whether a proposal that was requested before this event is out of date: a person steered, or moved the incumbent."""
    match event:
        case BriefChanged():
            return event.accepted
        case ExperimentInvalidated():
            return event.rule == VETO
        case IncumbentMoved():
            return True
        case _:
            return isinstance(event, Intent) and not isinstance(event, CONTROLS)
