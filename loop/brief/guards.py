"""Guards: conditions on other numbers of a run, so that no change buys the metric at their cost. Pure.

`guard: accuracy >= 0.78` reads `accuracy` from the place of the metric (see `loop.brief.metric.source`). A run that breaks a
guard is not kept, whatever its metric.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from loop.brief.config import NUMBER
from loop.errors import BadInput

_GUARD = re.compile(rf"(?P<name>\S.*?)\s*(?P<relation><=|>=|==|<|>)\s*(?P<bound>{NUMBER})")
_RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "<": operator.lt, ">": operator.gt,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One condition: the number of that name in relation to a bound."""

    name: str
    relation: str
    bound: float
    text: str

    def holds(self, value: float) -> bool:
        return _RELATIONS[self.relation](value, self.bound)


def parse(text: str) -> Guard:
    """Raises BadInput."""
    match = _GUARD.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"`{text}` is not a guard: write a name, one of <= >= == < > and a number: accuracy >= 0.78.")
    return Guard(name=match["name"], relation=match["relation"], bound=float(match["bound"]), text=text.strip())


def violation(guards: Iterable[str], values: Mapping[str, float]) -> str | None:
    """The first guard that these numbers break, as a clause; None if all hold."""
    for guard in map(parse, guards):
        value = values.get(guard.name)
        if value is None or not guard.holds(value):
            state = "unknown" if value is None else f"{value:g}"
            return f"the guard `{guard.text}` does not hold: {guard.name} is {state}"
    return None


def sentences(guards: Iterable[str]) -> Iterator[str]:
    """The guards as rules for a proposer."""
    return (f"A run is kept only if {text} holds, whatever its metric." for text in guards)
