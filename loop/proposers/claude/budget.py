"""The cost limit of a session: recorded costs, costs of this process and calls in flight may not exceed it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from journal.events import Usage
from journal.projections.state import State
from loop.llm import prices
from loop.llm.messages import Fault
from loop.llm.prices import Price

CHARACTERS_PER_TOKEN = 2.0  # a low value (1.9 to 3.1 were measured), so that the estimate is high


class ProposalBudget:
    """Thread-safe. It reads the limit before each call, because an edit of the brief may change it.

    A model without a known price counts as the dearest model of the table, so that the limit holds.
    """

    def __init__(self, limit: Callable[[], float]) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._recorded_before: dict[str, float] = {}  # by session: recorded at the first call of this process
        self._own: dict[str, float] = {}  # by session: spent by this process
        self._in_flight = 0.0

    @contextmanager
    def reserve(self, session: str, *, recorded: float, estimate: float) -> Iterator[None]:
        """Reserve dollars for one call. Raises Fault if the limit leaves too little."""
        with self._lock:
            before = self._recorded_before.setdefault(session, recorded)
            spent = max(recorded, before + self._own.get(session, 0.0)) + self._in_flight
            limit = self._limit()
            if spent + estimate > limit:
                message = (
                    f"{spent:.2f} of {limit:.2f} dollars are spent or in flight, and one more call may cost {estimate:.2f}: "
                    "raise `max_cost` in the brief."
                )
                raise Fault("cost", message)
            self._in_flight += estimate
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= estimate

    def spend(self, session: str, dollars: float) -> None:
        """Count the cost of a call."""
        with self._lock:
            self._own[session] = self._own.get(session, 0.0) + dollars


def cost(model: str, usage: Usage, *, on: date, own: Mapping[str, Price] = prices.NO_PRICES) -> float:
    """Dollars that a call counts against the limit."""
    return (prices.price(model, on, own=own) or prices.HIGHEST).dollars(usage)


def estimate(
    model: str, characters: int, max_tokens: int, *, on: date, own: Mapping[str, Price] = prices.NO_PRICES
) -> float:
    """The highest cost of a call, in dollars: nothing is cached, and the output uses every token."""
    usage = Usage(tokens_cache_written=round(characters / CHARACTERS_PER_TOKEN), tokens_out=max_tokens)
    return cost(model, usage, on=on, own=own)


def recorded_cost(state: State, session: str) -> float:
    """The cost of a session in the journal, in dollars; tokens without a known price cost what the dearest model takes."""
    row = state.sessions.rows.get(session)
    return 0.0 if row is None else row.costs.dollars + prices.HIGHEST.dollars(row.costs.unpriced)
