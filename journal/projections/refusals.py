"""One row per proposal that the gate refused before it cost a run. A pure fold."""

import msgspec

from journal.events import IdeaProposed, IdeaRefused
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold


class Refusal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`matched` is the earlier experiment, and `score` the similarity to it, 0..1."""

    session: str
    experiment: int
    attempt: int
    rule: str
    reason: str
    matched: int | None
    score: float | None
    idea: str
    refused_at: str


class Refusals(Fold):
    """Rows by (session, experiment, attempt)."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int, int], Refusal] = {}
        self._ideas: dict[tuple[str, int], str] = {}  # the latest idea of each experiment
        self.handlers = {IdeaProposed: self._propose, IdeaRefused: self._refuse}

    def _propose(self, event: IdeaProposed, _recorded: Recorded) -> None:
        self._ideas[event.session, event.experiment] = event.idea

    def _refuse(self, event: IdeaRefused, recorded: Recorded) -> Refusal:
        row = self.rows[event.session, event.experiment, event.attempt] = Refusal(
            session=event.session,
            experiment=event.experiment,
            attempt=event.attempt,
            rule=event.rule,
            reason=event.reason,
            matched=event.matched,
            score=event.score,
            idea=self._ideas.get((event.session, event.experiment), ""),
            refused_at=recorded.recorded_at,
        )
        return row
