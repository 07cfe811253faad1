"""How far one experiment is: a fold of its own stream. Pure."""

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
    """One experiment's history. `idea` is its last proposal; None if the gate refused that."""

    idea: IdeaProposed | None = None
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
        """Runs whose start is recorded and whose end is not."""
        return [run for number, run in self.runs.items() if number not in self.outcomes]

    def outcomes_of(self, *purposes: RunPurpose) -> list[Outcome]:
        """The outcomes of the runs of these purposes, without those that the end of the loop interrupted."""
        runs = [number for number, run in self.runs.items() if run.purpose in purposes and number in self.outcomes]
        return [self.outcomes[number] for number in runs if not is_interrupted(self.outcomes[number])]

    def interruptions(self) -> int:
        """How often the loop ended during a run of this experiment."""
        return sum(is_interrupted(outcome) for outcome in self.outcomes.values())


def is_interrupted(outcome: Outcome) -> bool:
    return isinstance(outcome, RunFailed) and outcome.kind == "interrupted"


def fold_log(history: Iterable[Recorded]) -> ExperimentLog:
    """Fold an experiment's events."""
    log = ExperimentLog()
    for recorded in history:
        _apply(log, recorded)
    return log


def _apply(log: ExperimentLog, recorded: Recorded) -> None:
    event = recorded.event
    match event:
        case IdeaProposed():
            log.idea, log.proposed_at, log.attempts = event, recorded.recorded_at, event.attempt
            log.anchor = f"{recorded.position}:{recorded.hash}"
        case IdeaRefused():
            log.idea = None
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
