"""What the journal's ledger says about each knob, and how much a step is worth trying. Pure.

Kinds of knob are recognised by the field's own words, and by no name of this repository; how much more one kind matters
than another is a ratio, and stays small, because it is a guess that the first trials put right.
"""

import math
import re
import statistics
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeGuard

from journal.novelty.similarity import distance, value
from journal.projections.knobs import KnobTrial
from loop.proposers.sampler.expected_improvement import DRIFT, NOISE, WORTH, Observation, Outlook, Parabola, expected
from loop.proposers.sampler.steps import KnobStep

Result = Literal["keep", "better", "flat", "worse", "crash"]

KINDS: tuple[tuple[float, frozenset[str]], ...] = (
    (0.5, frozenset({"EPS", "EPSILON", "BASE", "THETA", "NEWTON", "ITERATIONS", "WORKERS"})),
    (1.0, frozenset({"LR", "RATE", "BATCH", "ACCUM", "ACCUMULATION"})),
    (0.8, frozenset({"WEIGHT", "MOMENTUM", "BETA", "BETAS", "BETA1", "BETA2", "DROPOUT", "CLIP", "SOFTCAP", "WD"})),
    (0.9, frozenset({"WARMUP", "WARMDOWN", "COOLDOWN", "ANNEAL", "FINAL"})),
    (1.0, frozenset({"DEPTH", "LAYERS", "LAYER", "WIDTH", "DIM", "HIDDEN", "HEADS", "RATIO", "EXPANSION", "CONTEXT"})),
)
OTHER = 0.8

MOST = 10.0  # σ: a larger effect says no more
FLAT = 1.0  # σ: a smaller effect is no effect
LEAST = 1e-3  # σ: what an unpromising step is still worth, so that every step has its turn
UNKNOWN_CHOICE = 2.0  # σ: standard deviation of the gain of a choice, before it is tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One trial of a knob, read as a step in a direction."""

    trial: KnobTrial
    direction: int
    result: Result
    keeps_since: int


class Evidence:
    """The decided one-factor trials of a session, by knob."""

    def __init__(self, trials: Iterable[KnobTrial], *, before: int, direction: str = "minimize") -> None:
        rows = [row for row in trials if row.alone and row.experiment < before and row.status != "refused"]
        keeps = sorted({row.experiment for row in rows if row.status == "keep"})
        self._sign = -1.0 if direction == "minimize" else 1.0
        self._unit = statistics.median([abs(row.delta) for row in rows if row.delta] or [1.0]) / 3
        self._notes: dict[str, list[Note]] = {}
        self._values: dict[str, set[str]] = {}
        self._parabolas: dict[str, Parabola] = {}
        for row in rows:
            self._values.setdefault(row.knob, set()).update((row.value, row.old))
            result = self._result(row)
            if result:
                since = len(keeps) - bisect_right(keeps, row.experiment)
                note = Note(trial=row, direction=_direction(row), result=result, keeps_since=since)
                self._notes.setdefault(row.knob, []).append(note)

    def values(self, knob: str) -> Iterable[str]:
        """The values that a knob has had or been tried at."""
        return self._values.get(knob, ())

    def last(self, knob: str, direction: int) -> Note | None:
        """The latest trial of a knob in a direction."""
        notes = [note for note in self._notes.get(knob, ()) if note.direction == direction]
        return notes[-1] if notes else None

    def worth(self, knob: str, step: KnobStep) -> float:
        """The improvement expected of a step, in σ; 0 beyond a crash in its direction."""
        if any(_beyond(note, step) for note in self._notes.get(knob, ())):
            return 0.0
        if isinstance(step.value, bool | str):
            return max(LEAST, self._of_choice(knob, step))
        return max(LEAST, self._parabola(knob, step).improvement(float(step.value)))

    def outlook(self, knob: str, step: KnobStep) -> Outlook | None:
        """What is expected of a step of a number; None for a choice."""
        return None if isinstance(step.value, bool | str) else self._parabola(knob, step).outlook(float(step.value))

    def _parabola(self, knob: str, step: KnobStep) -> Parabola:
        if knob not in self._parabolas:
            here = float(step.knob.value)
            self._parabolas[knob] = Parabola(self._observations(knob), here=here, scale=_kind(knob))
        return self._parabolas[knob]

    def _observations(self, knob: str) -> Iterator[Observation]:
        for note in self._notes.get(knob, ()):
            old, new, gain = value(note.trial.old), value(note.trial.value), self._gain(note.trial)
            if gain is not None and _is_number(old) and _is_number(new):
                yield Observation(old=float(old), new=float(new), gain=gain, keeps_since=note.keeps_since)

    def _of_choice(self, knob: str, step: KnobStep) -> float:
        """As tried before, with doubt that grows with every keep since; before the first try only doubt."""
        tried = [note for note in self._notes.get(knob, ()) if distance(note.trial.value, step.source) == 0]
        gain = self._gain(tried[-1].trial) if tried else None
        if gain is None:
            return expected(-WORTH, UNKNOWN_CHOICE * _kind(knob))
        return expected(gain - WORTH, math.sqrt(NOISE + DRIFT * tried[-1].keeps_since))

    def _gain(self, row: KnobTrial) -> float | None:
        """The gain in σ, at most ten either way; where σ is zero, in thirds of the median effect."""
        if row.gain_sigma is None and row.delta is None:
            return None
        gain = row.gain_sigma if row.gain_sigma is not None else self._sign * (row.delta or 0.0) / self._unit
        return max(-MOST, min(MOST, gain))

    def _result(self, row: KnobTrial) -> Result | None:
        if row.status in ("keep", "crash"):
            return "keep" if row.status == "keep" else "crash"
        gain = self._gain(row)
        if row.status != "discard":
            return None
        if gain is None:
            return "crash"  # it broke a guard: no gain beyond it either
        return "flat" if abs(gain) < FLAT else ("better" if gain > 0 else "worse")


def words(knob: str, step: KnobStep, evidence: Evidence) -> str:
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


def _direction(row: KnobTrial) -> int:
    old, new = value(row.old), value(row.value)
    return (1 if new > old else -1) if _is_number(old) and _is_number(new) else 0


def _is_number(found: object) -> TypeGuard[int | float]:
    return isinstance(found, int | float) and not isinstance(found, bool)


def _beyond(note: Note, step: KnobStep) -> bool:
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
