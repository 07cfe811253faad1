"""One session's journal: what the loop appends, and what the session's experiments, runs and requests come to."""

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
from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.store import Journal, Sample
from loop.keep_rule import Noise, by_commit, noise
from loop.runtime.experiment_log import ExperimentLog, fold_log
from loop.runtime.pending import Pending

# These tell of what git holds already, or of a process that a power cut ends too. The next durable step takes them to the
# disk; lost before it, they leave what recovery finds after a kill at the same place. Each spares a wait for the disk.
RIDING = frozenset({ChangeCommitted, ChangeReverted, RunLaunched})


class SessionJournal:
    """Appends a session's events and folds them, so that every decision is made on what is recorded.

    `state` is the journal's own fold, up to its last event: read it, do not keep it. `requests` is what people still wait
    for, `pending` what is known of the next proposal before its turn.
    """

    def __init__(self, store: Journal, tag: str) -> None:
        self._store = store
        self.tag = tag
        self.state: State = store.state()
        self.requests: dict[int, Recorded] = {}
        self.pending = Pending()
        self._versions: dict[str, int] = {}
        self._listeners: list[Listener] = []
        begun = self.session_history()
        self._position = begun[0].position - 1 if begun else 0  # what lies before is not of this session
        self.catch_up()

    def listen(self, listener: "Listener") -> None:
        """Pass every event from here on to a listener."""
        self._listeners.append(listener)

    # --- append ---

    def append(self, number: int, *events: Event) -> list[Recorded]:
        """Append one step of an experiment, all events in one transaction."""
        return self._append(experiment_stream(self.tag, number), events)

    def append_to_session(self, *events: Event, key: str | None = None) -> list[Recorded]:
        """Append to the session's own stream; with a key, at most once."""
        return self._append(session_stream(self.tag), events, key=key)

    def add_samples(self, samples: Sequence[Sample]) -> None:
        """Append telemetry; a failure to do so costs no run."""
        try:
            self._store.add_samples(samples)
        except JournalError:
            return

    def catch_up(self) -> None:
        """Take in what was appended: own steps, and other processes' appends, which are people's intents."""
        self.state = self._store.state()
        for recorded in self._store.read(after=self._position, until=self.state.position):
            self._take(recorded)

    # --- read ---

    @property
    def session(self) -> Session:
        """The session's row."""
        return self.state.sessions.rows[self.tag]

    def rows(self) -> list[Experiment]:
        """The session's experiments, in order of their numbers."""
        return sorted(self.state.experiments.of_session(self.tag), key=lambda row: row.number)

    def next_number(self) -> int:
        """The number of the next experiment that is proposed."""
        return self.state.experiments.next_number(self.tag)

    def log(self, number: int) -> ExperimentLog:
        """The fold of one experiment's events."""
        return fold_log(self.history(number))

    def metrics(self) -> dict[str, list[float]]:
        """Every metric of the session's runs, by commit."""
        rows = self.state.runs.of_session(self.tag)
        return dict(by_commit((row.commit, row.metric) for row in rows if row.metric is not None))

    def noise(self) -> Noise:
        """σ pooled over every commit of the session that was run more than once."""
        return noise(self.metrics().values())

    def history(self, number: int) -> list[Recorded]:
        """Every event of one experiment."""
        return self._store.stream(experiment_stream(self.tag, number))

    def session_history(self) -> list[Recorded]:
        """Every event of the session's own stream."""
        return self._store.stream(session_stream(self.tag))

    def read(self, *, after: int) -> Iterator[Recorded]:
        """Every event of the journal after a position."""
        return self._store.read(after=after)

    def _append(self, stream: str, events: Sequence[Event], *, key: str | None = None) -> list[Recorded]:
        durable = any(type(event) not in RIDING for event in events)
        version = self._versions.get(stream, 0)
        try:
            return self._store.append(stream, events, expected_version=version, key=key, durable=durable)
        finally:
            self.catch_up()  # also where the step was taken back: the journal folds anew then

    def _take(self, recorded: Recorded) -> None:
        self._position = recorded.position
        self._versions[recorded.stream] = recorded.version
        if recorded.event.session == self.tag:
            self.pending.take(recorded.event, recorded.position)
            if isinstance(recorded.event, Intent):
                self.requests[recorded.position] = recorded
            elif isinstance(recorded.event, Acknowledged):
                self.requests.pop(recorded.event.request, None)
        for listener in self._listeners:
            listener.heard(recorded)


class Listener:
    """Takes notice of every event that is in the journal: a narrator."""

    def heard(self, recorded: Recorded) -> None:
        """Take notice of an event."""
        raise NotImplementedError
