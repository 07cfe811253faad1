"""What the proposers of an experiment were asked and answered, as lines: read from the files beside the journal."""

from collections.abc import Sequence
from pathlib import Path

from journal.errors import JournalError
from journal.events.recorded import Recorded
from journal.reports import transcripts
from tui.terminal.formatting import sanitize_lines

LINES = 5_000  # of all askings together


class Askings:
    """Remembers the last experiment's, for a pane that is painted at every key."""

    def __init__(self, journal: Path) -> None:
        self.folder = journal.parent / transcripts.FOLDER
        self._known: tuple[tuple[str, int, int], tuple[str, ...]] = (("", 0, 0), ())

    def lines(self, past: Sequence[Recorded], *, session: str, number: int) -> tuple[str, ...]:
        """The askings that an experiment's events name so far; none where it was proposed without words."""
        key = (session, number, past[-1].position if past else 0)
        if self._known[0] != key:
            self._known = (key, self._read(past, session=session, number=number))
        return self._known[1]

    def _read(self, past: Sequence[Recorded], *, session: str, number: int) -> tuple[str, ...]:
        named = {getattr(recorded.event, "prompt_key", None) for recorded in past} - {None}
        if not named:
            return ()
        try:
            found = transcripts.askings(self.folder, past, session=session, experiment=number)
        except JournalError as error:
            return tuple(sanitize_lines(str(error)))
        texts = [transcripts.text(asking) for asking in found if asking.key in named]
        if not texts:
            return (f"The files of the request are gone: there is nothing of it in {self.folder}.",)
        return tuple(sanitize_lines("\n\n".join(texts), limit=LINES))
