"""One call of a proposer in a thread of its own, which only computes: it appends nothing, and what it reads stands still."""

import threading
from collections.abc import Callable

from journal.projections.state import State
from loop.contracts import Proposal, Proposer, Request
from loop.errors import ProposerFailure
from loop.runtime.session_journal import SessionJournal


class ProposerCall(threading.Thread):
    """Ends with a proposal or an error. The proposer looks at `cancelled` (see `loop.session.bootstrap`)."""

    def __init__(self, proposer: Proposer, request: Request) -> None:
        super().__init__(name="proposer", daemon=True)
        self.proposer = proposer
        self.request = request
        self.known = request.state.position  # of the journal, when it was asked
        self.cancelled = False
        self.proposal: Proposal | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        """Call the proposer."""
        try:
            self.proposal = require_valid_text(self.proposer.propose(self.request))
        except Exception as error:  # noqa: BLE001  # a thread has nobody to raise to: the loop raises it, in its turn
            self.error = error


class Prefetch:
    """The call in flight, if there is one, and the fold that it may read.

    `has_more` tells whether another experiment will follow the one that runs.
    """

    def __init__(self) -> None:
        self.has_more: Callable[[], bool] = lambda: True
        self.call: ProposerCall | None = None
        self.is_waiting = False  # whether the loop waits for the call: nobody else may take it
        self.retried: set[int] = set()  # experiments that `loop.experiment.stale_base` has tried on a new base
        self.broken: Exception | None = None  # an error that is not the proposer's
        self._state = State()

    def catch_up(self, journal: SessionJournal) -> State:
        """A fold of the journal up to now, the same object every time: call it only while no call is in flight."""
        for recorded in journal.read(after=self._state.position):
            self._state.apply(recorded)
        return self._state

    def start(self, proposer: Proposer, request: Request) -> ProposerCall:
        """Start a call."""
        self.call = ProposerCall(proposer, request)
        self.call.start()
        return self.call

    def take(self) -> ProposerCall | None:
        """The call, if it has ended; from then on there is none in flight."""
        call = self.call
        if call is None or call.is_alive():
            return None
        self.call = None
        return call

    def raise_broken(self) -> None:
        """Raise what broke while a run trained, now that the proposal is needed."""
        broken, self.broken = self.broken, None
        if broken is not None:
            raise broken

    def abandon(self) -> None:
        """Wait no longer for a call that does not end; the fold that it reads stays its own."""
        self.call, self._state = None, State()


def require_valid_text(proposal: Proposal) -> Proposal:
    """The proposal, if git and the journal can hold its words. Raises ProposerFailure."""
    words = (proposal.idea, proposal.hypothesis, *proposal.files, *proposal.files.values())
    try:
        "".join(words).encode()
    except UnicodeEncodeError as error:
        raise ProposerFailure("The proposal holds half of a surrogate pair.", kind="malformed") from error
    if not all(path.isprintable() for path in proposal.files):
        raise ProposerFailure("The proposal names a file with control characters.", kind="malformed")
    return proposal
