"""How the calls of a session's proposer ended. Pure."""

import msgspec

from journal.events import IdeaProposed, ProposalDropped, ProposerFailed

RESTING = "resting"  # kind of a failure without a call: the proposer waits after an earlier one
NOT_ANSWERED = ("ended",)  # reasons to drop a proposal that say nothing about the proposer


class Calls(msgspec.Struct, gc=False):
    """Counts of the calls that gave an answer or failed, by proposers that call a model or a command."""

    answered: int = 0
    failed: int = 0
    is_failing: bool = False  # whether the latest call failed
    proposer: str = ""  # of the latest failure
    reason: str = ""  # of the latest failure

    @property
    def total(self) -> int:
        return self.answered + self.failed

    def add(self, event: IdeaProposed | ProposerFailed | ProposalDropped) -> None:
        """Count a call; a proposal that cost no call is none."""
        match event:
            case ProposerFailed() if event.kind != RESTING:
                self._fail(event.proposer, event.reason)
            case ProposalDropped(why="failed") if event.rule != RESTING:
                self._fail(event.proposer, event.reason)
            case ProposalDropped() if event.why not in ("failed", *NOT_ANSWERED) and event.usage.calls:
                self._answer()
            case IdeaProposed() if event.usage.calls:
                self._answer()
            case _:
                pass

    def _answer(self) -> None:
        self.answered, self.is_failing = self.answered + 1, False

    def _fail(self, proposer: str, reason: str) -> None:
        self.failed, self.is_failing, self.proposer, self.reason = self.failed + 1, True, proposer, reason
