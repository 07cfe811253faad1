"""How far apart two commits are, in changes: what a result on one of them says about the other. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from journal.projections.trials import Changes, Trial

UNKNOWN = 10.0  # the distance to a commit that no experiment ran
WORDS = 2.0  # identifiers and structures that count as one change: most changes of code replace one by another


@dataclass(frozen=True, slots=True)
class Base:
    """A commit's knobs with their values, and the identifiers and structures of its code."""

    knobs: Mapping[str, str]
    words: frozenset[str]


class Bases:
    """The bases of a journal's commits: a session's baseline, and the changes along the parents from there."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._bases: dict[str, Base | None] = {}

    def distance(self, one: str, other: str) -> float:
        """The number of changes between two commits: knobs with another value, and pairs of words that only one has."""
        if self._changes.program_at(one) == self._changes.program_at(other):
            return 0.0
        left, right = self._base(one), self._base(other)
        if left is None or right is None:
            return UNKNOWN
        knobs = sum(left.knobs.get(name) != right.knobs.get(name) for name in left.knobs.keys() | right.knobs.keys())
        return knobs + len(left.words ^ right.words) / WORDS

    def _base(self, commit: str) -> Base | None:
        """The base of a commit, from the nearest one that is known; None if its parents end at an unknown commit."""
        chain: list[tuple[str, Trial]] = []
        at = commit
        while at not in self._bases:
            trial = self._changes.trial_at(at)
            if trial is None:
                self._bases[at] = None
            elif trial.kind == "baseline":
                values = {move.name: move.new for move in trial.change.knobs}
                self._bases[at] = Base(values, frozenset(trial.change.added))
            else:
                chain.append((at, trial))
                self._bases[at] = None  # a chain that closes on itself, in a journal from elsewhere, ends here
                at = trial.parent
        base = self._bases[at]
        for name, trial in reversed(chain):
            base = self._bases[name] = _after(base, trial) if base else None
        return base


def _after(base: Base, trial: Trial) -> Base:
    change = trial.change
    knobs = dict(base.knobs) | {move.name: move.new for move in change.knobs}
    values = {name: value for name, value in knobs.items() if value}  # a knob without a new value is gone
    return Base(values, (base.words | set(change.added)) - set(change.removed))
