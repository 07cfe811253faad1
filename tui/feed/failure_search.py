"""Full-text search over failed runs, as of a position. Reads the journal."""

from pathlib import Path

from msgspec import Struct

from journal.errors import QueryRefused
from journal.query.sql import run_query
from tui.model.view import View
from tui.state.ui import SearchHit

MAX_HITS = 500
SECONDS = 1.0
SQL = """
SELECT session, experiment, run, kind, snippet(failures, -1, '«', '»', '…', 16)
FROM failures WHERE failures MATCH ? ORDER BY rank
"""
COUNT = "SELECT count(*) FROM failures WHERE failures MATCH ?"


class FoundFailures(Struct, frozen=True):
    """The best hits, how many there are in all, and an error message if the search failed."""

    hits: tuple[SearchHit, ...] = ()
    count: int = 0
    error: str = ""


class FailureSearch:
    """Caches the last search, because its screen is painted at every key."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self._key = ("", 0)
        self._found = FoundFailures()

    def find(self, view: View, text: str) -> FoundFailures:
        """The hits, the best first."""
        key = (text, view.failure_count)
        if self._key != key:
            try:
                self._found = self._search(text)
            except QueryRefused as error:
                return FoundFailures(error=str(error))
            self._key = key
        hits = tuple(hit for hit in self._found.hits if view.find(hit.session, hit.experiment) is not None)
        is_cut = self._found.count > len(self._found.hits)
        return FoundFailures(hits, self._found.count if is_cut else len(hits))

    def _search(self, text: str) -> FoundFailures:
        phrases = " ".join('"' + word.replace('"', '""') + '"*' for word in text.split())
        rows = run_query(self.journal, SQL, (phrases,), seconds=SECONDS, rows=MAX_HITS).rows
        count = len(rows)
        if count == MAX_HITS:
            count = int(str(run_query(self.journal, COUNT, (phrases,), seconds=SECONDS).rows[0][0]))
        return FoundFailures(tuple(map(_hit, rows)), count)


def _hit(row: tuple[object, ...]) -> SearchHit:
    session, experiment, run, kind, snippet = row
    return SearchHit(
        session=str(session),
        experiment=int(str(experiment or 0)),
        run=int(str(run or 0)),
        kind=str(kind),
        snippet=str(snippet),
    )
