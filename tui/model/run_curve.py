"""The telemetry of a run as columns of numbers: a run of hours has tens of thousands of points. Pure."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import isfinite, isnan, nan

from msgspec import Struct

from journal.events.recorded import Sample

Points = Sequence[tuple[float, float]]

COLUMNS = ("step", "seconds", "progress", "loss", "tokens", "tokens_per_second", "mfu", "memory")
AXES = {"time": "seconds", "step": "step", "tokens": "tokens"}


class CurvePoint(Struct, frozen=True):
    """One point of telemetry; None for what the trainer did not report."""

    step: int
    seconds: float
    progress: float | None
    loss: float | None
    tokens: float | None
    tokens_per_second: float | None
    mfu: float | None
    memory: float | None


class RunCurve:
    """The first points of columns that only grow: a longer curve of the same run shares them with the shorter ones."""

    __slots__ = ("_columns", "_length")

    def __init__(self, columns: dict[str, "array[float]"] | None = None, length: int = 0) -> None:
        self._columns = columns if columns is not None else {name: array("d") for name in COLUMNS}
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunCurve) and other._columns == self._columns and other._length == self._length

    def __hash__(self) -> int:
        return hash((id(self._columns), self._length))

    @property
    def last(self) -> CurvePoint | None:
        """The latest point."""
        if not self._length:
            return None
        values = {name: self._columns[name][self._length - 1] for name in COLUMNS}
        known = {name: None if isnan(value) else value for name, value in values.items()}
        return CurvePoint(**{**known, "step": int(values["step"])})  # type: ignore[arg-type]

    def extended(self, samples: Iterable[Sample]) -> "RunCurve":
        """The curve with further points. Only the longest curve of a run is extended."""
        length = self._length
        for sample in samples:
            for name in COLUMNS:
                value = getattr(sample, name)
                self._columns[name].append(nan if value is None else value)
            length += 1
        return RunCurve(self._columns, length) if length > self._length else self

    def until(self, seconds: float) -> "RunCurve":
        """The points up to a second of the training."""
        length = bisect_right(self._columns["seconds"], seconds, 0, self._length)
        return RunCurve(self._columns, length) if length < self._length else self

    def points(self, *, axis: str = "time", limit: int | None = None) -> Points:
        """Loss over seconds, steps or tokens, without points that lack a value; at most about `limit`, evenly spaced."""
        return self._points(0, self._length, axis=axis, limit=limit)

    def latest(self, count: int) -> Points:
        """The last losses over seconds."""
        return self._points(max(0, self._length - count), self._length)

    def around(self, seconds: float, count: int) -> Points:
        """Losses over seconds: so many points on either side of a second."""
        index = bisect_left(self._columns["seconds"], seconds, 0, self._length)
        return self._points(max(0, index - count), min(self._length, index + count))

    def values(self, name: str) -> Sequence[float]:
        """A column, with NaN for what was not reported."""
        return self._columns[name][: self._length]

    def _points(self, first: int, stop: int, *, axis: str = "time", limit: int | None = None) -> Points:
        if stop <= first:
            return []
        xs, ys = self._columns[AXES[axis]], self._columns["loss"]
        step = max(1, -(-(stop - first) // limit)) if limit else 1
        numbers = range(first, stop, step)
        last = [stop - 1] if numbers[-1] != stop - 1 else []
        return [(xs[i], ys[i]) for i in (*numbers, *last) if isfinite(xs[i]) and isfinite(ys[i])]
