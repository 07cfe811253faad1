"""Ideas that proposers considered and nobody has run, the most promising first. Pure."""

import math
import re
from collections.abc import Iterable

from journal.events import Candidate
from journal.projections.trials import Trial
from journal.reports.quoting import quote

IDEA, KIND = 110, 20  # characters
SAME = 0.6  # share of common words from which two ideas are one
RECENT, COMPARED = 60, 200  # latest experiments whose candidates are listed, and with whose ideas each is compared
_WORD = re.compile(r"\w+")


def open_ideas(trials: Iterable[Trial]) -> list[tuple[int, Candidate]]:
    """(experiment that considered it, candidate), by chance × gain; each idea once, and none that was proposed."""
    trials = list(trials)[-COMPARED:]
    proposed = [_words(trial.idea) for trial in trials]
    found: list[tuple[int, Candidate]] = []
    for trial in reversed(trials[-RECENT:]):
        for candidate in trial.considered:
            words = _words(candidate.idea)
            if words and not any(_are_same(words, other) for other in proposed):
                proposed.append(words)
                found.append((trial.experiment, candidate))
    return sorted(found, key=lambda entry: -_promise(entry[1]))


def idea_line(experiment: int, candidate: Candidate) -> str:
    """Such as `- "tied embeddings" (architecture): +2.0σ expected, chance 0.3, throughput ×0.9, considered with 12`."""
    facts = [
        f"{candidate.gain:+.1f}σ expected" if _is_number(candidate.gain) else "",
        f"chance {candidate.chance:.2g}" if _is_number(candidate.chance) else "",
        f"throughput ×{candidate.throughput:.2f}" if _is_number(candidate.throughput) else "",
        f"considered with {experiment}",
    ]
    kind = quote(candidate.kind, KIND, marks=False)
    return f"- {quote(candidate.idea, IDEA)} ({kind}): {', '.join(filter(None, facts))}"


def _promise(candidate: Candidate) -> float:
    """Chance × gain in σ; 0 if either is unknown."""
    gain, chance = candidate.gain, candidate.chance
    return gain * chance if gain is not None and chance is not None and math.isfinite(gain * chance) else 0.0


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _words(idea: str) -> frozenset[str]:
    return frozenset(_WORD.findall(idea.lower()))


def _are_same(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) / len(one | other) >= SAME
