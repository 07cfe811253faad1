"""Searches a command's output for the numbers of the brief as it passes, because only its beginning and end are stored."""

from collections.abc import Mapping

from loop.brief.metric.reading import Reading
from loop.brief.metric.source import MetricSource
from loop.brief.metric.terminal import Terminal
from loop.runs.decode import TextDecoder


class OutputSearch:
    """One search per number, by name; `feed` takes in what the command printed, in pieces of any size."""

    def __init__(self, sources: Mapping[str, MetricSource]) -> None:
        self._searches = {
            name: source.search()
            for name, source in sources.items()
            if source.file is None and source.kind in ("line", "json")
        }
        self._decoder = TextDecoder()
        self._terminal = Terminal()

    def feed(self, data: bytes) -> None:
        if self._searches:
            self._feed_text(self._decoder.feed(data))

    def readings(self) -> dict[str, Reading]:
        """The last word on each number that the output is about, once the command has ended."""
        self._feed_text(self._decoder.finish())
        for row in self._terminal.finish():
            self._feed_row(row)
        found = {name: search.reading() for name, search in self._searches.items()}
        return {name: reading for name, reading in found.items() if reading is not None}

    def _feed_text(self, text: str) -> None:
        for row in self._terminal.feed(text):
            self._feed_row(row)

    def _feed_row(self, row: str) -> None:
        for search in self._searches.values():
            search.feed(row)
