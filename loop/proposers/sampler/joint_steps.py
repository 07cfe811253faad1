"""Several steps at once, each of which gained too little to be kept: their gains add up, the noise of a run does not. Pure.

Each step has its own trial on this parent. The gain of several is modelled as the sum of independent gains; knobs do interact,
so the sum has to promise clearly more than the best single step.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from loop.proposers.sampler.evidence import KnobEvidence
from loop.proposers.sampler.expected_improvement import MIN_GAIN, Outlook, expected_improvement
from loop.proposers.sampler.steps import Move

MAX_STEPS = 3  # at once
MIN_STEP_GAIN = 0.2  # σ: a step with a smaller expected gain is not worth its risk
CAUTION = 0.7  # factor on the improvement of several steps, because knobs interact


def joint_steps(
    moves: Iterable[Move], evidence: KnobEvidence, *, is_tried: Callable[[Move], bool], single: float
) -> Sequence[Move]:
    """The steps of different knobs that promise more at once than `single`, the improvement of the best single step.

    Empty if none do. `is_tried` says whether a step was made alone on this parent.
    """
    tried = [
        move for move in moves if is_tried(move) and evidence.improvement(move.name, move.step) > 0
    ]  # 0: it crashed
    outlooks = ((move, evidence.outlook(move.name, move.step)) for move in tried)
    promising = [(move, outlook) for move, outlook in outlooks if outlook and outlook.mean > MIN_STEP_GAIN]
    by_knob = {move.name: (move, outlook) for move, outlook in sorted(promising, key=lambda entry: entry[1].mean)}
    ranked = sorted(by_knob.values(), key=lambda entry: -entry[1].mean)[:MAX_STEPS]
    sets = [ranked[:size] for size in range(2, len(ranked) + 1)]
    best = max(sets, key=_improvement, default=[])
    return [move for move, _ in best] if best and CAUTION * _improvement(best) > single else []


def _improvement(entries: Sequence[tuple[Move, Outlook]]) -> float:
    mean = sum(outlook.mean for _, outlook in entries)
    return expected_improvement(mean - MIN_GAIN, math.sqrt(sum(outlook.deviation**2 for _, outlook in entries)))
