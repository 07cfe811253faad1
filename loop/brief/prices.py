"""The `prices` of a brief: a model's name and its dollars per million tokens. Pure."""

import math
from collections.abc import Mapping

from loop.errors import BadInput

ADVICE = (
    "write dollars per million tokens as `MODEL: [input, output, cache write, cache read]`, `MODEL: [input, output]`, or "
    "`MODEL: 0` for a local model"
)


def parse_prices(value: object, *, where: str) -> dict[str, list[float]]:
    """Model -> the four prices; without the prices of a cache its tokens cost what input costs. Raises BadInput."""
    if not isinstance(value, Mapping):
        raise BadInput(f"{where} is `{value}`: {ADVICE}.")
    return {str(model): _four(prices, where=f"{where} of {model}") for model, prices in value.items()}


def _four(prices: object, *, where: str) -> list[float]:
    values = prices if isinstance(prices, list) else [prices] * 2
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(values) not in (2, 4) or len(numbers) < len(values) or not all(0 <= number < math.inf for number in numbers):
        raise BadInput(f"{where} is `{prices}`: {ADVICE}; a price is 0 or more.")
    return numbers if len(numbers) == 4 else [*numbers, numbers[0], numbers[0]]
