"""The `priors` of a brief or a profile: what moves of its knobs gained when they were measured before. Pure."""

import math
from collections.abc import Mapping

from loop.errors import BadInput

ADVICE = "write a list of moves as `KNOB: [[from, to, gain in σ, its spread]]`, such as `LR: [[0.04, 0.02, 4.5, 1]]`"


def parse_priors(value: object, *, where: str) -> dict[str, list[list[float]]]:
    """Knob -> its moves as (from, to, gain, spread). Raises BadInput."""
    if not isinstance(value, Mapping):
        raise BadInput(f"{where} is `{value}`: {ADVICE}.")
    return {str(knob): _moves(moves, where=f"{where} of {knob}") for knob, moves in value.items()}


def _moves(moves: object, *, where: str) -> list[list[float]]:
    if not isinstance(moves, list) or not all(_is_move(move) for move in moves):
        raise BadInput(f"{where} is `{moves}`: {ADVICE}; the spread is above 0.")
    return [[float(number) for number in move] for move in moves]


def _is_move(move: object) -> bool:
    """Whether it is four finite numbers, the last above zero."""
    if not isinstance(move, list) or len(move) != 4:
        return False
    is_number = all(isinstance(number, int | float) and not isinstance(number, bool) for number in move)
    return is_number and all(map(math.isfinite, move)) and move[3] > 0
