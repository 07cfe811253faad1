"""What a change does to the throughput: the tokens or steps of its runs, relative to those of its base. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean

from journal.projections.experiments import Experiment
from journal.projections.runs import Run

SHOWN = 0.03  # a smaller difference is the machine's


class Throughput:
    """Means by commit. All runs of a session have the same budget, so tokens and steps compare."""

    def __init__(self, runs: Iterable[Run]) -> None:
        amounts: dict[tuple[str, str], list[int]] = defaultdict(list)
        for run in runs:
            for unit, amount in (("tokens", run.tokens), ("steps", run.steps)):
                if run.status == "finished" and amount:
                    amounts[unit, run.commit].append(amount)
        self._means = {key: fmean(values) for key, values in amounts.items()}

    def ratio(self, row: Experiment) -> tuple[str, float] | None:
        """(unit, ratio to the parent): tokens if both report them, else steps; None if one of them reports neither."""
        for unit in ("tokens", "steps"):
            own, base = self._means.get((unit, row.commit or "")), self._means.get((unit, row.parent or ""))
            if own and base:
                return unit, own / base
        return None

    def clause(self, row: Experiment) -> str:
        """Such as ` tokens ×0.74`; empty if the ratio is unknown or about 1."""
        found = self.ratio(row)
        return "" if found is None or abs(found[1] - 1) < SHOWN else f" {found[0]} ×{found[1]:.2f}"
