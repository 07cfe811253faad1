"""Would a run that looks hopeless by its curve have been hopeless? What the telemetry of a night says, of any journal.

    python benchmarks/prune.py .ar/journal.db                  judged at half of the training
    python benchmarks/prune.py .ar/journal.db --at 0.25        earlier

A rule that ends runs by their curves has to tell a bad change from an unlucky seed. The mean loss over the fifth of the
training up to the moment of judging is set against that of the runs of the incumbent's code, in units of its spread among
runs of identical code. Prints how every run stood then and ended, and for each margin what would have been ended:
the hopeless (4 σ or more worse), and the others, falsely.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from journal.projections.sessions import Session
from journal.projections.state import State, fold
from journal.store import Reader

WINDOW = 0.2  # of the training
HOPELESS = 4.0  # σ worse at the end
MARGINS = (2.0, 3.0, 4.0)  # spreads


class Judged(NamedTuple):
    """A run, its mean loss at the moment of judging, and its end in σ above the incumbent (positive is worse)."""

    name: str
    commit: str
    loss: float
    worse: float


def judged(reader: Reader, state: State, session: Session, *, at: float) -> list[Judged]:
    """Every run of a session that has a curve and a metric."""
    assert session.sigma is not None
    assert session.best is not None
    sign = 1 if session.direction == "minimize" else -1
    rows = [row for row in state.runs.rows.values() if row.session == session.tag]
    found = []
    for run in rows:
        points = [
            (s.seconds, s.loss) for s in reader.samples(run.session, run.experiment, run=run.run) if s.loss is not None
        ]
        end = max((seconds for seconds, _ in points), default=0.0)
        window = [loss for seconds, loss in points if (at - WINDOW) * end <= seconds <= at * end]
        if window and run.metric is not None:
            worse = sign * (run.metric - session.best) / session.sigma
            found.append(Judged(f"#{run.experiment}.{run.run}", run.commit, statistics.mean(window), worse))
    return found


def spread(runs: Sequence[Judged]) -> float:
    """The pooled standard deviation of the loss among runs of identical code."""
    by_commit: dict[str, list[float]] = {}
    for one in runs:
        by_commit.setdefault(one.commit, []).append(one.loss)
    groups = [group for group in by_commit.values() if len(group) > 1]
    if not groups:
        raise SystemExit("No code was run twice in this session: the spread of its curve is not known.")
    squares = sum(statistics.variance(group) * (len(group) - 1) for group in groups)
    return float((squares / sum(len(group) - 1 for group in groups)) ** 0.5)


def main() -> int:
    parser = argparse.ArgumentParser(description="How well a night's curves foretell how its runs ended.")
    parser.add_argument("journal", type=Path)
    parser.add_argument("--at", type=float, default=0.5, help="share of the training at which a run is judged")
    options = parser.parse_args()
    with closing(Reader(options.journal)) as reader:
        state = fold(reader.read())
        session = state.latest_session()
        if session is None or not session.sigma:
            raise SystemExit("The journal holds no session whose noise is known.")
        runs = judged(reader, state, session, at=options.at)
    unit, standing = spread(runs), [one.loss for one in runs if one.commit == session.incumbent]
    place = {one: (one.loss - statistics.mean(standing)) / unit for one in runs}
    told = [
        {
            "run": one.name,
            "curve, spreads above": round(place[one], 1),
            "end, σ worse": round(one.worse, 1),
        }
        for one in sorted(runs, key=lambda one: one.worse)
    ]
    others = [one for one in runs if one.commit != session.incumbent]
    hopeless = [one for one in others if one.worse >= HOPELESS]
    fine = [one for one in others if one.worse < HOPELESS]
    margins = {
        f"{margin:g} spreads": {
            "hopeless ended": f"{sum(place[one] > margin for one in hopeless)} of {len(hopeless)}",
            "others ended": f"{sum(place[one] > margin for one in fine)} of {len(fine)}",
        }
        for margin in MARGINS
    }
    print(
        json.dumps(
            {"judged at": options.at, "spread of the loss": round(unit, 4), "runs": told, "margins": margins},
            indent=1,
            ensure_ascii=False,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
