"""How honest hypotheses are: what proposers predicted of their changes against what was measured. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

from journal.projections.experiments import Experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Of one proposer and one kind of change. Deltas are metric - incumbent, in the metric's unit."""

    session: str
    proposer: str
    kind: str
    experiments: int
    predicted: float  # mean
    measured: float  # mean
    missed: float  # mean of |measured - predicted|
    right_direction: int  # in how many of them the sign was foretold


def calibrate(rows: Iterable[Experiment]) -> list[Calibration]:
    """One entry per session, proposer and kind, of the experiments with a prediction and a number, in that order."""
    groups: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for row, expected, delta in _foretold(rows):
        groups[row.session, row.proposer, row.kind].append((expected, delta))
    return [_calibration(*key, groups[key]) for key in sorted(groups)]


def foresight(rows: Iterable[Experiment], *, session: str) -> list[str]:
    """A line for each proposer that predicts, all kinds of change together."""
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row, expected, delta in _foretold(rows):
        if row.session == session:
            groups[row.proposer].append((expected, delta))
    return [_line(_calibration(session, proposer, "", pairs)) for proposer, pairs in sorted(groups.items())]


def _foretold(rows: Iterable[Experiment]) -> Iterator[tuple[Experiment, float, float]]:
    """The experiments that were measured and count, each with the delta that was predicted and the one that came."""
    for row in rows:
        if row.expected_delta is not None and row.delta is not None and row.status in ("keep", "discard"):
            yield row, row.expected_delta, row.delta


def _calibration(session: str, proposer: str, kind: str, pairs: list[tuple[float, float]]) -> Calibration:
    return Calibration(
        session=session,
        proposer=proposer,
        kind=kind,
        experiments=len(pairs),
        predicted=fmean(expected for expected, _ in pairs),
        measured=fmean(delta for _, delta in pairs),
        missed=fmean(abs(delta - expected) for expected, delta in pairs),
        right_direction=sum(expected * delta > 0 for expected, delta in pairs),
    )


def _line(found: Calibration) -> str:
    return (
        f"{found.proposer} predicted {found.predicted:+.2g} on average and {found.measured:+.2g} was measured; "
        f"the direction was right in {found.right_direction} of {found.experiments}."
    )
