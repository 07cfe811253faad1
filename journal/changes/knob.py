"""A knob: a named literal in a text, and the range that the comment after it declares. Pure.

MATRIX_LR = 0.04     # peak rate of Muon [0.005..0.2]      a range with its ends
WINDOW = "SSSL"      # attention pattern {SSSL, SL, L}     the choices
WIDTH = 128          # model width, multiple of 64         a number or the name of another knob
learning_rate = 1e-3 # [1e-4..1e-1]                        in small letters: a knob to move only with a range
VOCAB_SIZE = 2048    # fixed by the tokenizer              not a knob to move
"""

import re
from dataclasses import dataclass

Value = bool | int | float | str

_RANGE = re.compile(r"\[\s*([-+\w.]+?)\s*\.\.\s*([-+\w.]+?)\s*\]")
_CHOICES = re.compile(r"\{([^{}]*)\}")
_MULTIPLE = re.compile(r"\bmultiple of (\w+)")
_FIXED = re.compile(r"\bfixed\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnobRange:
    """The values that a knob may take, as its comment declares them."""

    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    multiple: str | None = None  # a number, or the name of another knob
    fixed: bool = False

    @property
    def is_declared(self) -> bool:
        """Whether the comment names values."""
        return self.low is not None or self.high is not None or bool(self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One named literal. `start` and `end` are character offsets in the text, `text[start:end]` its source."""

    name: str
    value: Value
    source: str
    start: int
    end: int
    range: KnobRange = KnobRange()


def parse_range(comment: str) -> KnobRange:
    """The range that a trailing comment declares; text outside the grammar is ignored."""
    span = _RANGE.search(comment)
    low, high = (_number(span[1]), _number(span[2])) if span else (None, None)
    choices = _CHOICES.search(comment)
    multiple = _MULTIPLE.search(comment)
    return KnobRange(
        low=low,
        high=high,
        choices=tuple(part.strip() for part in choices[1].split(",") if part.strip()) if choices else (),
        multiple=multiple[1] if multiple else None,
        fixed=bool(_FIXED.search(comment)),
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
