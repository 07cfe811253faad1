"""One call of a proposer in a thread of its own, which only computes: it appends nothing, and what it reads stands still."""

import threading
from collections.abc import Callable

import msgspec

from journal.events import Dropping, ProposalDropped, Usage
from journal.projections.state import State
from loop.contracts import Proposal, Proposer, Request
from loop.errors import ProposerFailure
from loop.runtime.recorder import Recorder


class Call(threading.Thread):
    """Ends with a proposal or an error. The proposer looks at `cancelled` (see `loop.session.bootstrap`)."""

    def __init__(self, proposer: Proposer, asked: Request) -> None:
        super().__init__(name="proposer", daemon=True)
        self.proposer = proposer
        self.request = asked
        self.known = asked.state.position
        self.cancelled = False
        self.proposal: Proposal | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        """Call the proposer."""
        try:
            self.proposal = sound(self.proposer.propose(self.request))
        except Exception as error:  # noqa: BLE001  # a thread has nobody to raise to: the loop raises it, in its turn
            self.error = error

    def failed(self, failure: ProposerFailure) -> ProposalDropped:
        """The event of a call that failed."""
        lost = self.lost("failed", str(failure), usage=failure.usage)
        return msgspec.structs.replace(lost, rule=failure.kind, model=failure.model, prompt_key=failure.prompt_key)

    def lost(self, why: Dropping, reason: str, *, usage: Usage) -> ProposalDropped:
        """The event of a call without a proposal."""
        return ProposalDropped(
            session=self.request.session,
            experiment=self.request.experiment,
            why=why,
            reason=reason,
            proposer=self.proposer.name,
            usage=usage,
        )


class Ahead:
    """The call in flight, if there is one, and the fold that it may read.

    `goes_on` tells whether another experiment will follow the one that runs.
    """

    def __init__(self) -> None:
        self.goes_on: Callable[[], bool] = lambda: True
        self.call: Call | None = None
        self.awaited = False  # whether the loop waits for the call: it is not to be taken by anybody else
        self.tried_again: set[int] = set()  # see `loop.experiment.stale_base`
        self.broken: Exception | None = None  # what no proposer answers for
        self._state = State()

    def catch_up(self, recorder: Recorder) -> State:
        """A fold of the journal up to now. To be asked for while no call is in flight: it is the same one every time."""
        for recorded in recorder.read(after=self._state.position):
            self._state.apply(recorded)
        return self._state

    def begin(self, proposer: Proposer, asked: Request) -> Call:
        """Start a call."""
        self.call = Call(proposer, asked)
        self.call.start()
        return self.call

    def take(self) -> Call | None:
        """The call, if it has ended; from then on there is none in flight."""
        call = self.call
        if call is None or call.is_alive():
            return None
        self.call = None
        return call

    def mend(self) -> None:
        """Raise what broke while a run trained, now that the proposal is needed."""
        broken, self.broken = self.broken, None
        if broken is not None:
            raise broken

    def leave(self) -> None:
        """Wait no longer for a call that does not end; the fold that it reads stays its own."""
        self.call, self._state = None, State()


def sound(proposal: Proposal) -> Proposal:
    """The proposal, if git and the journal can hold its words. Raises ProposerFailure."""
    words = (proposal.idea, proposal.hypothesis, *proposal.files, *proposal.files.values())
    try:
        "".join(words).encode()
    except UnicodeEncodeError as error:
        raise ProposerFailure("The proposal holds half of a surrogate pair.", kind="malformed") from error
    if not all(path.isprintable() for path in proposal.files):
        raise ProposerFailure("The proposal names a file with control characters.", kind="malformed")
    return proposal
