"""Whether an idea has been had before: the decision on a new change, given every change that was let through. Pure.

What is compared is changes, not words. Same program, or same change on the same parent: a repeat. The same change on
another parent, or a near value: a revisit. What a person vetoed is a repeat wherever it is tried again. The tolerances
come from labelled pairs (`benchmarks/repeats.py`): a value within 2 % of one that was tried is that value, one within
10 % is near to it. Across parents a near value is free: it would stop 55 % of one-factor proposals after 300 runs.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from journal.events import Change
from journal.novelty.similarity import apart, likeness, opposed, overlap
from journal.projections.trials import Changes, Trial

SAME_VALUE = 0.02  # |ln(new / old)| up to which two values are one
NEAR_VALUE = 0.10  # and up to which they are near
SAME_STRUCTURE = 0.35  # overlap of structure from which two changes are one idea
NEIGHBOURS = 5
CONSIDERED = 200  # trials that share the most with a change, from which its neighbours are taken

# the last as a reader says
RepeatRule = Literal["same program", "same change", "same value", "near value", "same structure", "same idea"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A new change is like an earlier trial. `repeat`: it would tell nothing new; otherwise it is a revisit."""

    rule: RepeatRule
    trial: Trial
    score: float  # 0..1
    repeat: bool


def matches(changes: Changes, change: Change, *, session: str, experiment: int, parent: str) -> list[Match]:
    """The earlier trials that a change is like: repeats before revisits, then the likest, then the latest.

    `experiment` is the one that the change is proposed for; its own proposal may be among the trials already.
    """
    found = [
        match
        for trial in changes.comparable(change, parent)
        if (trial.session, trial.experiment) != (session, experiment) and trial.measured
        if (match := _compare(changes, change, trial, session=session, parent=parent))
    ]
    return sorted(found, key=lambda match: (match.repeat, match.score, match.trial.order), reverse=True)


def neighbours(
    changes: Changes, change: Change, *, session: str, experiment: int, limit: int = NEIGHBOURS
) -> list[Trial]:
    """The trials of a session that are nearest to a change, nearest first."""
    known = changes.words(session)
    scored = [
        (likeness(change, trial.change, known), trial.order, trial)
        for trial in changes.sharing(change, most=CONSIDERED)
        if trial.session == session and trial.experiment != experiment and trial.kind != "baseline"
    ]
    scored.sort(key=lambda entry: entry[:2], reverse=True)
    return [trial for score, _, trial in scored[:limit] if score > 0]


def _compare(changes: Changes, change: Change, trial: Trial, *, session: str, parent: str) -> Match | None:
    here = trial.session == session
    if not here and (trial.harness != changes.harness(session) or trial.status not in ("discard", "crash")):
        return None  # another night counts where it measured alike, and what it kept is free to be had again
    same_parent = here and (trial.parent == parent or trial.vetoed)
    rule, score = _likest(change, trial.change, changes.words(session), same_parent=same_parent)
    if rule is None or (not here and rule != "same program"):
        return None
    repeat = rule == "same program" or (same_parent and rule != "near value") or trial.vetoed
    return Match(rule=rule, trial=trial, score=score, repeat=repeat)


def _likest(
    change: Change, earlier: Change, known: AbstractSet[str], *, same_parent: bool
) -> tuple[RepeatRule | None, float]:
    if change.program == earlier.program:
        return "same program", 1.0
    if change.change == earlier.change:
        return "same change", 1.0
    if not (change.added or change.removed or earlier.added or earlier.removed):
        return _likest_value(apart(change.knobs, earlier.knobs), same_parent=same_parent)
    if not same_parent or opposed(change, earlier):
        return None, 0.0
    score = overlap(change, earlier, known) or 0.0
    return ("same structure", score) if score >= SAME_STRUCTURE else (None, score)


def _likest_value(distance: float | None, *, same_parent: bool) -> tuple[RepeatRule | None, float]:
    """Both change knobs alone: alike if the same knobs went to the same, or near, values."""
    if distance is not None and distance <= SAME_VALUE:
        return "same value", 1.0 - distance
    if distance is not None and distance <= NEAR_VALUE and same_parent:
        return "near value", 1.0 - distance
    return None, 0.0
