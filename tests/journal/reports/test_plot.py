"""What `ar-journal plot` draws."""

from pathlib import Path

import pytest

from journal.errors import JournalError
from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.plot import _draw_frontier, plot


class Axes:
    def step(self, numbers, best, **_style):
        self.line = list(zip(numbers, best, strict=True))


def test_the_line_is_the_running_best_also_where_a_later_keep_is_worse():
    metrics = {0: 1.50, 3: 1.40, 4: 1.45}  # the last was measured on an earlier incumbent
    kept = [Experiment(session="night", number=n, status="keep", metric=metric) for n, metric in metrics.items()]
    axes = Axes()

    _draw_frontier(axes, Session(tag="night"), [*kept, Experiment(session="night", number=6, status="crash")])

    assert axes.line == [(0, 1.50), (3, 1.40), (4, 1.40), (6, 1.40)]


@pytest.mark.parametrize("metric", [1e308, -1e308])
def test_a_metric_that_no_axis_can_show_is_one_sentence(metric):
    state = State()
    state.sessions.rows["night"] = Session(tag="night")
    state.experiments.rows["night", 0] = Experiment(session="night", number=0, status="keep", metric=metric)

    with pytest.raises(JournalError, match="no axis can show"):
        plot(state, session="night", target=Path("plot.svg"))
