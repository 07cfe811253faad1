"""The diff of an experiment against the baseline: the diffs of its line of descent as one."""

from collections.abc import Iterator

from tui.feed.archive import Archive
from tui.model.composed_diff import DiffMismatch, compose
from tui.model.incumbents import ancestors
from tui.model.snapshot import ExperimentDetail
from tui.model.view import View


class BaselineDiffs:
    """Caches the last diff, because its pane is painted at every key."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._key = (-1, 0)
        self._diff = ""

    def diff(self, view: View, row: int) -> str:
        """The diff, or a line that says why there is none."""
        key = (row, view.position)
        if key != self._key:
            self._key, self._diff = key, self._compose(view, row)
        return self._diff

    def _compose(self, view: View, row: int) -> str:
        line = [*reversed(ancestors(view.ledger, row, limit=view.experiment_count)), row]
        try:
            return compose([detail.proposal.diff for detail in self._details(view, line) if detail.proposal])
        except DiffMismatch:
            return "The diffs of its ancestors do not follow from each other: `git diff` has the difference."

    def _details(self, view: View, rows: list[int]) -> Iterator[ExperimentDetail]:
        for row in rows:
            detail = self._archive.detail_of_row(view, row)
            if detail is not None:
                yield detail
