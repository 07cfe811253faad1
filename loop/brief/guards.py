"""Guards: conditions on other numbers of a run, so that one metric is not bought with another. Pure.

`guard: accuracy >= 0.78` reads `accuracy` where the metric is read (see `loop.brief.metric`). A run that breaks a guard is
not kept, whatever its metric.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from loop.brief.config import NUMBER
from loop.errors import BadInput

_GUARD = re.compile(rf"(?P<name>\S.*?)\s*(?P<sign><=|>=|==|<|>)\s*(?P<bound>{NUMBER})")
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "<": operator.lt, ">": operator.gt,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One condition: the number of a name stands in a relation to a bound."""

    name: str
    sign: str
    bound: float
    text: str

    def holds(self, value: float) -> bool:
        return _HOLDS[self.sign](value, self.bound)


def parse(text: str) -> Guard:
    """The guard in a text. Raises BadInput."""
    match = _GUARD.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"`{text}` is no guard: write a name, one of <= >= == < > and a number: accuracy >= 0.78.")
    return Guard(name=match["name"], sign=match["sign"], bound=float(match["bound"]), text=text.strip())


def broken(guards: Iterable[str], values: Mapping[str, float]) -> str | None:
    """The first guard that these numbers break, in words, or None."""
    for guard in map(parse, guards):
        value = values.get(guard.name)
        if value is None or not guard.holds(value):
            said = "is not known" if value is None else f"is {value:g}"
            return f"the guard `{guard.text}` does not hold: {guard.name} {said}"
    return None


def words(guards: Iterable[str]) -> Iterator[str]:
    """The guards as a proposer is told them beforehand."""
    return (f"A run is kept only where {text} holds, whatever its metric." for text in guards)
