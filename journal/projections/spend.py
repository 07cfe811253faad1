"""The cost of proposals and scores: one row per session, proposer and model. A pure fold."""

import msgspec

from journal.events import IdeaProposed, ProposalDropped, ProposerFailed, RunFailed, RunFinished, Usage
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold


class Spend(msgspec.Struct, kw_only=True, gc=False):
    """Tokens, US dollars (None if a price is unknown) and seconds of waiting."""

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


class Costs(msgspec.Struct, gc=False):
    """What calls of models have cost as far as it is known, for a limit that must hold."""

    dollars: float = 0.0  # of the calls with a price
    unpriced: Usage = Usage()  # tokens of the calls without a price
    silent_calls: int = 0  # calls that reported neither a price nor tokens

    def add(self, usage: Usage) -> None:
        if usage.dollars is not None:
            self.dollars += usage.dollars
        elif has_tokens(usage):
            self.unpriced = _sum(self.unpriced, usage)
        else:
            self.silent_calls += usage.calls


JUDGE = "judge"  # `proposer` in the row of a judge model


class Spending(Fold):
    """Rows by (session, proposer, model); the model is empty if the proposer has none."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], Spend] = {}
        self.handlers = {
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
    row.dollars = add_dollars(row.dollars, usage)
    row.seconds += usage.seconds
    return row


def has_tokens(usage: Usage) -> bool:
    """Whether any token is counted."""
    return bool(usage.tokens_in or usage.tokens_out or usage.tokens_cache_read or usage.tokens_cache_written)


def _sum(first: Usage, second: Usage) -> Usage:
    return Usage(
        tokens_in=first.tokens_in + second.tokens_in,
        tokens_out=first.tokens_out + second.tokens_out,
        tokens_cache_read=first.tokens_cache_read + second.tokens_cache_read,
        tokens_cache_written=first.tokens_cache_written + second.tokens_cache_written,
        calls=first.calls + second.calls,
    )


def add_dollars(dollars: float | None, usage: Usage) -> float | None:
    """The sum of both; None if either is unknown."""
    return None if dollars is None or usage.dollars is None else dollars + usage.dollars
