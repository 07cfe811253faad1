"""The priors of a session as observations: each says less than a trial, and all say less if trials contradict some. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from loop.contracts import Prior
from loop.proposers.sampler.expected_improvement import NOISE, Observation, Parabola

DOUBT = 6.0  # variance added to a prior, σ²: it holds for another machine, text or length of training
SCALE_DOUBT = 0.5  # of a prior's gain, because σ of two machines differs by such a factor
MAX_GAIN = 10.0  # σ: a larger effect counts as this
EXPECTED = 0.5  # trials that agree with the priors, before any trial


def observations(priors: Iterable[Prior], *, distance: float = 0.0, surprise: float = 1.0) -> Iterator[Observation]:
    """Priors as observations; the square of `surprise` multiplies their variance."""
    for prior in priors:
        gain = max(-MAX_GAIN, min(MAX_GAIN, prior.gain))
        noise = (prior.spread**2 + DOUBT + (SCALE_DOUBT * gain) ** 2) * surprise**2
        yield Observation(old=prior.old, new=prior.new, gain=gain, distance=distance, noise=noise)


def surprise(trials: Mapping[str, Sequence[Observation]], priors: Mapping[str, Sequence[Prior]]) -> float:
    """The mean squared error of the gains that the priors predict, over its expected size; at least 1.

    Priors are of one measurement: if those of two knobs are wrong, those of the others probably are too.
    """
    errors = [
        _squared_error(trial, priors[knob]) for knob, found in trials.items() for trial in found if knob in priors
    ]
    return max(1.0, (EXPECTED + sum(errors)) / (EXPECTED + len(errors)))


def _squared_error(trial: Observation, priors: Iterable[Prior]) -> float:
    mean, deviation = Parabola(observations(priors), here=trial.old, scale=1.0).outlook(trial.new)
    return (trial.gain - mean) ** 2 / (deviation**2 + NOISE)
