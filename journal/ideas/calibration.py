"""How honest hypotheses are: what proposers predicted of their changes against what was measured. Pure."""

from collections import defaultdict
from collections.abc import Iterable
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
    for row in rows:
        if row.expected_delta is not None and row.delta is not None and row.status in ("keep", "discard"):
            groups[row.session, row.proposer, row.kind].append((row.expected_delta, row.delta))
    return [_calibration(*key, groups[key]) for key in sorted(groups)]


def foresight(rows: Iterable[Experiment], *, session: str) -> list[str]:
    """A line for each proposer that predicts, all kinds of change together."""
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        if row.session == session and row.number > 0 and row.expected_delta is not None and row.delta is not None:
            groups[row.proposer].append((row.expected_delta, row.delta))
    return [_line(_calibration(session, proposer, "", pairs)) for proposer, pairs in sorted(groups.items())]


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
