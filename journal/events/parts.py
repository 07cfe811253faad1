"""What several events hold: a change, a comparison, a cost."""

import msgspec


class KnobMove(msgspec.Struct, frozen=True, gc=False):
    """One named literal that moved; `old` and `new` are source text, empty where the name is absent."""

    name: str
    old: str
    new: str


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an edit does, as a signature (see `journal.changes.signature`)."""

    program: str  # hash of the normal form of the files in scope after the edit
    change: str  # hash of the normal form of the difference
    knobs: tuple[KnobMove, ...] = ()
    added: tuple[str, ...] = ()  # identifiers and structures that came
    removed: tuple[str, ...] = ()  # and went


class Comparison(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a model said when it was shown a proposal beside its nearest earlier experiments."""

    shown: tuple[int, ...]  # their numbers
    same_as: int | None = None  # the one that is the same idea, if one is
    reason: str = ""


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What it cost to ask a model, for a proposal or for a score. `dollars` is None where the price is unknown."""

    tokens_in: int = 0  # uncached input tokens
    tokens_out: int = 0
    tokens_cache_read: int = 0
    tokens_cache_written: int = 0
    calls: int = 0
    dollars: float | None = 0.0
    seconds: float = 0.0
