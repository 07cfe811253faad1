"""Where a knob may go from where it is: the steps of the sampler. Pure.

Numbers go by factors, two significant digits; small integers by ones and twos; powers of two to their neighbours; numbers
just below one (momenta, decay rates) by factors of their distance to one; zero by additions; tiny numbers by decades.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from journal.changes.knob import Knob, Value

LADDER = (0.5, 0.67, 0.8, 0.9, 1.1, 1.25, 1.5, 2.0)
FROM_ZERO = (0.02, 0.05, 0.1, 0.2)  # shares of the range, or absolute without one
SMALL_INTEGER = 12  # integers up to here move by one and two
NEAR_ONE = 0.8  # from here to one a number is a rate of decay
TINY = 1e-5  # below, only decades matter
FIRST_SHARE = 0.2  # a step from zero that is as large as a doubling elsewhere
WIDEST = 8.0  # a factor: how far a search over a whole range goes from here
SMALL_SHARE = 0.2  # a share this small may be switched off, where its range includes zero


@dataclass(frozen=True, slots=True, kw_only=True)
class KnobStep:
    """One possible move of a knob; `direction` is 0 for a choice."""

    knob: Knob
    source: str
    value: Value
    direction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step of one knob of one file; `name` is the knob's name in the journal."""

    path: str
    name: str
    step: KnobStep


def steps(knob: Knob, known: Mapping[str, Knob]) -> tuple[KnobStep, ...]:
    """Every step that the knob's rules allow; `known` are the file's knobs, for rules that name one."""
    if knob.rules.fixed:
        return ()
    made = {step.source: step for step in _moves(knob, known) if step.value != knob.value}
    return tuple(made.values())


def _moves(knob: Knob, known: Mapping[str, Knob]) -> Iterator[KnobStep]:
    if isinstance(knob.value, bool):
        other = str(not knob.value)
        written_small = knob.source.islower()  # as in YAML, TOML and JSON
        yield KnobStep(knob=knob, source=other.lower() if written_small else other, value=not knob.value, direction=0)
    elif knob.rules.choices:
        yield from _choices(knob)
    elif not isinstance(knob.value, str) and math.isfinite(knob.value):
        values = _integers(knob, known) if isinstance(knob.value, int) else _reals(knob)
        yield from (_number(knob, value) for value in values if _allowed(knob, value, known))


def _number(knob: Knob, value: float) -> KnobStep:
    old = knob.value
    assert not isinstance(old, str)
    return KnobStep(
        knob=knob,
        source=written(value, like=knob.source),
        value=value,
        direction=1 if value > old else -1,
    )


def coordinate(value: float, *, here: float) -> float:
    """Where a value lies from `here`, in doublings; near one by the distance to one, tiny numbers in decades.

    From zero a fifth is a doubling, and to zero it is one.
    """
    if NEAR_ONE <= here < 1 and 0 < value < 1:
        return math.log2((1 - here) / (1 - value))
    if value * here > 0:
        step = math.log10 if abs(here) < TINY else math.log2
        return math.copysign(1.0, here) * step(value / here)
    return (value - here) / (abs(here) if here else FIRST_SHARE)


def _choices(knob: Knob) -> Iterator[KnobStep]:
    """The declared choices, written as the literal is."""
    for choice in knob.rules.choices:
        if isinstance(knob.value, str):
            bare = choice.strip("\"'")
            quote = knob.source[0] if knob.source[:1] in "\"'" else ""
            yield KnobStep(knob=knob, source=f"{quote}{bare}{quote}", value=bare, direction=0)
        elif (value := _parsed(choice)) is not None:
            yield _number(knob, int(value) if isinstance(knob.value, int) else value)


def _integers(knob: Knob, known: Mapping[str, Knob]) -> Iterator[int]:
    value = knob.value
    assert isinstance(value, int)
    unit = _unit(knob, known)
    if unit > 1:
        yield from (value - unit, value + unit)
    elif abs(value) <= SMALL_INTEGER:
        most = max(2 * abs(value), abs(value) + 1)
        yield from (value + step for step in (-2, -1, 1, 2) if abs(value + step) <= most)
    if value > 2 and value & (value - 1) == 0:
        yield from (value // 2, value * 2)
    elif value > SMALL_INTEGER:
        yield from (round(_two_digits(value * factor) / unit) * unit for factor in LADDER)


def _reals(knob: Knob) -> Iterator[float]:
    value = float(knob.value)
    low, high = knob.rules.low, knob.rules.high
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


def _allowed(knob: Knob, value: float, known: Mapping[str, Knob]) -> bool:
    low, high = knob.rules.low, knob.rules.high
    if (low is not None and value < low) or (high is not None and value > high):
        return False
    if isinstance(value, int) and value % _unit(knob, known):
        return False
    return low is not None or (value > 0) == (float(knob.value) > 0) or knob.value == 0


def _unit(knob: Knob, known: Mapping[str, Knob]) -> int:
    """What an integer must be a multiple of; 1 where nothing is declared."""
    declared = knob.rules.multiple
    other = known.get(declared or "")
    number = other.value if other else _parsed(declared or "1")
    return int(number) if isinstance(number, int | float) and number >= 1 else 1


def bounds(knob: Knob, known: Mapping[str, Knob]) -> tuple[float, float, int]:
    """(lowest, highest, unit) of a number, for a search over a whole range: as declared, but within a factor of eight."""
    here = float(knob.value)
    low, high = knob.rules.low, knob.rules.high
    near, far = sorted((here / WIDEST, here * WIDEST)) if here else (0.0, 1.0 if high is None else high)
    if NEAR_ONE <= here < 1:
        far = 1 - (1 - here) / WIDEST
    return max(near, near if low is None else low), min(far, far if high is None else high), _unit(knob, known)


def written(value: float, *, like: str) -> str:
    """A number's source text in the manner of another: powers as powers, thousands with underscores, 3e-4 as 3e-4."""
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
    """The steps of each knob that has any."""
    known = {knob.name: knob for knob in knobs}
    found = {name: steps(knob, known) for name, knob in known.items()}
    return {name: moves for name, moves in found.items() if moves}
