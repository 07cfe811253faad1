"""Opening SQLite, holding a transaction, and turning SQLite's errors into sentences.

Write-ahead logging needs memory that all its processes share, so a journal on a network file system is refused.
"""

import logging
import sqlite3
from pathlib import Path

from journal.errors import JournalBusy, JournalError, JournalFull, JournalUnusable

BUSY_SECONDS = 10.0  # a writer waits this long for another writer's short transaction
CHECKPOINT_MILLISECONDS = 50  # and this long for readers, when it empties the write-ahead log
MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset({"afs", "cifs", "fuse.rclone", "fuse.sshfs", "nfs", "nfs4", "smb3", "smbfs"})


def wake_file(path: Path) -> Path:
    """The sentinel that is opened after every commit."""
    return path.with_suffix(".wake")


def discard(path: Path) -> None:
    """Remove a journal that never held anything, and the files beside it."""
    beside = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    for file in (path, *beside, wake_file(path), path.with_suffix(".lock")):
        file.unlink(missing_ok=True)


def refuse_folder(path: Path) -> None:
    """Raise JournalUnusable for a folder, on which SQLite would blame the disk."""
    if path.is_dir():
        raise JournalUnusable(f"{path} is a folder: name the journal's file.")


def connect(path: Path, *, readonly: bool) -> sqlite3.Connection:
    """Open the file; never creates one when read-only. Raises JournalUnusable."""
    refuse_folder(path)
    uri = path.absolute().as_uri()
    try:
        return _open(f"{uri}?mode={'ro' if readonly else 'rwc'}")
    except sqlite3.Error as error:
        if readonly and not path.with_name(path.name + "-wal").exists():
            return _open_still(uri, path, error)
        raise sentence(error, path) from error


def _open(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    try:
        db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()  # connect() alone does not touch the file
    except sqlite3.Error:
        db.close()
        raise
    return db


def _open_still(uri: str, path: Path, error: sqlite3.Error) -> sqlite3.Connection:
    """Open a journal at rest in a read-only folder, where SQLite cannot make the shared memory of a WAL file."""
    try:
        return _open(f"{uri}?mode=ro&immutable=1")
    except sqlite3.Error:
        raise sentence(error, path) from error


def use_wal(db: sqlite3.Connection, path: Path) -> None:
    """Switch to write-ahead logging with durable commits. Raises JournalUnusable on a network file system."""
    if kind := network(path):
        raise JournalUnusable(
            f"{path} lies on a network file system ({kind}), where a journal is not safe: use a local disk."
        )
    if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise JournalUnusable(f"{path} lies on a file system without shared memory: use a local disk.")


def truncate_wal(db: sqlite3.Connection) -> None:
    """Move the write-ahead log into the file and empty it, unless readers are in the way: then the next commit tries."""
    db.execute(f"PRAGMA busy_timeout = {CHECKPOINT_MILLISECONDS}")
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.OperationalError as error:  # the events are safe in the log: a full disk shows at the next append
        logging.getLogger(__name__).warning("The write-ahead log could not be emptied: %s", error)
    finally:
        db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")


class Transaction:
    """BEGIN IMMEDIATE … COMMIT; rolls back on any error and turns SQLite's into a sentence."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    def __enter__(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise sentence(error, self._path) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
                return
        except sqlite3.Error as failed:
            error = failed
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise sentence(error, self._path) from error
        if isinstance(error, OverflowError):
            raise JournalError("A number of the event is larger than SQLite can hold (64 bits).") from error


def sentence(error: sqlite3.Error, path: Path) -> JournalError:
    """Say what SQLite said as one of the journal's own errors, with what to do about it."""
    name = getattr(error, "sqlite_errorname", "") or ""
    for prefix, kind, words in _WORDS:
        if name.startswith(prefix):
            return kind(words.format(path=path, error=error))
    return JournalUnusable(f"SQLite refused to work on {path}: {error}.")


_WORDS: tuple[tuple[str, type[JournalError], str], ...] = (
    (
        "SQLITE_FULL",
        JournalFull,
        "The disk of {path} is full: the journal is unharmed; free some space and start again.",
    ),
    (
        "SQLITE_IOERR",
        JournalUnusable,
        "The disk under {path} failed ({error}): check its space and health, then start again.",
    ),
    (
        "SQLITE_BUSY",
        JournalBusy,
        "{path} is held by another writer for longer than expected: look for a stuck process.",
    ),
    ("SQLITE_READONLY", JournalUnusable, "{path} cannot be written: its file or folder is read-only."),
    ("SQLITE_PERM", JournalUnusable, "{path} cannot be opened: its file or folder forbids it."),
    ("SQLITE_CANTOPEN", JournalUnusable, "{path} cannot be opened: its folder is missing, read-only or not yours."),
    ("SQLITE_NOTADB", JournalUnusable, "{path} is not a journal: it is no SQLite file."),
    ("SQLITE_CORRUPT", JournalUnusable, "{path} is damaged ({error}): restore a backup, or import an export."),
)


def network(path: Path, *, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that holds the path; None for a local one, or where nobody can tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    here = path.absolute().parent.resolve()
    holding = [(Path(point), kind) for point, kind in map(_mount, lines) if here.is_relative_to(point)]
    kind = max(holding, key=lambda mount: len(mount[0].parts), default=(here, ""))[1]
    return kind if kind in NETWORK else None


def _mount(line: str) -> tuple[str, str]:
    """Mount point and type, from a line of mountinfo (proc(5)): optional fields end at a lone dash."""
    fields = line.split(" ")
    point = fields[4].replace("\\040", " ")
    return point, fields[fields.index("-") + 1]
