"""Open SQLite, hold a transaction, and turn SQLite's errors into the journal's own.

Write-ahead logging needs memory that all its processes share, so a journal cannot lie on a network file system.
"""

import logging
import sqlite3
import stat
import time
from pathlib import Path

from journal.errors import JournalError, JournalFull, JournalLocked, JournalMissing, JournalUnusable
from journal.store.file_locks import POLL_SECONDS, POSIX, holders, is_locked

BUSY_SECONDS = 10.0  # a writer waits this long for another writer's short transaction, or for a lock of a stranger
CHECKPOINT_MILLISECONDS = 50  # a checkpoint waits this long for readers
MOUNTS = Path("/proc/self/mountinfo")
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}
NETWORK = frozenset({"afs", "cifs", "fuse.rclone", "fuse.sshfs", "nfs", "nfs4", "smb3", "smbfs"})


def wake_file(path: Path) -> Path:
    """The sentinel that is opened after every commit."""
    return path.with_suffix(".wake")


def remove_journal(path: Path) -> None:
    """Delete a journal that never held an event, and the files beside it."""
    companions = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    for file in (path, *companions, wake_file(path), path.with_suffix(".lock")):
        file.unlink(missing_ok=True)


def refuse_irregular(path: Path) -> None:
    """Raise JournalUnusable for a folder, on which SQLite would blame the disk, or a pipe, on which it would wait."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode):
        raise JournalUnusable(f"{path} is {_KINDS.get(stat.S_IFMT(mode), 'no file')}: name the journal's file.")


def refuse_missing(path: Path) -> None:
    """Raise JournalMissing if there is no file."""
    if not path.exists():
        raise JournalMissing(f"There is no journal at {path}: start one with `ar-loop run`, or name it with --journal.")


def connect(path: Path, *, readonly: bool) -> sqlite3.Connection:
    """Open the file; create it unless `readonly`. Raises JournalMissing, JournalUnusable."""
    refuse_irregular(path)
    uri = f"{path.absolute().as_uri()}?mode="
    if readonly:
        return _connect_existing(uri, path)
    try:
        return _open(f"{uri}rwc")
    except sqlite3.Error as error:
        raise journal_error(error, path) from error


def _connect_existing(uri: str, path: Path) -> sqlite3.Connection:
    """Open for reading. While another process creates the journal, which takes it a second, wait."""
    deadline = time.monotonic() + BUSY_SECONDS
    while is_locked(wake_file(path)) and not _is_created(uri) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    refuse_missing(path)
    try:
        return _open(f"{uri}ro")
    except sqlite3.Error as error:
        if not path.with_name(path.name + "-wal").exists():
            return _open_immutable(uri, path, error)
        raise journal_error(error, path) from error


def _open(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    try:
        db.execute("PRAGMA trusted_schema = OFF")  # a stranger's schema calls no function with an effect
        db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()  # connect() alone does not touch the file
    except sqlite3.Error:
        db.close()
        raise
    return db


def _is_created(uri: str) -> bool:
    """Whether the file is a complete journal: its version is written last."""
    try:
        db = _open(f"{uri}ro")
    except sqlite3.Error:
        return False
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.close()
    return bool(version > 0)


def _open_immutable(uri: str, path: Path, error: sqlite3.Error) -> sqlite3.Connection:
    """Open a journal that nobody writes in a read-only folder, where SQLite cannot create the WAL's shared memory."""
    try:
        return _open(f"{uri}ro&immutable=1")
    except sqlite3.Error:
        raise journal_error(error, path) from error


def use_wal(db: sqlite3.Connection, path: Path) -> None:
    """Switch to write-ahead logging with durable commits. Raises JournalUnusable on a network file system."""
    if kind := network_file_system(path):
        raise JournalUnusable(
            f"{path} lies on a network file system ({kind}), where a journal is not safe: use a local disk."
        )
    if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise JournalUnusable(f"{path} lies on a file system without shared memory: use a local disk.")


def truncate_wal(db: sqlite3.Connection) -> None:
    """Checkpoint the write-ahead log into the file and empty it; if readers block that, the next commit tries again."""
    db.execute(f"PRAGMA busy_timeout = {CHECKPOINT_MILLISECONDS}")
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.OperationalError as error:  # the events are safe in the log; a full disk fails the next append
        logging.getLogger(__name__).warning("The write-ahead log could not be emptied: %s", error)
    finally:
        db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")


class Transaction:
    """BEGIN IMMEDIATE … COMMIT; on any error ROLLBACK, and SQLite's errors become the journal's."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    def __enter__(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise journal_error(error, self._path) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
                return
        except sqlite3.Error as commit_error:
            error = commit_error
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise journal_error(error, self._path) from error
        if isinstance(error, OverflowError):
            raise JournalError("A number of the event is larger than SQLite can hold (64 bits).") from error


def journal_error(error: sqlite3.Error, path: Path) -> JournalError:
    """An error of SQLite as one of the journal's own, with what to do about it."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_BUSY"):
        return locked_error(path)
    for prefix, kind, message in _MESSAGES:
        if name.startswith(prefix):
            return kind(message.format(path=path, error=error))
    return JournalUnusable(f"SQLite refused to work on {path}: {error}.")


def locked_error(path: Path) -> JournalLocked:
    """The error for a file of SQLite that other processes have locked; it names those that the kernel lists."""
    files = (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm")))
    holder = holders(*files, kinds=POSIX) or "Another process"
    return JournalLocked(f"{holder} has locked {path}: end that process, then start again.")


_MESSAGES: tuple[tuple[str, type[JournalError], str], ...] = (
    ("SQLITE_FULL", JournalFull, "The disk of {path} is full: free some space and start again; no event is lost."),
    ("SQLITE_IOERR", JournalUnusable, "The disk of {path} failed ({error}): check the disk and start again."),
    ("SQLITE_READONLY", JournalUnusable, "{path} cannot be written: its file or folder is read-only."),
    ("SQLITE_PERM", JournalUnusable, "{path} cannot be opened: the permissions of its file or folder forbid it."),
    ("SQLITE_CANTOPEN", JournalUnusable, "{path} cannot be opened: its folder is missing, read-only or not yours."),
    ("SQLITE_NOTADB", JournalUnusable, "{path} is not a journal: it is no SQLite file."),
    ("SQLITE_CORRUPT", JournalUnusable, "{path} is damaged ({error}): restore a backup, or import an export."),
)


def network_file_system(path: Path, *, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that holds the path; None if it is local or unknown."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    here = path.absolute().parent.resolve()
    enclosing = [(Path(point), kind) for point, kind in map(_mount, lines) if here.is_relative_to(point)]
    kind = max(enclosing, key=lambda mount: len(mount[0].parts), default=(here, ""))[1]
    return kind if kind in NETWORK else None


def _mount(line: str) -> tuple[str, str]:
    """Mount point and type, from a line of mountinfo (proc(5)): optional fields end at a lone dash."""
    fields = line.split(" ")
    point = fields[4].replace("\\040", " ")
    return point, fields[fields.index("-") + 1]
