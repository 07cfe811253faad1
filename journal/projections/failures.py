"""The rows of full-text search: every idea with its diff, and every failed run with its idea. A pure fold.

It keeps no rows in memory: the texts are large, never change, and are read only through SQL.
"""

import msgspec

from journal.events import IdeaProposed, RunFailed
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold


class Failure(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`signature` is the normalised last error, which groups failures; `trace` is the end of the output."""

    session: str
    experiment: int
    run: int
    kind: str
    signature: str
    trace: str
    idea: str


class Failures(Fold):
    """A row for each failed run."""

    def __init__(self) -> None:
        self._ideas: dict[tuple[str, int], str] = {}
        self.handlers = {IdeaProposed: self._propose, RunFailed: self._fail}

    def _propose(self, event: IdeaProposed, _recorded: Recorded) -> None:
        self._ideas[event.session, event.experiment] = event.idea

    def _fail(self, event: RunFailed, _recorded: Recorded) -> Failure:
        return Failure(
            session=event.session,
            experiment=event.experiment,
            run=event.run,
            kind=event.kind,
            signature=event.signature,
            trace=event.trace or event.reason,
            idea=self._ideas.get((event.session, event.experiment), ""),
        )


class Ideas(Fold):
    """A row for each proposal, also a refused one: the event itself."""

    def __init__(self) -> None:
        self.handlers = {IdeaProposed: self._propose}

    def _propose(self, event: IdeaProposed, _recorded: Recorded) -> IdeaProposed:
        return event
