"""Full text over failed runs: what a search found, as far as it was known at a position. Reads the journal."""

from pathlib import Path

from journal.errors import QueryRefused
from journal.query.sql import ask
from tui.model.view import View
from tui.state.ui import Hit

HITS = 500  # of a search
SECONDS = 1.0
SEARCH = """
SELECT session, experiment, run, kind, snippet(failures, -1, '«', '»', '…', 16)
FROM failures WHERE failures MATCH ? ORDER BY rank
"""


class Search:
    """Remembers the last search, for a screen that is painted at every key."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self._known: tuple[tuple[str, int], tuple[Hit, ...]] = (("", 0), ())

    def find(self, view: View, words: str) -> tuple[tuple[Hit, ...], str]:
        """The hits, the best first, or why there are none."""
        if self._known[0] != (words, view.failures):
            quoted = " ".join('"' + word.replace('"', '""') + '"*' for word in words.split())
            try:
                rows = ask(self.journal, SEARCH, (quoted,), seconds=SECONDS, rows=HITS).rows
            except QueryRefused as error:
                return (), str(error)
            self._known = ((words, view.failures), tuple(map(_hit, rows)))
        return tuple(hit for hit in self._known[1] if view.find(hit.session, hit.experiment) is not None), ""


def _hit(row: tuple[object, ...]) -> Hit:
    session, experiment, run, kind, snippet = row
    return Hit(
        session=str(session),
        experiment=int(str(experiment or 0)),
        run=int(str(run or 0)),
        kind=str(kind),
        snippet=str(snippet),
    )
