"""The labels of an axis: round values, with as many digits as tell them apart. Pure."""

from math import ceil, floor, log10

from msgspec import Struct

STEPS = (0.5, 1, 2, 5, 10)
UNITS = ((1e9, "G", 1e9), (1e6, "M", 1e6), (1e5, "k", 1e3))  # from which value, and what it stands for


class Tick(Struct, frozen=True):
    """A value on an axis, and how it is written."""

    value: float
    label: str


def ticks(low: float, high: float, wanted: int) -> list[Tick]:
    """About `wanted` multiples of 1, 2 or 5 × 10^n between two values; at least two."""
    if not high > low:
        return [Tick(low, f"{low:.4g}")]
    power = 10.0 ** floor(log10((high - low) / max(1, wanted)))
    choices = [_multiples(low, high, step * power) for step in STEPS]
    return min((found for found in choices if len(found) >= 2), key=lambda found: abs(len(found) - wanted))


def _multiples(low: float, high: float, size: float) -> list[Tick]:
    first, last = ceil(low / size - 1e-9), floor(high / size + 1e-9)
    return [Tick(index * size, _label(index * size, size)) for index in range(first, last + 1)]


def _label(value: float, size: float) -> str:
    """A multiple of `size`, with the digits that tell it from the next; of round sizes with a unit."""
    for limit, unit, factor in UNITS:
        if abs(value) >= limit and size >= factor / 10:
            return f"{value / factor:,.{1 if size < factor else 0}f}{unit}"
    digits = max(0, -floor(log10(size) + 1e-9))
    return f"{value:,.{digits}f}" if digits <= 8 else f"{value:.3e}"


def log_ticks(low: float, high: float, wanted: int) -> list[Tick]:
    """Multiples of 1, 2 and 5 × 10^n between two positive values; round linear values if these are fewer than two."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    values = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    values = [value for value in values if low <= value <= high]
    if len(values) < 2:
        return ticks(low, high, wanted)
    thinned = values[:: max(1, -(-len(values) // max(1, wanted)))]
    return [Tick(value, _label(value, 10.0 ** floor(log10(value) + 1e-9))) for value in thinned]
