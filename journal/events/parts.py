"""Values that several events hold: a change, a comparison, a cost."""

import msgspec


class KnobMove(msgspec.Struct, frozen=True, gc=False):
    """One named literal whose value changed; `old` and `new` are source text, empty if the name is absent."""

    name: str
    old: str
    new: str


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an edit does, independent of its formatting and local names (see `journal.changes.signature`)."""

    program: str  # hash of the normal form of the files in scope after the edit
    change: str  # hash of the normal form of the difference
    knobs: tuple[KnobMove, ...] = ()
    added: tuple[str, ...] = ()  # identifiers and structures that the edit adds
    removed: tuple[str, ...] = ()  # identifiers and structures that the edit removes


class Comparison(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A model's answer to the question whether a proposal repeats one of its nearest earlier experiments."""

    shown: tuple[int, ...]  # numbers of the experiments that the model saw
    same_as: int | None = None  # number of the experiment with the same idea; None if all differ
    reason: str = ""


class Candidate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A change that a proposer considered and did not propose."""

    idea: str
    kind: str = "other"
    mechanism: str = ""  # why it could help
    gain: float | None = None  # expected, in σ; positive is better
    throughput: float | None = None  # expected tokens or steps of a run, relative to the incumbent's
    chance: float | None = None  # that it gains, 0..1


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The cost of calls to a model, for a proposal or for a score. `dollars` is None if the price is unknown."""

    tokens_in: int = 0  # uncached input tokens
    tokens_out: int = 0
    tokens_cache_read: int = 0
    tokens_cache_written: int = 0
    calls: int = 0
    dollars: float | None = 0.0
    seconds: float = 0.0
