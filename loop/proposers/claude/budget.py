"""What a session may still spend on proposals: recorded costs, own costs and calls in flight under one cap."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from journal.events import Usage
from journal.projections.state import State
from loop.llm import prices
from loop.llm.messages import Fault

CHARACTERS_PER_TOKEN = (
    2.0  # fewer than any text here has (1.9 to 3.1 were measured), so the estimate is on the high side
)


class ProposalBudget:
    """Thread-safe. `limit` is asked before each call, as a brief may change it in mid-session.

    Where a model's price is unknown, the highest of the table is assumed, so that the cap holds.
    """

    def __init__(self, limit: Callable[[], float]) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._first: dict[str, float] = {}  # by session: recorded when this process first looked
        self._own: dict[str, float] = {}  # by session: spent by this process
        self._flying = 0.0

    @contextmanager
    def hold(self, session: str, *, recorded: float, estimate: float) -> Iterator[None]:
        """Set money aside for one call. Raises Fault where the cap leaves too little."""
        with self._lock:
            first = self._first.setdefault(session, recorded)
            spent = max(recorded, first + self._own.get(session, 0.0)) + self._flying
            limit = self._limit()
            if spent + estimate > limit:
                raise Fault("cost", _told(spent, estimate=estimate, limit=limit))
            self._flying += estimate
        try:
            yield
        finally:
            with self._lock:
                self._flying -= estimate

    def spend(self, session: str, dollars: float) -> None:
        with self._lock:
            self._own[session] = self._own.get(session, 0.0) + dollars


def assumed(model: str, usage: Usage, *, on: date) -> float:
    """Dollars of a call for the cap: as priced, else as if it were the dearest model."""
    return (prices.price(model, on) or prices.DEAREST).dollars(usage)


def estimate(model: str, characters: int, max_tokens: int, *, on: date) -> float:
    """The most that a call may cost: nothing cached, every token of output used."""
    usage = Usage(tokens_cache_written=round(characters / CHARACTERS_PER_TOKEN), tokens_out=max_tokens)
    return assumed(model, usage, on=on)


def recorded(state: State, session: str) -> float:
    """What the journal says a session has cost; unknown prices by their tokens, at the dearest."""
    rows = [row for row in state.spend.rows.values() if row.session == session]
    return sum(
        row.dollars
        if row.dollars is not None
        else prices.DEAREST.dollars(
            Usage(
                tokens_in=row.tokens_in,
                tokens_out=row.tokens_out,
                tokens_cache_read=row.tokens_cache_read,
                tokens_cache_written=row.tokens_cache_written,
            )
        )
        for row in rows
    )


def _told(spent: float, *, estimate: float, limit: float) -> str:
    return (
        f"{spent:.2f} of {limit:.2f} dollars are spent or in flight, and one more call may cost {estimate:.2f}: "
        "raise `max_cost` in the brief."
    )
