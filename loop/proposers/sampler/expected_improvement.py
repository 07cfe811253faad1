"""How much a step is expected to improve on the incumbent: a parabola per knob, with its uncertainty. Pure.

Along one knob, on the scale on which its steps are alike, the gain over the incumbent is taken as a·d + b·d², d in
doublings. a and b have a normal prior (nothing is known of the slope; far away it gets worse) and every trial of the knob,
on whatever base, is an observation with noise: Bayesian linear regression (Bishop 2006, 3.3). What a step is worth is
its expected improvement (Jones et al. 1998) over the least gain that is worth a verdict. So a first step is large, a
direction that paid is followed, one that cost is turned round, and a knob that is known to be at its best rests.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from loop.proposers.sampler.steps import coordinate

SLOPE = 5.0  # σ gained or lost in a doubling: standard deviation of the prior
BEND = 1.5  # σ lost in a doubling on top: mean of the prior, and its standard deviation
WORTH = 1.5  # σ: a gain below it will hardly be kept
NOISE = 2.0  # variance of a measured gain, σ²: of the candidate and of the incumbent
DRIFT = 0.7  # variance added per keep since, σ²: knobs do not stand alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A knob went from one value to another and gained so many σ, so many keeps ago."""

    old: float
    new: float
    gain: float
    keeps_since: int


class Outlook(NamedTuple):
    """The gain expected of a step, and the standard deviation of the expectation, in σ."""

    mean: float
    deviation: float


class Parabola:
    """The gain over the value `here`, along one knob. `scale` widens the prior for knobs that matter more."""

    def __init__(self, observations: Iterable[Observation], *, here: float, scale: float) -> None:
        self._here = here
        slope, bend = (scale * SLOPE) ** -2, (scale * BEND) ** -2  # precisions
        p, q, r = slope, 0.0, bend  # the precision matrix ((p, q), (q, r))
        u, v = 0.0, -scale * BEND * bend
        for seen in observations:
            start, end = self._place(seen.old), self._place(seen.new)
            one, two = end - start, end**2 - start**2
            weight = 1 / (NOISE + DRIFT * seen.keeps_since)
            p, q, r = p + weight * one * one, q + weight * one * two, r + weight * two * two
            u, v = u + weight * one * seen.gain, v + weight * two * seen.gain
        determinant = p * r - q * q
        self._covariance = (r / determinant, -q / determinant, p / determinant)
        self._mean = ((r * u - q * v) / determinant, (p * v - q * u) / determinant)

    def outlook(self, value: float) -> Outlook:
        """What is expected of moving there."""
        d = self._place(value)
        a, between, b = self._covariance
        mean = self._mean[0] * d + self._mean[1] * d * d
        return Outlook(mean, math.sqrt(max(a * d**2 + 2 * between * d**3 + b * d**4, 1e-12)))

    def improvement(self, value: float) -> float:
        """The expected gain above WORTH, in σ, of moving there."""
        mean, deviation = self.outlook(value)
        return expected(mean - WORTH, deviation)

    def _place(self, value: float) -> float:
        return coordinate(value, here=self._here)


def expected(mean: float, deviation: float) -> float:
    """E[max(0, X)] of a normal X."""
    z = mean / deviation
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return deviation * density + mean * 0.5 * math.erfc(-z / math.sqrt(2))
