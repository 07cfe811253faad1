"""The cost of one call of an agent: what it printed, else what its note says, priced by model if it names tokens only. Pure."""

from collections.abc import Mapping
from datetime import date

from journal.events import Usage
from loop.llm import prices
from loop.llm.prices import Price
from loop.proposers.command.note import Note
from loop.proposers.command.reported_cost import ReportedCost, reported_cost


def call_cost(
    output: str, note: Note, *, model: str | None, own_prices: Mapping[str, Price], on: date, seconds: float
) -> tuple[Usage, str | None]:
    """(usage, the model). `dollars` is None if nothing tells the price; `model` is the brief's, if the agent names none.

    The program's own figure counts before the note, which a model writes.
    """
    noted = ReportedCost(dollars=note.dollars, tokens=Usage(tokens_in=note.tokens_in, tokens_out=note.tokens_out))
    printed = reported_cost(output) or ReportedCost()
    tokens = printed.tokens if printed.has_tokens else noted.tokens
    name = printed.model or note.model or model
    dollars = printed.dollars
    if dollars is None and printed.has_tokens and name:
        dollars = prices.dollars(name, tokens, on=on, own=own_prices)
    if dollars is None:
        dollars = noted.dollars
    if dollars is None and noted.has_tokens and name:
        dollars = prices.dollars(name, tokens, on=on, own=own_prices)
    usage = Usage(
        tokens_in=tokens.tokens_in,
        tokens_out=tokens.tokens_out,
        tokens_cache_read=tokens.tokens_cache_read,
        tokens_cache_written=tokens.tokens_cache_written,
        calls=1,
        dollars=dollars,
        seconds=seconds,
    )
    return usage, name
