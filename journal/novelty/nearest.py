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
    by_structure = neighbours(changes, change, session=session, experiment=experiment, limit=limit)
    hits = [(session, number) for number in words if number != experiment]
    return _ranked(changes, change, by_structure, hits, session=session)[:limit]


def nearest_in_study(
    changes: Changes,
    change: Change,
    *,
    session: str,
    experiment: int,
    words: Sequence[tuple[str, int]] = (),
    limit: int = NEIGHBOURS,
) -> list[Neighbour]:
    """The experiments of a session's study nearest to a change. `words` are (session, number) from full-text search."""
    by_structure = neighbours(changes, change, session=session, experiment=experiment, limit=limit, in_study=True)
    harness = changes.harness(session)
    hits = [key for key in words if key != (session, experiment) and changes.harness(key[0]) == harness]
    return _ranked(changes, change, by_structure, hits, session=session)[:limit]


def _ranked(
    changes: Changes, change: Change, by_structure: list[Trial], hits: list[tuple[str, int]], *, session: str
) -> list[Neighbour]:
    by_words = [row for key in hits if (row := changes.rows.get(key))]
    baseline_words = changes.baseline_words(session)
    found: dict[tuple[str, int], Neighbour] = {}
    for by, trial in _interleaved(by_structure, by_words):
        score = similarity(change, trial.change, baseline_words)
        found.setdefault((trial.session, trial.experiment), Neighbour(trial=trial, score=score, by=by))
    return list(found.values())


def _interleaved(by_structure: Sequence[Trial], by_words: Sequence[Trial]) -> Iterator[tuple[str, Trial]]:
    for like_structure, like_words in zip_longest(by_structure, by_words):
        if like_structure is not None:
            yield "structure", like_structure
        if like_words is not None:
            yield "words", like_words
