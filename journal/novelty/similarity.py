"""How alike two changes are: by the values that knobs went to, and by the structure that came and went. Pure.

Structure is compared by identifiers. A word that the file did not hold before (`gelu`) says what an idea is; one
that it held all along (`norm`) says it only together with the place where it came or went; plumbing (`view`, `dtype`) says
nothing. What an idea brings weighs before what it removes: two replacements of one activation are two ideas.
"""

import ast
import math
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from journal.changes.python_knobs import evaluate
from journal.events import Change, KnobMove

KNOWN = 0.3  # weight of a word that the baseline holds already
PLUMBING = frozenset(
    "to dtype device shape size view reshape contiguous transpose float bfloat16 dim keepdim mean sum len list range tuple "  # noqa: SIM905
    "detach clone item append model parameters numel data x y module int max min zip enumerate self p".split()
)


def overlap(one: Change, other: Change, known: AbstractSet[str]) -> float | None:
    """Weighted Jaccard overlap of the structure of two changes, 0..1; None where neither changes any.

    `known` are the words of the baseline.
    """
    if not (one.added or one.removed) and not (other.added or other.removed):
        return None
    ours, theirs = _weighed(one.added, known), _weighed(other.added, known)
    if ours or theirs:
        shared = _jaccard(ours, theirs)
        fresh = any(weight == 1 for weight in (*ours.values(), *theirs.values()))
        return shared if fresh else shared * _places(one, other)
    return _jaccard(_weighed(one.removed, known), _weighed(other.removed, known)) * _places(one, other)


def opposed(one: Change, other: Change) -> bool:
    """Whether one change takes away what the other brings, or differs from it by a knob."""
    crossed = len(_words(one.added) & _words(other.removed)) + len(_words(one.removed) & _words(other.added))
    along = len(_words(one.added) & _words(other.added)) + len(_words(one.removed) & _words(other.removed))
    return crossed > along or _turned(one) != _turned(other)


def distance(one: str, other: str) -> float:
    """|ln(one / other)| of two literals, or of what they leave to one where both lie between zero and one.

    0.95 and 0.975 are far apart as momenta: one forgets twice as slowly. Zero where the two are equal, infinite
    where they cannot be compared so.
    """
    first, second = value(one), value(other)
    if first == second and type(first) is type(second):
        return 0.0
    if isinstance(first, bool | str | None) or isinstance(second, bool | str | None):
        return math.inf
    if first == 0 or second == 0 or (first < 0) != (second < 0):
        return math.inf
    apart = abs(math.log(abs(first)) - math.log(abs(second)))
    if 0 < first < 1 and 0 < second < 1:
        return max(apart, abs(math.log1p(-first) - math.log1p(-second)))
    return apart


def apart(ours: Sequence[KnobMove], theirs: Sequence[KnobMove]) -> float | None:
    """The largest distance between the values of two moves of the same knobs; None where the knobs are not the same."""
    if len(ours) == len(theirs) == 1:  # nearly always
        return distance(ours[0].new, theirs[0].new) if ours[0].name == theirs[0].name else None
    new, old = {move.name: move.new for move in ours}, {move.name: move.new for move in theirs}
    return max(distance(new[name], old[name]) for name in new) if new and new.keys() == old.keys() else None


def likeness(one: Change, other: Change, known: AbstractSet[str]) -> float:
    """How much two changes have in common, 0..1, for showing neighbours."""
    if one.program == other.program or one.change == other.change:
        return 1.0
    parts = [score for score in (_knobs(one, other), overlap(one, other, known)) if score is not None]
    return sum(parts) / len(parts) if parts else 0.0


@lru_cache(maxsize=1 << 14)
def value(source: str) -> bool | int | float | str | None:
    """The value of a literal's source text; the text itself where it is not Python."""
    if not source:
        return None
    try:
        found = evaluate(ast.parse(source.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        return source
    return source if found is None else found


def _weighed(words: Iterable[str], known: AbstractSet[str]) -> dict[str, float]:
    """Words by weight; `Dropout`, `dropout_` and `drop_out` are one word."""
    return {_plain(w): KNOWN if w in known else 1.0 for w in words if w not in PLUMBING and not w.startswith("@")}


def _jaccard(ours: dict[str, float], theirs: dict[str, float]) -> float:
    both = {word: max(ours.get(word, 0), theirs.get(word, 0)) for word in ours.keys() | theirs.keys()}
    shared = sum(weight for word, weight in both.items() if word in ours and word in theirs)
    return shared / sum(both.values()) if both else 0.0


def _places(one: Change, other: Change) -> float:
    ours, theirs = ({w for w in (*side.added, *side.removed) if w.startswith("@")} for side in (one, other))
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 1.0


def _words(words: Iterable[str]) -> set[str]:
    return {word for word in words if not word.startswith("@") and word not in PLUMBING}


def _turned(change: Change) -> set[str]:
    """The module-level knobs that were there before and after, and moved."""
    return {move.name for move in change.knobs if move.old and move.new and "." not in move.name.rpartition(":")[2]}


def _plain(word: str) -> str:
    return word.replace("_", "").lower()


def _knobs(one: Change, other: Change) -> float | None:
    ours, theirs = {m.name: m for m in one.knobs}, {m.name: m for m in other.knobs}
    if not ours.keys() | theirs.keys():
        return None
    shared = ours.keys() & theirs.keys()
    return sum(math.exp(-distance(ours[n].new, theirs[n].new)) + 1 for n in shared) / (
        2 * len(ours.keys() | theirs.keys())
    )
