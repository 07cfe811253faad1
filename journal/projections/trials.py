"""Every change that the gate accepted, indexed by what it does and by its parent. A pure fold."""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from journal.events import (
    VETO,
    Candidate,
    Change,
    IdeaProposed,
    IdeaRefused,
    RunFailed,
    SessionStarted,
    Verdict,
)
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold
from journal.projections.experiments import STATUS, Status

EXTERNAL_FAILURES = frozenset({"interrupted", "killed", "disk_full"})  # they say nothing about the idea
HARNESS = (
    "metric",
    "direction",
    "train",
    "evaluate",
    "budget",
    "pattern",
)  # keys of a brief that make results comparable


class Trial(msgspec.Struct, kw_only=True, gc=False):
    """One accepted proposal and its verdict. `order` numbers the trials of all sessions."""

    session: str
    experiment: int
    parent: str
    change: Change
    idea: str
    kind: str
    order: int
    harness: str  # equal for trials whose results are comparable
    retry_of: int | None = None
    status: Status = "open"
    metric: float | None = None
    delta: float | None = None
    gain_sigma: float | None = None
    failure: str = ""  # kind of the last failed run
    reason: str = ""
    vetoed: bool = False  # kept, and then taken back by a person
    considered: tuple[Candidate, ...] = ()  # what its proposer considered beside it

    @property
    def is_evidence(self) -> bool:
        """Whether its result, which may be pending, tells about its idea; a run stopped from outside does not."""
        return self.vetoed or (
            self.failure not in EXTERNAL_FAILURES and (self.status != "invalid" or self.failure != "")
        )


class Changes(Fold):
    """Trials by (session, experiment), and by program, change, knob, identifier and parent."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Trial] = {}
        self.refused: dict[tuple[str, int], list[Change]] = {}  # experiment -> its refused changes
        self._sessions: dict[str, dict[int, Trial]] = {}
        self._harness: dict[str, str] = {}
        self._baseline_words: dict[str, frozenset[str]] = {}
        self._lazy_index: dict[tuple[str, str], dict[int, Trial]] | None = None  # (what, which) -> trials by order
        self._count = 0
        self.handlers = {
            SessionStarted: self._start,
            IdeaProposed: self._propose,
            IdeaRefused: self._refuse,
            RunFailed: self._fail,
            **dict.fromkeys(STATUS, self._decide),
        }

    def harness(self, session: str) -> str:
        """What must be equal in two sessions for their results to be comparable."""
        return self._harness.get(session, "")

    def baseline_words(self, session: str) -> frozenset[str]:
        """The identifiers of a session's baseline."""
        return self._baseline_words.get(session, frozenset())

    def of_session(self, session: str) -> Iterable[Trial]:
        """The trials of one session, oldest first."""
        return self._sessions.get(session, {}).values()

    def on_parent(self, parent: str) -> Iterable[Trial]:
        """The trials on one commit, oldest first."""
        return self._index().get(("parent", parent), {}).values()

    def comparable(self, change: Change, parent: str) -> Iterator[Trial]:
        """Every trial that could be the same idea: with the same program, change, knob or parent; each once."""
        keys = [("program", change.program), ("change", change.change), ("parent", parent)]
        keys += [("knob", move.name) for move in change.knobs]
        found: dict[int, Trial] = {}
        for key in keys:
            found.update(self._index().get(key, {}))
        yield from found.values()

    def sharing(self, change: Change, *, limit: int) -> list[Trial]:
        """The trials that share the most knobs and identifiers with a change."""
        shared: Counter[int] = Counter()
        trials: dict[int, Trial] = {}
        for key in _keys(change):
            found = self._index().get(key, {})
            shared.update(found.keys())
            trials.update(found)
        return [trials[order] for order, _ in sorted(shared.items(), key=lambda entry: (-entry[1], -entry[0]))[:limit]]

    def _start(self, event: SessionStarted, _recorded: Recorded) -> None:
        settings = [event.config.get(key) for key in HARNESS]
        self._harness[event.session] = repr([event.device, event.host, settings, sorted(event.locked.items())])

    def _propose(self, event: IdeaProposed, _recorded: Recorded) -> None:
        self._drop(event.session, event.experiment)
        self._count += 1
        trial = Trial(
            session=event.session,
            experiment=event.experiment,
            parent=event.parent,
            change=event.change,
            idea=event.idea,
            kind=event.kind,
            order=self._count,
            harness=self.harness(event.session),
            retry_of=event.retry_of,
            considered=event.considered,
        )
        if event.kind == "baseline":
            self._baseline_words[event.session] = frozenset(event.change.added)
        self.rows[event.session, event.experiment] = trial
        self._sessions.setdefault(event.session, {})[event.experiment] = trial
        if self._lazy_index is not None:
            _add(self._lazy_index, trial)

    def _refuse(self, event: IdeaRefused, _recorded: Recorded) -> None:
        trial = self._drop(event.session, event.experiment)
        if trial is not None:
            self.refused.setdefault((event.session, event.experiment), []).append(trial.change)

    def _fail(self, event: RunFailed, _recorded: Recorded) -> None:
        trial = self.rows.get((event.session, event.experiment))
        if trial is not None:
            trial.failure = event.kind

    def _decide(self, event: Verdict, _recorded: Recorded) -> None:
        trial = self.rows.get((event.session, event.experiment))
        if trial is not None:
            trial.status, trial.reason = STATUS[type(event)], event.reason
            trial.vetoed = trial.status == "invalid" and event.rule == VETO
            trial.metric, trial.delta, trial.gain_sigma = event.metric, event.delta, event.gain_sigma
            trial.failure = trial.failure if event.metric is None else ""

    def _drop(self, session: str, experiment: int) -> Trial | None:
        """Remove a trial: a refused attempt is none, and a later attempt replaces an earlier one."""
        trial = self.rows.pop((session, experiment), None)
        if trial is not None:
            del self._sessions[session][experiment]
            if self._lazy_index is not None:
                _remove(self._lazy_index, trial)
        return trial

    def _index(self) -> dict[tuple[str, str], dict[int, Trial]]:
        """The index, built at first use: screens and checks never need it."""
        if self._lazy_index is None:
            self._lazy_index = {}
            for trial in self.rows.values():
                _add(self._lazy_index, trial)
        return self._lazy_index


def _add(index: dict[tuple[str, str], dict[int, Trial]], trial: Trial) -> None:
    for key in (*_keys(trial.change), ("parent", trial.parent)):
        index.setdefault(key, {})[trial.order] = trial


def _remove(index: dict[tuple[str, str], dict[int, Trial]], trial: Trial) -> None:
    for key in (*_keys(trial.change), ("parent", trial.parent)):
        index[key].pop(trial.order, None)


def _keys(change: Change) -> Iterator[tuple[str, str]]:
    yield "program", change.program
    yield "change", change.change
    yield from (("knob", move.name) for move in change.knobs)
    yield from (("token", token) for token in {*change.added, *change.removed})
