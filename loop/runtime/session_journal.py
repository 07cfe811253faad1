"""One session's journal: the loop appends to it, and reads the session's experiments, runs and requests from it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

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
from journal.store import Journal, MachineSample, Sample
from loop.keep_rule import Noise, metrics_by_commit, pooled_noise
from loop.runtime.experiment_log import ExperimentLog, fold_log
from loop.runtime.pending import PendingProposal

Listener = Callable[[Recorded], None]

# Git holds what these record, or a power cut ends the process that they record: recovery copes without them. So the loop
# does not wait for the disk after them; the next durable append writes them too.
NOT_DURABLE = frozenset({ChangeCommitted, ChangeReverted, RunLaunched})


class SessionJournal:
    """Appends a session's events and folds them: each decision stands on what is recorded.

    `state` is the fold of the whole journal: read it, do not keep it. `requests` are those without an answer, by position.
    """

    def __init__(self, store: Journal, tag: str) -> None:
        self._store = store
        self.tag = tag
        self.state: State = store.state()
        self.requests: dict[int, Recorded] = {}
        self.pending = PendingProposal()
        self._versions: dict[str, int] = {}
        self._listeners: list[Listener] = []
        history = self.session_history()
        self._position = history[0].position - 1 if history else 0  # events before it are of other sessions
        self.catch_up()

    def add_listener(self, listener: Listener) -> None:
        """Call a listener with every event from now on."""
        self._listeners.append(listener)

    # --- append ---

    def append(self, number: int, *events: Event) -> list[Recorded]:
        """Append one step of an experiment, all events in one transaction."""
        return self._append(experiment_stream(self.tag, number), events)

    def append_to_session(self, *events: Event, key: str | None = None) -> list[Recorded]:
        """Append to the session's own stream; if there is a key, at most once."""
        return self._append(session_stream(self.tag), events, key=key)

    def add_samples(self, samples: Sequence[Sample]) -> None:
        """Append telemetry; a failure costs no run."""
        with suppress(JournalError):
            self._store.add_samples(samples)

    def add_machine_samples(self, samples: Sequence[MachineSample]) -> None:
        """Append telemetry of the machine; a failure costs no run."""
        with suppress(JournalError):
            self._store.add_machine_samples(samples)

    def catch_up(self) -> None:
        """Fold every new event: the loop's own, and people's intents, which other processes append."""
        self.state = self._store.state()
        for recorded in self._store.read(after=self._position, until=self.state.position):
            self._apply(recorded)

    # --- read ---

    @property
    def name(self) -> str:
        """The journal's name, by which anchors in git name it."""
        return self._store.name()

    @property
    def session(self) -> Session:
        """The session's row."""
        return self.state.sessions.rows[self.tag]

    def rows(self) -> list[Experiment]:
        """The session's experiments, in order of their numbers."""
        return sorted(self.state.experiments.of_session(self.tag), key=lambda row: row.number)

    def next_number(self) -> int:
        """The number that the next new experiment gets."""
        return self.state.experiments.next_number(self.tag)

    def log(self, number: int) -> ExperimentLog:
        """The fold of one experiment's events."""
        return fold_log(self.history(number))

    def metrics(self) -> dict[str, list[float]]:
        """Every metric of the session's runs, by commit."""
        rows = self.state.runs.of_session(self.tag)
        return dict(metrics_by_commit((row.commit, row.metric) for row in rows if row.metric is not None))

    def noise(self) -> Noise:
        """σ pooled over every commit of the session that was run more than once."""
        return pooled_noise(self.metrics().values())

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
        durable = any(type(event) not in NOT_DURABLE for event in events)
        version = self._versions.get(stream, 0)
        try:
            return self._store.append(stream, events, expected_version=version, key=key, durable=durable)
        finally:
            self.catch_up()  # also after an error: the store has rolled the append back, and folds anew

    def _apply(self, recorded: Recorded) -> None:
        self._position = recorded.position
        self._versions[recorded.stream] = recorded.version
        if recorded.event.session == self.tag:
            self.pending.apply(recorded.event, recorded.position)
            if isinstance(recorded.event, Intent):
                self.requests[recorded.position] = recorded
            elif isinstance(recorded.event, Acknowledged):
                self.requests.pop(recorded.event.request, None)
        for listener in self._listeners:
            listener(recorded)
