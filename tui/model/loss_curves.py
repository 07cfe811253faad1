"""Loss curves as points: their values between two samples, and their noise. Pure."""

from bisect import bisect_left
from math import sqrt
from operator import itemgetter
from statistics import median

from msgspec import Struct

from tui.model.run_curve import Points, RunCurve

MAX_GAP = 4.0  # times the mean distance of two points: a wider gap has no value
NOISE_POINTS = 15  # on either side of a place, from which the noise there is estimated
MIN_RESIDUALS = 5  # fewer say nothing about the noise
NORMAL_MAD = 1.4826  # standard deviation over median absolute deviation, of a normal distribution
BAND_PARTS = 24  # of a curve, each with a noise of its own
CLEAR_NOISES = 2.0  # from which a difference is outside the noise


class LossDifference(Struct, frozen=True):
    """A loss less the incumbent's at the same second; `is_clear` if it is outside the noise of both curves."""

    value: float
    is_clear: bool


def value_at(points: Points, x: float) -> float | None:
    """The value at x, linear between the two points around it. None outside the curve and within a wide gap of it."""
    right = bisect_left(points, x, key=itemgetter(0))
    if right == len(points):
        return None
    x_right, y_right = points[right]
    if x_right == x:
        return y_right
    if right == 0:
        return None
    x_left, y_left = points[right - 1]
    mean_distance = (points[-1][0] - points[0][0]) / (len(points) - 1)
    if x_right - x_left > MAX_GAP * mean_distance:
        return None
    return y_left + (y_right - y_left) * (x - x_left) / (x_right - x_left)


def noise(points: Points) -> float | None:
    """The standard deviation of the points around their smooth course; None if they are too few to say.

    From the distance of each point from the line through its two neighbours (Gasser, Sroka & Jennen-Steinmetz 1986,
    Biometrika 73), by the median, so that a single spike does not count.
    """
    residuals = []
    for (x_left, y_left), (x, y), (x_right, y_right) in zip(points, points[1:], points[2:], strict=False):
        if not x_left < x < x_right:
            continue
        share = (x - x_left) / (x_right - x_left)
        residual = y - (1 - share) * y_left - share * y_right
        residuals.append(abs(residual) / sqrt(1 + share**2 + (1 - share) ** 2))
    return NORMAL_MAD * median(residuals) if len(residuals) >= MIN_RESIDUALS else None


def difference(curve: RunCurve, incumbent: RunCurve) -> LossDifference | None:
    """The last loss less the incumbent's at that second; None if the incumbent has no value near it."""
    here = curve.latest(2 * NOISE_POINTS)
    last = curve.last
    if last is None or last.loss is None or not here or here[-1][0] != last.seconds:
        return None
    there = incumbent.around(last.seconds, NOISE_POINTS)
    reference = value_at(there, last.seconds)
    if reference is None:
        return None
    value, noises = last.loss - reference, (noise(here), noise(there))
    known = [sigma for sigma in noises if sigma is not None]
    is_clear = len(known) == len(noises) and abs(value) > CLEAR_NOISES * sqrt(sum(sigma**2 for sigma in known))
    return LossDifference(value, is_clear)


def noise_band(points: Points) -> tuple[Points, Points]:
    """The lower and the upper edge of ±CLEAR_NOISES noises around a curve; empty if its points are too few to say."""
    size = max(2 * MIN_RESIDUALS, len(points) // BAND_PARTS)
    lower, upper = [], []
    for start in range(0, len(points) - size + 1, max(1, size // 2)):
        part = points[start : start + size]
        if (sigma := noise(part)) is None:
            continue
        x, y = (sum(values) / size for values in zip(*part, strict=True))
        lower.append((x, y - CLEAR_NOISES * sigma))
        upper.append((x, y + CLEAR_NOISES * sigma))
    return lower, upper
