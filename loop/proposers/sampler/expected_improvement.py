"""The improvement over the incumbent that a step promises: a parabola per knob, with its uncertainty. Pure.

The gain of a knob's value at a distance of d doublings is modelled as a·d + b·d². a and b have a normal prior (no slope, and a
loss far away), and each trial of the knob, on any base, is a noisy observation: Bayesian linear regression (Bishop 2006, 3.3).
A step is ranked by its expected improvement (Jones et al. 1998) above the smallest gain that is likely to be kept. So first
steps are large, a direction that paid is followed, one that cost is reversed, and a knob at its optimum is left alone.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from loop.proposers.sampler.steps import coordinate

SLOPE = 5.0  # standard deviation of the prior of a, σ per doubling
BEND = 1.5  # minus the mean of the prior of b, and its standard deviation, σ per doubling²
MIN_GAIN = 1.5  # σ: a smaller gain is hardly ever kept
NOISE = 2.0  # variance of a measured gain, σ²: of the candidate and of the incumbent
DRIFT = 0.7  # variance added per change between the bases, σ²: knobs interact


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The gain of a knob's move, in σ, with a variance of `noise`; its base was `distance` changes away."""

    old: float
    new: float
    gain: float
    distance: float
    noise: float = NOISE

    @property
    def variance(self) -> float:
        """σ², of the gain as it would be on the present base."""
        return self.noise + DRIFT * self.distance


class Outlook(NamedTuple):
    """Mean and standard deviation of the gain of a step, in σ."""

    mean: float
    deviation: float


class Parabola:
    """The gain over the value `here` along one knob; `scale` widens the prior."""

    def __init__(self, observations: Iterable[Observation], *, here: float, scale: float) -> None:
        self._here = here
        slope, bend = (scale * SLOPE) ** -2, (scale * BEND) ** -2  # precisions
        p, q, r = slope, 0.0, bend  # the precision matrix ((p, q), (q, r))
        u, v = 0.0, -scale * BEND * bend
        for observation in observations:
            start, end = self._distance(observation.old), self._distance(observation.new)
            x, y = end - start, end**2 - start**2  # the regressors of a and b
            weight = 1 / observation.variance
            p, q, r = p + weight * x * x, q + weight * x * y, r + weight * y * y
            u, v = u + weight * x * observation.gain, v + weight * y * observation.gain
        determinant = p * r - q * q
        self._covariance = (r / determinant, -q / determinant, p / determinant)
        self._mean = ((r * u - q * v) / determinant, (p * v - q * u) / determinant)

    def outlook(self, value: float) -> Outlook:
        """The expected gain of a value."""
        d = self._distance(value)
        a, between, b = self._covariance
        mean = self._mean[0] * d + self._mean[1] * d * d
        return Outlook(mean, math.sqrt(max(a * d**2 + 2 * between * d**3 + b * d**4, 1e-12)))

    def improvement(self, value: float) -> float:
        """The expected improvement of a value above MIN_GAIN, in σ."""
        mean, deviation = self.outlook(value)
        return expected_improvement(mean - MIN_GAIN, deviation)

    def _distance(self, value: float) -> float:
        return coordinate(value, here=self._here)


def expected_improvement(mean: float, deviation: float) -> float:
    """E[max(0, X)] of a normal X."""
    z = mean / deviation
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return deviation * density + mean * 0.5 * math.erfc(-z / math.sqrt(2))
