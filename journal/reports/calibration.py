"""Calibration of proposers: the deltas that they predicted against the measured ones. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

from journal.projections.experiments import Experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Of one proposer and one kind of change. A delta is metric - incumbent, in the metric's unit."""

    session: str
    proposer: str
    kind: str
    experiments: int
    predicted: float  # mean
    measured: float  # mean
    missed: float  # mean of |measured - predicted|
    right_direction: int  # number of experiments with the predicted sign


def calibrate(rows: Iterable[Experiment]) -> list[Calibration]:
    """One entry per session, proposer and kind, in that order, over the experiments with a prediction and a delta."""
    groups: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for row, expected, delta in _predicted(rows):
        groups[row.session, row.proposer, row.kind].append((expected, delta))
    return [_calibration(*key, groups[key]) for key in sorted(groups)]


def calibration_lines(rows: Iterable[Experiment], *, session: str) -> list[str]:
    """A line for each proposer that predicts, over all kinds of change."""
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row, expected, delta in _predicted(rows):
        if row.session == session:
            groups[row.proposer].append((expected, delta))
    return [_line(_calibration(session, proposer, "", pairs)) for proposer, pairs in sorted(groups.items())]


def _predicted(rows: Iterable[Experiment]) -> Iterator[tuple[Experiment, float, float]]:
    """The kept and discarded experiments with a prediction, each with its predicted and its measured delta."""
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


def _line(result: Calibration) -> str:
    return (
        f"{result.proposer} predicted {result.predicted:+.2g} on average and {result.measured:+.2g} was measured; "
        f"the direction was right in {result.right_direction} of {result.experiments}."
    )
