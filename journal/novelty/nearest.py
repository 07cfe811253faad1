"""Earlier experiments like a change: by what they do and by the words they use, taken in turn. Pure.

Neither list alone is enough: structure does not know that two spellings of an idea are one, and words do not know that two
learning rates are two. Interleaved, they hold the true earlier attempt among the first five more often than either.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from journal.events import Change
from journal.novelty.repeats import NEIGHBOURS, neighbours
from journal.novelty.similarity import likeness
from journal.projections.trials import Changes, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One earlier experiment. `score` is the likeness of what it does, 0..1; `by` says which list it came from first."""

    trial: Trial
    score: float
    by: str  # structure or words


def nearest(
    changes: Changes,
    change: Change,
    *,
    session: str,
    experiment: int,
    words: Sequence[int] = (),
    limit: int = NEIGHBOURS,
) -> list[Found]:
    """The experiments of a session nearest to a change; `words` are those that full-text search found, best first."""
    by_words = [row for number in words if number != experiment and (row := changes.rows.get((session, number)))]
    by_structure = neighbours(changes, change, session=session, experiment=experiment, limit=limit)
    known = changes.words(session)
    found: dict[int, Found] = {}
    for by, trial in _in_turn(by_structure, by_words):
        score = likeness(change, trial.change, known)
        found.setdefault(trial.experiment, Found(trial=trial, score=score, by=by))
    return list(found.values())[:limit]


def _in_turn(structure: Sequence[Trial], words: Sequence[Trial]) -> Iterator[tuple[str, Trial]]:
    for one, other in zip_longest(structure, words):
        if one is not None:
            yield "structure", one
        if other is not None:
            yield "words", other
