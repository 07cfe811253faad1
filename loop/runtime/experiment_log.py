"""Where one experiment stands: a fold of its own stream. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from journal.events import (
    ChangeCommitted,
    ChangeReverted,
    IdeaProposed,
    IdeaRefused,
    RunFailed,
    RunFinished,
    RunPurpose,
    RunStarted,
    Verdict,
)
from journal.events.recorded import Recorded
from loop.contracts import Outcome


@dataclass
class ExperimentLog:
    """One experiment's history. `proposed` is the proposal in force: the last one, unless it was refused."""

    proposed: IdeaProposed | None = None
    proposed_at: str = ""
    anchor: str = ""  # position:hash of the proposal's event
    committed: ChangeCommitted | None = None
    verdict: Verdict | None = None
    reverted: ChangeReverted | None = None
    attempts: int = 0
    refusals: list[IdeaRefused] = field(default_factory=list)
    runs: dict[int, RunStarted] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def open_runs(self) -> list[RunStarted]:
        """Runs that were started and of which no end is recorded."""
        return [run for number, run in self.runs.items() if number not in self.outcomes]

    def ended(self, *purposes: RunPurpose) -> list[tuple[RunStarted, Outcome]]:
        """Runs of these purposes with their outcome, those that the loop itself cut short left out."""
        pairs = [(run, self.outcomes[number]) for number, run in self.runs.items() if number in self.outcomes]
        return [(run, outcome) for run, outcome in pairs if run.purpose in purposes and not interrupted(outcome)]

    def interruptions(self) -> int:
        """How often the loop ended in the middle of a run of this experiment."""
        return sum(interrupted(outcome) for outcome in self.outcomes.values())


def interrupted(outcome: Outcome) -> bool:
    return isinstance(outcome, RunFailed) and outcome.kind == "interrupted"


def fold_log(history: Iterable[Recorded]) -> ExperimentLog:
    """Fold an experiment's events."""
    log = ExperimentLog()
    for recorded in history:
        _take(log, recorded)
    return log


def _take(log: ExperimentLog, recorded: Recorded) -> None:
    event = recorded.event
    match event:
        case IdeaProposed():
            log.proposed, log.proposed_at, log.attempts = event, recorded.recorded_at, event.attempt
            log.anchor = f"{recorded.position}:{recorded.hash}"
        case IdeaRefused():
            log.proposed = None
            log.refusals.append(event)
        case ChangeCommitted():
            log.committed = event
        case RunStarted():
            log.runs[event.run] = event
        case RunFinished() | RunFailed():
            log.outcomes[event.run] = event
        case Verdict():
            log.verdict = event
        case ChangeReverted():
            log.reverted = event
        case _:
            pass
