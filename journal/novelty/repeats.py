"""Whether a new change repeats or revisits an earlier trial. Pure.

The comparison uses changes, not the words of ideas. A repeat leads to the same program, or makes the same change to a parent
with the same program, in any session of the study; a vetoed change is a repeat on any parent. A revisit makes the same change
to another parent, or sets a near value. The tolerances come from labelled pairs (`benchmarks/repeats.py`): a value within 2 %
of an earlier value is the same, within 10 % it is near. On another parent a near value is no revisit: that rule would refuse
55 % of one-factor proposals after 300 runs.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from journal.events import Change
from journal.novelty.similarity import are_opposed, moves_distance, overlap, similarity
from journal.projections.trials import Changes, Trial

SAME_VALUE = 0.02  # |ln(new / old)| up to which two values are the same
NEAR_VALUE = 0.10  # |ln(new / old)| up to which two values are near
SAME_STRUCTURE = 0.35  # overlap of structure from which two changes are one idea
NEIGHBOURS = 5
CANDIDATES = 200  # neighbours are chosen from this many trials, which share the most with a change

# "same idea" is a model's judgement
RepeatRule = Literal["same program", "same change", "same value", "near value", "same structure", "same idea"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A new change is like an earlier trial: a repeat, which would give no new information, or else a revisit."""

    rule: RepeatRule
    trial: Trial
    score: float  # 0..1
    is_repeat: bool


def matches(changes: Changes, change: Change, *, session: str, experiment: int, parent: str) -> list[Match]:
    """The earlier trials that a change is like: repeats before revisits, then by score, then the latest first.

    `experiment` is the number that the change is proposed for; its own proposal may already be among the trials.
    """
    found = [
        match
        for trial in changes.comparable(change, parent)
        if (trial.session, trial.experiment) != (session, experiment) and trial.is_evidence
        if (match := _compare(changes, change, trial, session=session, parent=parent))
    ]
    return sorted(found, key=lambda match: (match.is_repeat, match.score, match.trial.order), reverse=True)


def neighbours(
    changes: Changes,
    change: Change,
    *,
    session: str,
    experiment: int,
    limit: int = NEIGHBOURS,
    in_study: bool = False,
) -> list[Trial]:
    """The trials of a session, or of its study, that are most similar to a change, best first."""
    baseline_words = changes.baseline_words(session)
    scored = [
        (similarity(change, trial.change, baseline_words), trial.order, trial)
        for trial in changes.sharing(change, limit=CANDIDATES)
        if (trial.session, trial.experiment) != (session, experiment)
        and trial.kind != "baseline"
        and (trial.session == session or (in_study and trial.harness == changes.harness(session)))
    ]
    scored.sort(key=lambda entry: entry[:2], reverse=True)
    return [trial for score, _, trial in scored[:limit] if score > 0]


def _compare(changes: Changes, change: Change, trial: Trial, *, session: str, parent: str) -> Match | None:
    if not changes.holds_in(trial, session):
        return None
    same_parent = trial.parent_program == changes.program_at(parent) or trial.vetoed
    rule, score = _strictest_rule(change, trial.change, changes.baseline_words(session), same_parent=same_parent)
    if rule is None:
        return None
    is_repeat = rule == "same program" or (same_parent and rule != "near value") or trial.vetoed
    if trial.session != session and not is_repeat:
        return None  # a retry names an experiment of its own session
    return Match(rule=rule, trial=trial, score=score, is_repeat=is_repeat)


def _strictest_rule(
    change: Change, earlier: Change, baseline_words: AbstractSet[str], *, same_parent: bool
) -> tuple[RepeatRule | None, float]:
    if change.program == earlier.program:
        return "same program", 1.0
    if change.change == earlier.change:
        return "same change", 1.0
    if not (change.added or change.removed or earlier.added or earlier.removed):
        return _value_rule(moves_distance(change.knobs, earlier.knobs), same_parent=same_parent)
    if not same_parent or are_opposed(change, earlier):
        return None, 0.0
    score = overlap(change, earlier, baseline_words) or 0.0
    return ("same structure", score) if score >= SAME_STRUCTURE else (None, score)


def _value_rule(distance: float | None, *, same_parent: bool) -> tuple[RepeatRule | None, float]:
    """The rule for two changes that move only knobs, by the distance of their values."""
    if distance is not None and distance <= SAME_VALUE:
        return "same value", 1.0 - distance
    if distance is not None and distance <= NEAR_VALUE and same_parent:
        return "near value", 1.0 - distance
    return None, 0.0
