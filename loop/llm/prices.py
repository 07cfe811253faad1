"""List prices of Claude models, with dates. Pure.

Source: Anthropic, "Pricing" (https://platform.claude.com/docs/en/about-claude/pricing) and the models' overview pages
(…/docs/en/models/NAME/overview), US dollars per million tokens, first-party API, standard speed. The cost of a model
that is not in the table is None.

Read from stored copies of these pages. The long-prompt and cache prices of Haiku 5.5, and Sonnet 5.5's cache price of
October 2026, come from other people's notes that cite the page: compare them before a bill depends on them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from journal.events import Usage

CHECKED = date(2026, 11, 21)
MILLION = 1_000_000
_SNAPSHOT = re.compile(r"-20\d{6}$")  # claude-haiku-4-5-20251001 costs what claude-haiku-4-5 does


@dataclass(frozen=True, kw_only=True)
class Price:
    """Dollars per million tokens from `since` on, times `long_factor` if the prompt has more than `long_over` tokens."""

    input: float
    output: float
    cache_written: float  # kept for one hour
    cache_read: float
    since: date = date.min
    long_over: int | None = None
    long_factor: float = 1.0

    def dollars(self, usage: Usage) -> float:
        """What one call costs."""
        prompt = usage.tokens_in + usage.tokens_cache_read + usage.tokens_cache_written
        factor = self.long_factor if self.long_over is not None and prompt > self.long_over else 1.0
        tokens = (
            usage.tokens_in * self.input
            + usage.tokens_out * self.output
            + usage.tokens_cache_written * self.cache_written
            + usage.tokens_cache_read * self.cache_read
        )
        return factor * tokens / MILLION


_OPUS_5 = Price(input=5.0, output=25.0, cache_written=10.0, cache_read=0.50)
_SONNET_4 = Price(input=3.0, output=15.0, cache_written=6.0, cache_read=0.30)
_FABLE_5 = Price(input=10.0, output=50.0, cache_written=20.0, cache_read=1.0)
_FABLE_5_1 = Price(input=10.0, output=50.0, cache_written=20.0, cache_read=0.25)
_SONNET_5 = Price(input=2.0, output=10.0, cache_written=4.0, cache_read=0.20)

TABLE: Mapping[str, tuple[Price, ...]] = {
    "claude-opus-5-5": (Price(input=4.0, output=20.0, cache_written=8.0, cache_read=0.20),),
    "claude-sonnet-5-5": (
        _SONNET_5,
        Price(input=2.0, output=10.0, cache_written=4.0, cache_read=0.10, since=date(2026, 10, 7)),
    ),
    "claude-haiku-5-5": (
        Price(input=0.10, output=0.50, cache_written=0.20, cache_read=0.01, long_over=100_000, long_factor=5.0),
    ),
    "claude-fable-5-1": (_FABLE_5_1,),
    "claude-mythos-5-1": (_FABLE_5_1,),
    "claude-fable-5": (_FABLE_5,),
    "claude-mythos-5": (_FABLE_5,),
    "claude-opus-5": (_OPUS_5,),
    "claude-opus-4-8": (_OPUS_5,),
    "claude-opus-4-7": (_OPUS_5,),
    "claude-opus-4-6": (_OPUS_5,),
    "claude-opus-4-5": (_OPUS_5,),
    "claude-sonnet-5": (_SONNET_5,),
    "claude-sonnet-4-6": (_SONNET_4,),
    "claude-sonnet-4-5": (_SONNET_4,),
    "claude-haiku-4-5": (Price(input=1.0, output=5.0, cache_written=2.0, cache_read=0.10),),
}

NO_PRICES: Mapping[str, Price] = MappingProxyType({})
HIGHEST = _FABLE_5  # assumed for a model without a known price, so that a cost limit holds


def brief_prices(table: Mapping[str, Sequence[float]]) -> dict[str, Price]:
    """The prices of a brief: model -> dollars per million tokens of input, output, cache write and cache read."""
    return {
        model: Price(input=four[0], output=four[1], cache_written=four[2], cache_read=four[3])
        for model, four in table.items()
    }


def price(model: str, on: date, *, own: Mapping[str, Price] = NO_PRICES) -> Price | None:
    """The price of a model on a day, from the brief's prices or else the list prices; None if it is unknown.

    A name may have a date at its end and a provider before it (`anthropic/claude-opus-5-5`).
    """
    names = (model, _SNAPSHOT.sub("", model), model.rpartition("/")[2], _SNAPSHOT.sub("", model.rpartition("/")[2]))
    if found := next((own[name] for name in names if name in own), None):
        return found
    rows = TABLE.get(names[-1], ())
    return max((row for row in rows if row.since <= on), key=lambda row: row.since, default=None)


def dollars(model: str, usage: Usage, *, on: date, own: Mapping[str, Price] = NO_PRICES) -> float | None:
    """What a call cost; None if the model's price is unknown."""
    row = price(model, on, own=own)
    return None if row is None else row.dollars(usage)
