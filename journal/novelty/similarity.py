"""How similar two changes are: in the new values of knobs, and in the structure that they add and remove. Pure.

Structure is compared by identifiers. An identifier that is new to the file (`gelu`) characterises an idea. An identifier
that the baseline has (`norm`) does so only together with the place of the change. Plumbing (`view`, `dtype`) counts for
nothing. Added identifiers count before removed ones: two replacements of one activation are two ideas.
"""

import ast
import math
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from journal.changes.python_knobs import evaluate
from journal.events import Change, KnobMove

BASELINE_WEIGHT = 0.3  # weight of an identifier that the baseline has
PLUMBING = frozenset(
    "to dtype device shape size view reshape contiguous transpose float bfloat16 dim keepdim mean sum len list range tuple "  # noqa: SIM905
    "detach clone item append model parameters numel data x y module int max min zip enumerate self p".split()
)


def overlap(left: Change, right: Change, baseline_words: AbstractSet[str]) -> float | None:
    """Weighted Jaccard overlap of the structure of two changes, 0..1; None if both change only knobs."""
    if not (left.added or left.removed) and not (right.added or right.removed):
        return None
    left_added, right_added = _weights(left.added, baseline_words), _weights(right.added, baseline_words)
    if left_added or right_added:
        shared = _jaccard(left_added, right_added)
        has_new_word = any(weight == 1 for weight in (*left_added.values(), *right_added.values()))
        return shared if has_new_word else shared * _place_overlap(left, right)
    removed = _jaccard(_weights(left.removed, baseline_words), _weights(right.removed, baseline_words))
    return removed * _place_overlap(left, right)


def are_opposed(left: Change, right: Change) -> bool:
    """Whether one change removes what the other adds, or the two move different module-level knobs."""
    opposite = len(_words(left.added) & _words(right.removed)) + len(_words(left.removed) & _words(right.added))
    common = len(_words(left.added) & _words(right.added)) + len(_words(left.removed) & _words(right.removed))
    return opposite > common or _moved_knobs(left) != _moved_knobs(right)


def distance(left: str, right: str) -> float:
    """|ln(left / right)| of two literals; for two numbers in (0, 1) at least |ln((1 - left) / (1 - right))|.

    So 0.95 and 0.975 are far apart as momenta: one forgets twice as slowly. Zero for equal values, infinite for values
    that have no ratio.
    """
    first, second = literal_value(left), literal_value(right)
    if first == second and type(first) is type(second):
        return 0.0
    if isinstance(first, bool | str | None) or isinstance(second, bool | str | None):
        return math.inf
    if first == 0 or second == 0 or (first < 0) != (second < 0):
        return math.inf
    ratio = abs(math.log(abs(first)) - math.log(abs(second)))
    if 0 < first < 1 and 0 < second < 1:
        return max(ratio, abs(math.log1p(-first) - math.log1p(-second)))
    return ratio


def moves_distance(left: Sequence[KnobMove], right: Sequence[KnobMove]) -> float | None:
    """The largest distance between the new values of the same knobs; None if the moves are of different knobs."""
    if len(left) == len(right) == 1:  # nearly always
        return distance(left[0].new, right[0].new) if left[0].name == right[0].name else None
    lefts, rights = {move.name: move.new for move in left}, {move.name: move.new for move in right}
    if not lefts or lefts.keys() != rights.keys():
        return None
    return max(distance(lefts[name], rights[name]) for name in lefts)


def similarity(left: Change, right: Change, baseline_words: AbstractSet[str]) -> float:
    """How much two changes have in common, 0..1, to rank neighbours."""
    if left.program == right.program or left.change == right.change:
        return 1.0
    scores = [
        score for score in (_knob_overlap(left, right), overlap(left, right, baseline_words)) if score is not None
    ]
    return sum(scores) / len(scores) if scores else 0.0


@lru_cache(maxsize=1 << 14)
def literal_value(source: str) -> bool | int | float | str | None:
    """The value of a literal's source text; the text itself if it is no Python literal."""
    if not source:
        return None
    try:
        value = evaluate(ast.parse(source.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    return source if value is None else value


def _weights(words: Iterable[str], baseline_words: AbstractSet[str]) -> dict[str, float]:
    """Identifier -> weight; `Dropout`, `dropout_` and `drop_out` are one identifier."""
    return {
        word.replace("_", "").lower(): BASELINE_WEIGHT if word in baseline_words else 1.0
        for word in words
        if word not in PLUMBING and not word.startswith("@")
    }


def _jaccard(left: dict[str, float], right: dict[str, float]) -> float:
    union = {word: max(left.get(word, 0), right.get(word, 0)) for word in left.keys() | right.keys()}
    shared = sum(weight for word, weight in union.items() if word in left and word in right)
    return shared / sum(union.values()) if union else 0.0


def _place_overlap(left: Change, right: Change) -> float:
    lefts, rights = ({w for w in (*change.added, *change.removed) if w.startswith("@")} for change in (left, right))
    return len(lefts & rights) / len(lefts | rights) if lefts | rights else 1.0


def _words(words: Iterable[str]) -> set[str]:
    return {word for word in words if not word.startswith("@") and word not in PLUMBING}


def _moved_knobs(change: Change) -> set[str]:
    """The module-level knobs that exist before and after the change and that it moves."""
    return {move.name for move in change.knobs if move.old and move.new and "." not in move.name.rpartition(":")[2]}


def _knob_overlap(left: Change, right: Change) -> float | None:
    lefts, rights = {move.name: move.new for move in left.knobs}, {move.name: move.new for move in right.knobs}
    union, shared = lefts.keys() | rights.keys(), lefts.keys() & rights.keys()
    if not union:
        return None
    return sum(math.exp(-distance(lefts[name], rights[name])) + 1 for name in shared) / (2 * len(union))
