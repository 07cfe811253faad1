"""Every change that the gate accepted, indexed by what it does and by its parent. A pure fold."""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from journal.events import (
    VETO,
    Candidate,
    Change,
    ChangeCommitted,
    IdeaProposed,
    IdeaRefused,
    RunFailed,
    SessionStarted,
    Verdict,
)
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold
from journal.projections.experiments import STATUS, Status
from journal.projections.studies import Studies

EXTERNAL_FAILURES = frozenset({"interrupted", "killed", "disk_full"})  # they say nothing about the idea


class Trial(msgspec.Struct, kw_only=True, gc=False):
    """One accepted proposal and its verdict. `order` numbers the trials of all sessions."""

    session: str
    experiment: int
    parent: str
    change: Change
    idea: str
    kind: str
    order: int
    harness: str  # equal for the trials of one study
    device: str = ""  # the device class of its result
    parent_program: str = ""  # hash of the parent's program, or the parent's commit if no experiment ran it
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
        self._studies = Studies()
        self._starts: dict[str, str] = {}  # session -> its first commit
        self._programs: dict[str, str] = {}  # commit -> hash of its program
        self._commits: dict[str, tuple[str, int]] = {}  # commit -> the experiment that ran it first
        self._baseline_words: dict[str, frozenset[str]] = {}
        self._lazy_index: dict[tuple[str, str], dict[int, Trial]] | None = None  # (what, which) -> trials by order
        self._count = 0
        self.handlers = {
            SessionStarted: self._start,
            ChangeCommitted: self._commit,
            IdeaProposed: self._propose,
            IdeaRefused: self._refuse,
            RunFailed: self._fail,
            **dict.fromkeys(STATUS, self._decide),
        }

    def harness(self, session: str) -> str:
        """What is equal in all sessions of a study."""
        row = self._studies.rows.get(session)
        return row.identity if row else ""

    def device(self, session: str) -> str:
        """The device class of a session's results."""
        row = self._studies.rows.get(session)
        return row.device if row else ""

    def program_at(self, commit: str) -> str:
        """The hash of a commit's program, whichever session made it; the commit itself if no experiment ran it."""
        return self._programs.get(commit, commit)

    def trial_at(self, commit: str) -> Trial | None:
        """The trial that made a commit, the baseline for a session's first; None for an unknown commit."""
        return self.rows.get(self._commits.get(commit, ("", 0)))

    def holds_in(self, trial: Trial, session: str) -> bool:
        """Whether a trial counts in a session as one of its own: a failure on its study and device class does.

        What another session kept does not: this session may lack it, and may try it again.
        """
        if trial.session == session:
            return True
        is_comparable = trial.harness == self.harness(session) and trial.device == self.device(session)
        return is_comparable and (trial.vetoed or trial.status in ("discard", "crash"))

    def baseline_words(self, session: str) -> frozenset[str]:
        """The identifiers of a session's baseline."""
        return self._baseline_words.get(session, frozenset())

    def of_session(self, session: str) -> Iterable[Trial]:
        """The trials of one session, oldest first."""
        return self._sessions.get(session, {}).values()

    def on_parent(self, parent: str) -> Iterable[Trial]:
        """The trials on the program of one commit, of whatever session, oldest first."""
        return self._index().get(("parent", self.program_at(parent)), {}).values()

    def with_program(self, program: str) -> Iterable[Trial]:
        """The trials that lead to a program, oldest first."""
        return self._index().get(("program", program), {}).values()

    def comparable(self, change: Change, parent: str) -> Iterator[Trial]:
        """Every trial that could be the same idea: with the same program, change, knob or parent; each once."""
        keys = [("program", change.program), ("change", change.change), ("parent", self.program_at(parent))]
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

    def _start(self, event: SessionStarted, recorded: Recorded) -> None:
        self._studies.apply(recorded)
        self._starts[event.session] = event.start

    def _commit(self, event: ChangeCommitted, _recorded: Recorded) -> None:
        trial = self.rows.get((event.session, event.experiment))
        if trial is not None:
            self._add_commit(event.commit, trial)

    def _add_commit(self, commit: str, trial: Trial) -> None:
        self._programs.setdefault(commit, trial.change.program)
        self._commits.setdefault(commit, (trial.session, trial.experiment))

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
            device=self.device(event.session),
            parent_program=event.change.program if event.kind == "baseline" else self.program_at(event.parent),
            retry_of=event.retry_of,
            considered=event.considered,
        )
        self.rows[event.session, event.experiment] = trial
        if event.kind == "baseline":
            self._baseline_words[event.session] = frozenset(event.change.added)
            self._add_commit(self._starts.get(event.session, event.parent), trial)
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


def moves_only_knobs(trial: Trial | None) -> bool:
    """Whether a trial sets values and changes no code."""
    change = trial.change if trial else None
    return change is not None and bool(change.knobs) and not change.added and not change.removed


def _add(index: dict[tuple[str, str], dict[int, Trial]], trial: Trial) -> None:
    for key in (*_keys(trial.change), ("parent", trial.parent_program)):
        index.setdefault(key, {})[trial.order] = trial


def _remove(index: dict[tuple[str, str], dict[int, Trial]], trial: Trial) -> None:
    for key in (*_keys(trial.change), ("parent", trial.parent_program)):
        index[key].pop(trial.order, None)


def _keys(change: Change) -> Iterator[tuple[str, str]]:
    yield "program", change.program
    yield "change", change.change
    yield from (("knob", move.name) for move in change.knobs)
    yield from (("token", token) for token in {*change.added, *change.removed})
