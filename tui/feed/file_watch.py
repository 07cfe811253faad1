"""Whether the journal's file is still the one that was opened: not replaced, and not overwritten in place."""

from pathlib import Path

from journal.store import Reader


class FileWatch:
    """Remembers the file at a path.

    `cp` and `scp` overwrite a file in place: SQLite's connections do not notice, and keep showing old pages. So a change of the
    file is checked on a new connection.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        status = path.stat()
        self._identity = status.st_dev, status.st_ino
        self._content = status.st_mtime_ns, status.st_size

    def is_replaced(self, held: Reader) -> bool:
        """Whether the path names another file, or its file ends with another event than the `held` connection sees.

        Raises JournalError if what is there cannot be read.
        """
        try:
            status = self._path.stat()
        except OSError:
            return True
        if (status.st_dev, status.st_ino) != self._identity:
            return True
        content = status.st_mtime_ns, status.st_size
        if content == self._content:
            return False
        self._content = content
        reader = Reader(self._path)
        try:
            return reader.head() != held.head()
        finally:
            reader.close()
