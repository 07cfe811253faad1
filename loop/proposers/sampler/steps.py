"""The steps that the sampler can make from the value of a knob. Pure.

Numbers move by factors, to two significant digits; small integers by one and two; powers of two to their neighbours; numbers
just below one (momenta, decay rates) by factors of their distance to one; zero by additions; tiny numbers by decades.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from journal.changes.knob import Knob, Value

LADDER = (0.5, 0.67, 0.8, 0.9, 1.1, 1.25, 1.5, 2.0)
FROM_ZERO = (0.02, 0.05, 0.1, 0.2)  # shares of the range; absolute without a range
SMALL_INTEGER = 12  # integers up to this move by one and two
NEAR_ONE = 0.8  # a number from this to one counts as a decay rate
TINY = 1e-5  # smaller numbers move by decades
FIRST_SHARE = 0.2  # a step from zero of this size counts as a doubling
SMALL_SHARE = 0.2  # a number up to this may become zero, if its range includes zero


@dataclass(frozen=True, slots=True, kw_only=True)
class KnobStep:
    """A new value of a knob; `direction` is 1, -1, or 0 for a choice."""

    knob: Knob
    source: str
    value: Value
    direction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step of a knob in a file; `name` is the knob's name in the journal."""

    path: str
    name: str
    step: KnobStep


def steps(knob: Knob, knobs: Mapping[str, Knob]) -> tuple[KnobStep, ...]:
    """Every step that the knob's range allows; `knobs` are those of the file, for a range that names one."""
    if knob.range.fixed:
        return ()
    found = {step.source: step for step in _candidates(knob, knobs) if step.value != knob.value}
    return tuple(found.values())


def _candidates(knob: Knob, knobs: Mapping[str, Knob]) -> Iterator[KnobStep]:
    if isinstance(knob.value, bool):
        other = str(not knob.value)
        source = other.lower() if knob.source.islower() else other  # YAML, TOML and JSON write true
        yield KnobStep(knob=knob, source=source, value=not knob.value, direction=0)
    elif knob.range.choices:
        yield from _choices(knob)
    elif not isinstance(knob.value, str) and math.isfinite(knob.value):
        values = _integers(knob, knobs) if isinstance(knob.value, int) else _reals(knob)
        yield from (_number(knob, value) for value in values if _allowed(knob, value, knobs))


def _number(knob: Knob, value: float) -> KnobStep:
    old = knob.value
    assert not isinstance(old, str)
    source = source_text(value, like=knob.source)
    return KnobStep(knob=knob, source=source, value=value, direction=1 if value > old else -1)


def coordinate(value: float, *, here: float) -> float:
    """The distance of a value from `here`, in doublings; of the distance to one near one, in decades for tiny numbers.

    From zero, FIRST_SHARE counts as a doubling; a step to zero counts as one.
    """
    if NEAR_ONE <= here < 1 and 0 < value < 1:
        return math.log2((1 - here) / (1 - value))
    if value * here > 0:
        step = math.log10 if abs(here) < TINY else math.log2
        return math.copysign(1.0, here) * step(value / here)
    return (value - here) / (abs(here) if here else FIRST_SHARE)


def _choices(knob: Knob) -> Iterator[KnobStep]:
    """The declared choices, quoted as the literal is."""
    for choice in knob.range.choices:
        if isinstance(knob.value, str):
            bare = choice.strip("\"'")
            quote = knob.source[0] if knob.source[:1] in "\"'" else ""
            yield KnobStep(knob=knob, source=f"{quote}{bare}{quote}", value=bare, direction=0)
        elif (value := _parsed(choice)) is not None:
            yield _number(knob, int(value) if isinstance(knob.value, int) else value)


def _integers(knob: Knob, knobs: Mapping[str, Knob]) -> Iterator[int]:
    value = knob.value
    assert isinstance(value, int)
    unit = _unit(knob, knobs)
    if unit > 1:
        yield from (value - unit, value + unit)
    elif abs(value) <= SMALL_INTEGER:
        limit = max(2 * abs(value), abs(value) + 1)
        yield from (value + step for step in (-2, -1, 1, 2) if abs(value + step) <= limit)
    if value > 2 and value & (value - 1) == 0:
        yield from (value // 2, value * 2)
    elif value > SMALL_INTEGER:
        yield from (round(_two_digits(value * factor) / unit) * unit for factor in LADDER)


def _reals(knob: Knob) -> Iterator[float]:
    value = float(knob.value)
    low, high = knob.range.low, knob.range.high
    if value == 0:
        span = 1.0 if high is None or high <= 0 else high
        yield from (_two_digits(share * span) for share in FROM_ZERO)
    elif 0 < value < TINY:
        yield from (_two_digits(value * factor) for factor in (0.1, 10.0))
    elif NEAR_ONE <= value < 1 and (high is None or high <= 1):
        yield from (_below_one(1 - value, factor) for factor in LADDER)
    else:
        yield from (_two_digits(value * factor) for factor in LADDER)
    if 0 < value <= SMALL_SHARE and low == 0:
        yield 0.0


def _below_one(rest: float, factor: float) -> float:
    rest = _two_digits(rest * factor)
    return round(1 - rest, 2 + max(0, -math.floor(math.log10(rest))))


def _allowed(knob: Knob, value: float, knobs: Mapping[str, Knob]) -> bool:
    low, high = knob.range.low, knob.range.high
    if (low is not None and value < low) or (high is not None and value > high):
        return False
    if isinstance(value, int) and value % _unit(knob, knobs):
        return False
    return low is not None or (value > 0) == (float(knob.value) > 0) or knob.value == 0


def _unit(knob: Knob, knobs: Mapping[str, Knob]) -> int:
    """The number that an integer must be a multiple of; 1 if none is declared."""
    declared = knob.range.multiple
    other = knobs.get(declared or "")
    number = other.value if other else _parsed(declared or "1")
    return int(number) if isinstance(number, int | float) and number >= 1 else 1


def source_text(value: float, *, like: str) -> str:
    """A number in the notation of another source text: as a power, with underscores, with an exponent."""
    if isinstance(value, int):
        power = value > 0 and value & (value - 1) == 0
        shape = re.fullmatch(r"(2\s*\*\*\s*|1\s*<<\s*)\d+", like.strip())
        if shape and power:
            return f"{shape[1]}{value.bit_length() - 1}"
        return f"{value:_}" if "_" in like else str(value)
    text = repr(float(value))
    if "e" in like.lower() or "e" in text:
        mantissa, _, exponent = f"{value:.6e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}" if value else "0.0"
    return text


def _two_digits(value: float) -> float:
    return float(f"{value:.1e}")


def _parsed(text: str) -> float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def movable(knobs: Iterable[Knob]) -> Mapping[str, tuple[KnobStep, ...]]:
    """Knob -> its steps, for the knobs that have any."""
    by_name = {knob.name: knob for knob in knobs}
    found = {name: steps(knob, by_name) for name, knob in by_name.items()}
    return {name: moves for name, moves in found.items() if moves}
