"""The end of a run's output, read from its file beside the journal while the training writes it."""

import os
from pathlib import Path

from journal.projections.runs import Run
from tui.terminal.formatting import memory, sanitize_lines

LOGS = ("train.log", "evaluate.log")  # in the folder of a run; the second one exists once the training is over
TAIL_BYTES = 48 * 1024
HELD_BYTES = 256 * 1024  # of output, from which the loop writes the rest only at the end of the run


class RunLog:
    """Reads the last lines again only if the file has changed."""

    def __init__(self, journal: Path) -> None:
        self._folder = journal.parent
        self._key: tuple[object, ...] = ()
        self._lines: tuple[str, ...] = ()

    def tail(self, run: Run | None) -> tuple[str, ...]:
        """The last lines that a run printed; or one line that says why there are none."""
        if run is None or not run.folder:
            return ("No run has started yet.",)
        files = [file for name in LOGS if (file := self._file(run.folder, name)) is not None]
        key = tuple((file, status.st_mtime_ns, status.st_size) for file in files if (status := _status(file)))
        if not key:
            return (f"The output of run {run.run} is not beside this journal: it is removed with old runs.",)
        if key != self._key:
            parts = [_tail(file) for file in files]
            self._key, self._lines = key, tuple(line for part in parts for line in part)
        return self._lines

    def _file(self, folder: str, name: str) -> Path | None:
        """The path of a log; None outside the journal's own folder, which a strange journal could name."""
        file = (self._folder / folder / name).resolve()
        return file if file.is_relative_to(self._folder.resolve()) else None


def _status(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:
        return None


def _tail(file: Path) -> list[str]:
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - TAIL_BYTES))
            text = stream.read(TAIL_BYTES).decode("utf-8", "replace")
    except OSError as error:
        return [f"{file.name} cannot be read: {error.strerror}."]
    # A progress bar returns to the start of its line again and again: its last state is what a terminal would show.
    lines = [line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").rstrip("\n").split("\n")]
    held = [f"… after {memory(HELD_BYTES)} the rest is written when the run ends …"] if size == HELD_BYTES else []
    return [f"── {file.name}", *(each for line in lines for each in sanitize_lines(line)), *held]
