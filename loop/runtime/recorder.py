"""The loop's pen: appends a session's events and folds them, so that every decision is made on what is recorded."""

from collections.abc import Iterator, Sequence

from journal.errors import JournalError
from journal.events import (
    Acknowledged,
    ChangeCommitted,
    ChangeReverted,
    Event,
    Intent,
    RunLaunched,
    experiment_stream,
    session_stream,
)
from journal.events.recorded import Recorded
from journal.store import Journal, Sample
from loop.runtime.pending import Pending

# These tell of what git holds already, or of a process that a power cut ends too. The next durable step takes them to the
# disk; lost before it, they leave what recovery finds after a kill at the same place. Each spares a wait for the disk.
RIDING = frozenset({ChangeCommitted, ChangeReverted, RunLaunched})


class Recorder:
    """One session's appends.

    `state` is the journal's own fold, up to its last event: read it, do not keep it. `requests` is what people still wait
    for, `pending` what is known of the next proposal before its turn.
    """

    def __init__(self, journal: Journal, session: str) -> None:
        self._journal = journal
        self.session = session
        self.state = journal.state()
        self.requests: dict[int, Recorded] = {}
        self.pending = Pending()
        self._versions: dict[str, int] = {}
        self._listeners: list[Listener] = []
        begun = self.own_history()
        self._taken = begun[0].position - 1 if begun else 0  # what lies before is not of this session
        self.catch_up()

    def listen(self, listener: "Listener") -> None:
        """Hear of every event that is taken in from here on."""
        self._listeners.append(listener)

    def catch_up(self) -> None:
        """Take in what was appended: own steps, and other processes' appends, which are people's intents."""
        self.state = self._journal.state()
        for recorded in self._journal.read(after=self._taken, until=self.state.position):
            self._take(recorded)

    def experiment(self, number: int, *events: Event) -> list[Recorded]:
        """Append one step of an experiment, all events in one transaction."""
        return self._append(experiment_stream(self.session, number), events)

    def of_session(self, *events: Event, key: str | None = None) -> list[Recorded]:
        """Append to the session's own stream; with a key, once however often it is said."""
        return self._append(session_stream(self.session), events, key=key)

    def history(self, number: int) -> list[Recorded]:
        """Everything recorded of one experiment."""
        return self._journal.stream(experiment_stream(self.session, number))

    def read(self, *, after: int) -> Iterator[Recorded]:
        """Everything recorded after a position."""
        return self._journal.read(after=after)

    def own_history(self) -> list[Recorded]:
        """Everything recorded of the session itself."""
        return self._journal.stream(session_stream(self.session))

    def samples(self, samples: Sequence[Sample]) -> None:
        """Append telemetry; a failure to do so costs no run."""
        try:
            self._journal.add_samples(samples)
        except JournalError:
            return

    def _append(self, stream: str, events: Sequence[Event], *, key: str | None = None) -> list[Recorded]:
        durable = any(type(event) not in RIDING for event in events)
        version = self._versions.get(stream, 0)
        try:
            return self._journal.append(stream, events, expected_version=version, key=key, durable=durable)
        finally:
            self.catch_up()  # also where the step was taken back: the journal folds anew then

    def _take(self, recorded: Recorded) -> None:
        self._taken = recorded.position
        self._versions[recorded.stream] = recorded.version
        if recorded.event.session == self.session:
            self.pending.take(recorded.event, recorded.position)
            if isinstance(recorded.event, Intent):
                self.requests[recorded.position] = recorded
            elif isinstance(recorded.event, Acknowledged):
                self.requests.pop(recorded.event.request, None)
        for listener in self._listeners:
            listener.heard(recorded)


class Listener:
    """Somebody who wants to hear of every event: a narrator."""

    def heard(self, recorded: Recorded) -> None:
        """Take notice of an event that is in the journal."""
        raise NotImplementedError
