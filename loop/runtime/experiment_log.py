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
class Case:
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


def case(history: Iterable[Recorded]) -> Case:
    """Fold an experiment's events."""
    folded = Case()
    for recorded in history:
        _take(folded, recorded)
    return folded


def _take(folded: Case, recorded: Recorded) -> None:
    event = recorded.event
    match event:
        case IdeaProposed():
            folded.proposed, folded.proposed_at, folded.attempts = event, recorded.recorded_at, event.attempt
            folded.anchor = f"{recorded.position}:{recorded.hash}"
        case IdeaRefused():
            folded.proposed = None
            folded.refusals.append(event)
        case ChangeCommitted():
            folded.committed = event
        case RunStarted():
            folded.runs[event.run] = event
        case RunFinished() | RunFailed():
            folded.outcomes[event.run] = event
        case Verdict():
            folded.verdict = event
        case ChangeReverted():
            folded.reverted = event
        case _:
            pass
