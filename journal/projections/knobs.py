"""One row per knob that an experiment changed: its value, its base and the verdict. A pure fold."""

from collections.abc import Sequence

import msgspec

from journal.events import (
    ChangeCommitted,
    IdeaProposed,
    IdeaRefused,
    KnobMove,
    SessionStarted,
    Verdict,
)
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold
from journal.projections.experiments import STATUS


class KnobTrial(msgspec.Struct, kw_only=True, gc=False):
    """One knob of one experiment. `value` and `old` are source text; `delta` is metric - incumbent."""

    session: str
    experiment: int
    knob: str
    value: str
    old: str
    parent: str
    parent_experiment: int | None = None
    alone: bool = True  # whether the experiment changed nothing else
    status: str = "open"  # open, refused, keep, discard, crash, invalid
    metric: float | None = None
    delta: float | None = None
    gain_sigma: float | None = None
    decided_at: str | None = None


class Knobs(Fold):
    """Rows by (session, experiment, knob)."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int, str], KnobTrial] = {}
        self._by_experiment: dict[tuple[str, int], list[KnobTrial]] = {}
        self._by_session: dict[str, dict[tuple[int, str], KnobTrial]] = {}
        self._commits: dict[str, int] = {}  # commit -> experiment
        self.handlers = {
            SessionStarted: self._start,
            ChangeCommitted: self._commit,
            IdeaProposed: self._propose,
            IdeaRefused: self._refuse,
            **dict.fromkeys(STATUS, self._decide),
        }

    def of_session(self, session: str) -> Sequence[KnobTrial]:
        """The rows of one session, in the order of their first proposals."""
        return tuple(self._by_session.get(session, {}).values())

    def _start(self, event: SessionStarted, _recorded: Recorded) -> None:
        self._commits[event.start] = 0

    def _commit(self, event: ChangeCommitted, _recorded: Recorded) -> None:
        self._commits[event.commit] = event.experiment

    def _propose(self, event: IdeaProposed, _recorded: Recorded) -> list[KnobTrial]:
        change = event.change
        alone = len(change.knobs) == 1 and not change.added and not change.removed
        parent = self._commits.get(event.parent)
        rows = [_trial(event, move, parent_experiment=parent, alone=alone) for move in change.knobs]
        self._by_experiment[event.session, event.experiment] = rows
        for row in rows:
            self.rows[row.session, row.experiment, row.knob] = row
            self._by_session.setdefault(row.session, {})[row.experiment, row.knob] = row
        return rows

    def _refuse(self, event: IdeaRefused, _recorded: Recorded) -> list[KnobTrial]:
        rows = self._by_experiment.get((event.session, event.experiment), [])
        for row in rows:
            row.status = "refused"
        return rows

    def _decide(self, event: Verdict, recorded: Recorded) -> list[KnobTrial]:
        rows = self._by_experiment.get((event.session, event.experiment), [])
        for row in rows:
            row.status, row.decided_at = STATUS[type(event)], recorded.recorded_at
            row.metric, row.delta, row.gain_sigma = event.metric, event.delta, event.gain_sigma
        return rows


def _trial(event: IdeaProposed, move: KnobMove, *, parent_experiment: int | None, alone: bool) -> KnobTrial:
    return KnobTrial(
        session=event.session,
        experiment=event.experiment,
        knob=move.name,
        value=move.new,
        old=move.old,
        parent=event.parent,
        parent_experiment=parent_experiment,
        alone=alone,
    )
