"""What the journal's ledger says about each knob and direction, and how much a step is worth trying. Pure.

The weights are ratios, tuned on the simulated objectives of `benchmarks/sampler.py`, none of which knows a name of this
repository: kinds of knob are recognised by the field's own words.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from journal.ideas.likeness import distance, value
from journal.projections.knobs import KnobTrial
from loop.proposers.steps import Step

Result = Literal["keep", "better", "flat", "worse", "crash"]

KINDS: tuple[tuple[float, frozenset[str]], ...] = (
    (0.25, frozenset({"EPS", "EPSILON", "BASE", "THETA", "NEWTON", "ITERATIONS", "WORKERS"})),
    (1.0, frozenset({"LR", "RATE", "BATCH", "ACCUM", "ACCUMULATION"})),
    (0.5, frozenset({"WEIGHT", "MOMENTUM", "BETA", "BETAS", "BETA1", "BETA2", "DROPOUT", "CLIP", "SOFTCAP", "WD"})),
    (0.9, frozenset({"WARMUP", "WARMDOWN", "COOLDOWN", "ANNEAL", "FINAL"})),
    (0.8, frozenset({"DEPTH", "LAYERS", "LAYER", "WIDTH", "DIM", "HIDDEN", "HEADS", "RATIO", "EXPANSION", "CONTEXT"})),
)
OTHER = 0.5

FRESH_LARGE, FRESH_SMALL = 1.0, 0.08  # a first step should be large enough to be seen above the noise
LARGE = 0.4  # in doublings
AFTER: dict[Result, float] = {"keep": 8.0, "better": 4.0, "flat": 0.15, "worse": 0.04, "crash": 0.1}
OPPOSITE: dict[Result, float] = {"keep": 0.15, "better": 0.5, "flat": 0.4, "worse": 16.0, "crash": 1.2}
FLAT = 1.0  # σ: a smaller effect is no effect
FADE = 0.7  # of what a trial says, per keep since


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One trial of a knob, read as a step in a direction."""

    trial: KnobTrial
    direction: int
    result: Result
    trust: float  # 1 on this incumbent, less with every keep since


class Evidence:
    """The decided one-factor trials of a session, by knob."""

    def __init__(self, trials: Iterable[KnobTrial], *, before: int, direction: str = "minimize") -> None:
        rows = [row for row in trials if row.alone and row.experiment < before and row.status != "refused"]
        keeps = sorted({row.experiment for row in rows if row.status == "keep"})
        self._notes: dict[str, list[Note]] = {}
        self._values: dict[str, set[str]] = {}
        for row in rows:
            self._values.setdefault(row.knob, set()).update((row.value, row.old))
            result = _result(row, direction)
            if result:
                trust = FADE ** (len(keeps) - bisect_right(keeps, row.experiment))
                note = Note(trial=row, direction=_direction(row), result=result, trust=trust)
                self._notes.setdefault(row.knob, []).append(note)

    def values(self, knob: str) -> Iterable[str]:
        """The values that a knob has had or been tried at."""
        return self._values.get(knob, ())

    def last(self, knob: str, direction: int) -> Note | None:
        """The latest trial of a knob in a direction."""
        notes = [note for note in self._notes.get(knob, ()) if note.direction == direction]
        return notes[-1] if notes else None

    def way(self, knob: str, direction: int) -> float:
        """How much a knob is worth moving in a direction, as a ratio."""
        along = self.last(knob, direction)
        against = self.last(knob, -direction) if direction else None
        worth = _kind(knob)
        worth *= AFTER[along.result] ** along.trust if along else 1.0
        worth *= OPPOSITE[against.result] ** against.trust if against else 1.0
        return worth

    def size(self, knob: str, step: Step) -> float:
        """How good a size a step has, as a ratio; 0 beyond a crash in its direction."""
        if any(_beyond(note, step) for note in self._notes.get(knob, ())):
            return 0.0
        return _size(step, self.last(knob, step.direction))


def words(knob: str, step: Step, evidence: Evidence) -> str:
    """What the ledger knows about this step, as one honest sentence."""
    along, against = evidence.last(knob, step.direction), evidence.last(knob, -step.direction)
    if along and along.result == "keep":
        return f"The same direction was kept in {_told(along)}; it may pay again."
    if against and step.direction and against.result in ("worse", "crash"):
        return f"The other direction did not pay in {_told(against)}; the optimum may lie this way."
    if along:
        return f"The same direction gave {along.result} in {_told(along)}; another size of step may do better."
    return "Not tried in this session: the step is meant to show which way the optimum lies."


def _told(note: Note) -> str:
    delta = f", delta {note.trial.delta:+.2g}" if note.trial.delta is not None else ""
    return f"experiment {note.trial.experiment} ({note.trial.old} to {note.trial.value}{delta})"


def _result(row: KnobTrial, direction: str) -> Result | None:
    if row.status in ("keep", "crash"):
        return "keep" if row.status == "keep" else "crash"
    if row.status != "discard" or row.delta is None:
        return None
    if row.gain_sigma is not None and abs(row.gain_sigma) < FLAT:
        return "flat"
    if row.delta == 0:
        return "flat"
    return "better" if (row.delta < 0) == (direction == "minimize") else "worse"


def _direction(row: KnobTrial) -> int:
    old, new = value(row.old), value(row.value)
    if isinstance(old, bool | str | None) or isinstance(new, bool | str | None):
        return 0
    return 1 if new > old else -1


def _beyond(note: Note, step: Step) -> bool:
    """Whether a step goes as far as, or further than, one that crashed in its direction."""
    if note.result != "crash" or note.direction != step.direction:
        return False
    crashed, here = value(note.trial.value), step.value
    if isinstance(crashed, str | None) or isinstance(here, str) or step.direction == 0:
        return distance(note.trial.value, step.source) == 0
    return (here - crashed) * step.direction >= 0


def _kind(knob: str) -> float:
    tokens = set(re.split(r"[_.\-]", knob.rpartition(":")[2].partition("[")[0].upper()))
    return next((weight for weight, names in KINDS if tokens & names), OTHER)


def _size(step: Step, along: Note | None) -> float:
    """Large steps first; smaller ones where a large one cost."""
    large = step.size >= LARGE
    if along is None or along.result in ("keep", "better"):
        return FRESH_LARGE if large else FRESH_SMALL
    return FRESH_SMALL if large else FRESH_LARGE
