"""Earlier experiments like a change: by what they do and by the words that they use, interleaved. Pure.

Neither list alone is enough: structure does not show that two spellings of an idea are one, and words do not show that two
learning rates differ. Interleaved, their first five contain the true earlier attempt more often than either list's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from journal.events import Change
from journal.novelty.repeats import NEIGHBOURS, neighbours
from journal.novelty.similarity import similarity
from journal.projections.trials import Changes, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """An earlier experiment. `score` is its similarity in what it does, 0..1; `by` names the list that had it first."""

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
) -> list[Neighbour]:
    """The experiments of a session nearest to a change. `words` are the numbers that full-text search found, best first."""
    by_words = [row for number in words if number != experiment and (row := changes.rows.get((session, number)))]
    by_structure = neighbours(changes, change, session=session, experiment=experiment, limit=limit)
    baseline_words = changes.baseline_words(session)
    found: dict[int, Neighbour] = {}
    for by, trial in _interleaved(by_structure, by_words):
        score = similarity(change, trial.change, baseline_words)
        found.setdefault(trial.experiment, Neighbour(trial=trial, score=score, by=by))
    return list(found.values())[:limit]


def _interleaved(by_structure: Sequence[Trial], by_words: Sequence[Trial]) -> Iterator[tuple[str, Trial]]:
    for like_structure, like_words in zip_longest(by_structure, by_words):
        if like_structure is not None:
            yield "structure", like_structure
        if like_words is not None:
            yield "words", like_words
