"""Whether an idea has been had before: the decision on a new change, given every change that was let through. Pure.

What is compared is changes, not words. Same program, or same change on the same parent: a repeat. The same change on
another parent, or a near value: a revisit. The tolerances come from labelled pairs (`benchmarks/repeats.py`): a value
within 2 % of one that was tried is that value, one within 10 % is near to it. Across parents a near value is free: it
would stop 55 % of one-factor proposals after 300 runs.
"""

import ast
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from journal.events import Change, KnobMove
from journal.ideas.literals import evaluate
from journal.projections.changes import Changes, Trial

SAME_VALUE = 0.02  # |ln(new / old)| up to which two values are one
NEAR_VALUE = 0.10  # and up to which they are near
SAME_STRUCTURE = 0.35  # overlap of added and removed identifiers from which two changes may be one idea
NEIGHBOURS = 5

Likeness = Literal["same program", "same change", "same value", "near value", "same structure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A new change is like an earlier trial. `repeat`: it would tell nothing new; otherwise it is a revisit."""

    rule: Likeness
    trial: Trial
    score: float  # 0..1
    repeat: bool


def matches(changes: Changes, change: Change, *, session: str, experiment: int, parent: str) -> list[Match]:
    """The earlier trials that a change is like: repeats before revisits, then the likest, then the latest.

    `experiment` is the one that the change is proposed for; its own proposal may be among the trials already.
    """
    harness = changes.harness(session)
    found = [
        match
        for trial in changes.related(change)
        if (trial.session, trial.experiment) != (session, experiment) and trial.measured
        if (match := _compare(change, trial, session=session, parent=parent, harness=harness))
    ]
    return sorted(found, key=lambda match: (match.repeat, match.score, match.trial.order), reverse=True)


def neighbours(
    changes: Changes, change: Change, *, session: str, experiment: int, limit: int = NEIGHBOURS
) -> list[Trial]:
    """The trials of a session that are nearest to a change, nearest first."""
    scored = [
        (likeness(change, trial.change), trial.order, trial)
        for trial in changes.related(change)
        if trial.session == session and trial.experiment != experiment and trial.kind != "baseline"
    ]
    scored.sort(key=lambda entry: entry[:2], reverse=True)
    return [trial for score, _, trial in scored[:limit] if score > 0]


def likeness(one: Change, other: Change) -> float:
    """How much two changes have in common, 0..1."""
    if one.program == other.program or one.change == other.change:
        return 1.0
    parts = [score for score in (_knob_likeness(one, other), overlap(one, other)) if score is not None]
    return sum(parts) / len(parts) if parts else 0.0


def overlap(one: Change, other: Change) -> float | None:
    """Jaccard overlap of what came and went, with its sign; None where neither changes structure."""
    ours = {("+", token) for token in one.added} | {("-", token) for token in one.removed}
    theirs = {("+", token) for token in other.added} | {("-", token) for token in other.removed}
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else None


def distance(one: str, other: str) -> float:
    """|ln(one / other)| of two literals, or of what they leave to one where both lie between zero and one.

    0.95 and 0.975 are far apart as momenta: one forgets twice as slowly. Zero where the two are equal, infinite
    where they cannot be compared so.
    """
    first, second = value(one), value(other)
    if first == second and type(first) is type(second):
        return 0.0
    if isinstance(first, bool | str | None) or isinstance(second, bool | str | None) or first * second <= 0:
        return math.inf
    apart = abs(math.log(first / second))
    if 0 < first < 1 and 0 < second < 1:
        return max(apart, abs(math.log((1 - first) / (1 - second))))
    return apart


@lru_cache(maxsize=4096)
def value(source: str) -> bool | int | float | str | None:
    """The value of a literal's source text; the text itself where it is not Python."""
    try:
        return evaluate(ast.parse(source, mode="eval").body) if source else None
    except (SyntaxError, ValueError, RecursionError):
        return source


def _compare(change: Change, trial: Trial, *, session: str, parent: str, harness: str) -> Match | None:
    here = trial.session == session
    if not here and (trial.harness != harness or trial.status not in ("discard", "crash")):
        return None  # another night counts where it measured alike, and what it kept is free to be had again
    rule, score = _likest(change, trial.change)
    if rule is None:
        return None
    same_parent = here and trial.parent == parent
    repeat = rule == "same program" or (same_parent and rule != "near value")
    if not repeat and (not here or (not same_parent and rule in ("near value", "same structure"))):
        return None
    return Match(rule=rule, trial=trial, score=score, repeat=repeat)


def _likest(change: Change, earlier: Change) -> tuple[Likeness | None, float]:
    if change.program == earlier.program:
        return "same program", 1.0
    if change.change == earlier.change:
        return "same change", 1.0
    structure = overlap(change, earlier)
    if structure is None:
        return _likest_value(change.knobs, earlier.knobs)
    if structure >= SAME_STRUCTURE and not _opposed(change, earlier):
        return "same structure", structure
    return None, structure


def _likest_value(ours: Iterable[KnobMove], theirs: Iterable[KnobMove]) -> tuple[Likeness | None, float]:
    """Both change knobs alone: alike if the same knobs went to the same, or near, values."""
    new, old = {move.name: move for move in ours}, {move.name: move for move in theirs}
    if not new or new.keys() != old.keys():
        return None, 0.0
    apart = max(distance(new[name].new, old[name].new) for name in new)
    if apart <= SAME_VALUE:
        return "same value", 1.0 - apart
    return ("near value", 1.0 - apart) if apart <= NEAR_VALUE else (None, 0.0)


def _opposed(one: Change, other: Change) -> bool:
    """Whether one change takes away what the other brings, or moves a shared knob to another value."""
    crossed = len(set(one.added) & set(other.removed)) + len(set(one.removed) & set(other.added))
    along = len(set(one.added) & set(other.added)) + len(set(one.removed) & set(other.removed))
    ours, theirs = {m.name: m for m in one.knobs}, {m.name: m for m in other.knobs}
    apart = any(distance(ours[name].new, theirs[name].new) > NEAR_VALUE for name in ours.keys() & theirs.keys())
    return crossed >= along or apart


def _knob_likeness(one: Change, other: Change) -> float | None:
    ours, theirs = {m.name: m for m in one.knobs}, {m.name: m for m in other.knobs}
    if not ours.keys() | theirs.keys():
        return None
    shared = ours.keys() & theirs.keys()
    return sum(math.exp(-distance(ours[n].new, theirs[n].new)) + 1 for n in shared) / (
        2 * len(ours.keys() | theirs.keys())
    )
