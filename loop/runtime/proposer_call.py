"""One call of a proposer in its own thread, which appends nothing; the fold that it reads does not change meanwhile."""

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

import msgspec

from journal.events import Event
from journal.projections.state import State
from loop.contracts import Proposal, Proposer, Request
from loop.errors import ProposerFailure
from loop.runtime.session_journal import SessionJournal


class ProposerCall(threading.Thread):
    """Ends with a proposal or an error. The proposer polls `is_cancelled` (see `loop.session.bootstrap`)."""

    def __init__(self, proposer: Proposer, request: Request) -> None:
        super().__init__(name="proposer", daemon=True)
        self.proposer = proposer
        self.request = request
        self.position = request.state.position  # up to which the proposer knows the journal
        self.is_cancelled = False
        self.proposal: Proposal | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.proposal = require_valid_text(self.proposer.propose(self.request))
        except Exception as error:  # noqa: BLE001  # the loop raises it again in its own thread
            self.error = error


class Prefetch:
    """The call in flight, if there is one, and the fold that it may read."""

    def __init__(self) -> None:
        self.has_more: Callable[[], bool] = lambda: True  # whether another experiment follows the one in flight
        self.call: ProposerCall | None = None
        self.is_waiting = False  # whether the loop waits for the call: no worker may take it then
        self.retried: set[int] = set()  # experiments that `loop.experiment.stale_base` has tried on a new base
        self.failure: ProposerFailure | None = None  # the latest of a call
        self.earlier_attempts: dict[int, int] = {}  # by experiment: before this call of the loop
        self.error: Exception | None = None  # not a ProposerFailure: to be raised when the proposal is needed
        self.events: SimpleQueue[Event] = SimpleQueue()  # of calls, from their threads: only the loop's thread appends
        self._state = State()

    def catch_up(self, journal: SessionJournal) -> State:
        """Fold the journal up to its end. Returns the same object every time: call it only if no call is in flight."""
        for recorded in journal.read(after=self._state.position):
            self._state.apply(recorded)
        return self._state

    def start(self, proposer: Proposer, request: Request) -> ProposerCall:
        self.call = ProposerCall(proposer, request)
        self.call.start()
        return self.call

    def take_ended(self) -> ProposerCall | None:
        """Remove and return the call, if it has ended."""
        call = self.call
        if call is None or call.is_alive():
            return None
        self.call = None
        return call

    def take_events(self) -> Iterator[Event]:
        """Remove and return what calls have reported so far."""
        while True:
            try:
                yield self.events.get_nowait()
            except Empty:
                return

    def raise_error(self) -> None:
        """Raise the error of an earlier call, if there is one."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    def abandon(self) -> None:
        """Forget a call that does not end, and leave it the fold that it reads."""
        self.call, self._state = None, State()


def require_valid_text(proposal: Proposal) -> Proposal:
    """The proposal, if git and the journal can hold its texts. Raises ProposerFailure."""
    try:
        msgspec.json.encode(proposal)
    except UnicodeEncodeError as error:
        raise ProposerFailure("The proposal holds half of a surrogate pair.", kind="malformed") from error
    if not all(path.isprintable() for path in proposal.files):
        raise ProposerFailure("The proposal names a file with control characters.", kind="malformed")
    return proposal
