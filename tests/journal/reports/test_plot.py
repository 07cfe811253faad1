"""What `ar-journal plot` draws."""

from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.reports.plot import _draw_frontier


class Axes:
    def step(self, numbers, best, **_style):
        self.line = list(zip(numbers, best, strict=True))


def test_the_line_is_the_running_best_also_where_a_later_keep_is_worse():
    metrics = {0: 1.50, 3: 1.40, 4: 1.45}  # the last was measured on an earlier incumbent
    kept = [Experiment(session="night", number=n, status="keep", metric=metric) for n, metric in metrics.items()]
    axes = Axes()

    _draw_frontier(axes, Session(tag="night"), [*kept, Experiment(session="night", number=6, status="crash")])

    assert axes.line == [(0, 1.50), (3, 1.40), (4, 1.40), (6, 1.40)]
