"""What proposals cost: one row per session, proposer and model. A pure fold."""

import msgspec

from journal.events import IdeaProposed, ProposalDropped, ProposerFailed, RunFailed, RunFinished, Usage
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold


class Spend(msgspec.Struct, kw_only=True, gc=False):
    """Tokens, US dollars (None where a price is unknown) and seconds of waiting."""

    session: str
    proposer: str
    model: str
    proposals: int = 0
    failures: int = 0
    calls: int = 0
    tokens_in: int = 0
    tokens_cache_read: int = 0
    tokens_cache_written: int = 0
    tokens_out: int = 0
    dollars: float | None = 0.0
    seconds: float = 0.0


JUDGE = "judge"  # who stands as the proposer of what a score cost


class Spending(Fold):
    """Rows by (session, proposer, model); the model is empty where the proposer has none."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], Spend] = {}
        self.takes = {
            IdeaProposed: self._propose,
            ProposerFailed: self._fail,
            ProposalDropped: self._drop,
            RunFinished: self._judge,
            RunFailed: self._judge,
        }

    def _propose(self, event: IdeaProposed, _recorded: Recorded) -> Spend:
        row = self._row(event.session, event.proposer, event.model)
        row.proposals += 1
        return _add(row, event.usage)

    def _fail(self, event: ProposerFailed, _recorded: Recorded) -> Spend:
        row = self._row(event.session, event.proposer, event.model)
        row.failures += 1
        return _add(row, event.usage)

    def _drop(self, event: ProposalDropped, _recorded: Recorded) -> Spend:
        row = self._row(event.session, event.proposer, event.model)
        if event.why in ("failed", "ended"):
            row.failures += 1
        else:
            row.proposals += 1
        return _add(row, event.usage)

    def _judge(self, event: RunFinished | RunFailed, _recorded: Recorded) -> Spend | None:
        return _add(self._row(event.session, JUDGE, None), event.usage) if event.usage.calls else None

    def _row(self, session: str, proposer: str, model: str | None) -> Spend:
        key = (session, proposer, model or "")
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Spend(session=session, proposer=proposer, model=model or "")
        return row


def _add(row: Spend, usage: Usage) -> Spend:
    row.calls += usage.calls
    row.tokens_in += usage.tokens_in
    row.tokens_cache_read += usage.tokens_cache_read
    row.tokens_cache_written += usage.tokens_cache_written
    row.tokens_out += usage.tokens_out
    row.dollars = priced(row.dollars, usage)
    row.seconds += usage.seconds
    return row


def priced(dollars: float | None, usage: Usage) -> float | None:
    """The dollars with what was used since; a sum in which one price is unknown is unknown."""
    return None if dollars is None or usage.dollars is None else dollars + usage.dollars
