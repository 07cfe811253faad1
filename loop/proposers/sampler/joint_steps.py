"""Steps that each gained too little to be kept, made at once: their gains add up, the noise of a run does not. Pure.

What a step is worth is known from its own trial on this very parent; of several at once the means and the variances are
summed, as if knobs stood alone. They do not quite, so the sum has to be clearly worth more than the best single step.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from loop.proposers.sampler.evidence import Evidence
from loop.proposers.sampler.expected_improvement import WORTH, Outlook, expected
from loop.proposers.sampler.steps import Move

MOST = 3  # steps at once
LEAST_GAIN = 0.2  # σ expected of a step, below which it is not worth its part of the risk
CAUTION = 0.7  # of what is expected of several, for knobs do not stand alone


def together(
    moves: Iterable[Move], evidence: Evidence, *, tried: Callable[[Move], bool], single: float
) -> Sequence[Move]:
    """The steps, of different knobs, that are worth more at once than `single`, the best one alone; none where none are.

    `tried` tells whether a step was made alone on this parent.
    """
    made = [move for move in moves if tried(move) and evidence.worth(move.name, move.step) > 0]  # 0: it crashed
    promising = _promising((move, evidence.outlook(move.name, move.step)) for move in made)
    gains = {move.name: (move, found) for move, found in sorted(promising, key=lambda entry: entry[1].mean)}
    ranked = sorted(gains.values(), key=lambda entry: -entry[1].mean)[:MOST]
    sets = [ranked[:size] for size in range(2, len(ranked) + 1)]
    best = max(sets, key=_worth, default=[])
    return [move for move, _ in best] if best and CAUTION * _worth(best) > single else []


def _promising(outlooks: Iterable[tuple[Move, Outlook | None]]) -> list[tuple[Move, Outlook]]:
    return [(move, found) for move, found in outlooks if found is not None and found.mean > LEAST_GAIN]


def _worth(entries: Sequence[tuple[Move, Outlook]]) -> float:
    mean = sum(found.mean for _, found in entries)
    return expected(mean - WORTH, math.sqrt(sum(found.deviation**2 for _, found in entries)))
