"""The requests and answers of an experiment's proposer as lines, from the files beside the journal."""

from collections.abc import Sequence
from pathlib import Path

from journal.errors import JournalError
from journal.events.recorded import Recorded
from journal.reports import transcripts
from tui.terminal.formatting import sanitize_lines

MAX_LINES = 5_000


class TranscriptReader:
    """Caches the last experiment's transcript, because its pane is painted at every key."""

    def __init__(self, journal: Path) -> None:
        self.folder = journal.parent / transcripts.FOLDER
        self._key = ("", 0, 0)
        self._lines: tuple[str, ...] = ()

    def lines(self, past: Sequence[Recorded], *, session: str, number: int) -> tuple[str, ...]:
        """The transcript that an experiment's events name; empty if the proposer sends no requests."""
        key = (session, number, past[-1].position if past else 0)
        if self._key != key:
            self._key, self._lines = key, self._read(past, session=session, number=number)
        return self._lines

    def _read(self, past: Sequence[Recorded], *, session: str, number: int) -> tuple[str, ...]:
        keys = {getattr(recorded.event, "prompt_key", None) for recorded in past} - {None}
        if not keys:
            return ()
        try:
            records = transcripts.read_transcripts(self.folder, past, session=session, experiment=number)
        except JournalError as error:
            return tuple(sanitize_lines(str(error)))
        texts = [transcripts.render(record) for record in records if record.key in keys]
        if not texts:
            return (f"The files of this request are missing from {self.folder}.",)
        return tuple(sanitize_lines("\n\n".join(texts), limit=MAX_LINES))
