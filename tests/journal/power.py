"""A disk that loses power: below SQLite, what was not synced is dropped or torn, write by write.

python tests/journal/power.py 3000

A VFS records every write, truncation and sync of the journal's files, and each acknowledged append. A cut at any point
keeps what was synced before it; every later write survives whole, in part (by sectors), or not at all, at random.
"""

import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import apsw
from histories import MEMORY, proposed

from journal.store import Journal, Reader
from journal.verify.checks import verify

SECTOR = 512


@dataclass(frozen=True)
class Write:
    file: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncation:
    file: str
    size: int


@dataclass(frozen=True)
class Sync:
    file: str


@dataclass(frozen=True)
class Acknowledged:
    position: int


class RecordingFile(apsw.VFSFile):
    def __init__(self, vfs, name, flags, log):
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name).name
        self._log = log
        super().__init__(vfs, name, flags)

    def xWrite(self, data, offset):  # noqa: N802
        self._log.append(Write(self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size):  # noqa: N802
        self._log.append(Truncation(self._name, size))
        super().xTruncate(size)

    def xSync(self, flags):  # noqa: N802
        self._log.append(Sync(self._name))
        super().xSync(flags)


class RecordingVFS(apsw.VFS):
    def __init__(self, log):
        self._log = log
        super().__init__("recording", base="")

    def xOpen(self, name, flags):  # noqa: N802
        return RecordingFile("", name, flags, self._log)


class Apsw:
    """The few methods of `sqlite3.Connection` that the store uses, over the recording VFS."""

    def __init__(self, path):
        self._db = apsw.Connection(str(path), vfs="recording")

    def execute(self, sql, values=()):
        return self._db.cursor().execute(sql, values)

    def executemany(self, sql, rows):
        return self._db.cursor().executemany(sql, rows)

    @property
    def in_transaction(self):
        return self._db.in_transaction

    def close(self):
        self._db.close()


def record(appends, *, synchronous="FULL", riding=1):
    """The log of a journal to which so many steps are appended, and its files before the first of them.

    One step in `riding` is durable, and the others ride on it.
    """
    log = []
    vfs = RecordingVFS(log)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        path = Path(name) / "journal.db"
        journal = Journal(path, connect=Apsw, wal_bytes=60_000)
        journal.acquire()
        journal._db.execute(f"PRAGMA synchronous = {synchronous}")
        before = {file.name: file.read_bytes() for file in path.parent.iterdir() if file.suffix != ".db-shm"}
        log.clear()
        for number in range(appends):
            events, durable = [proposed(number, "halve the batch")] * (1 + number % 3), number % riding == 0
            recorded = journal.append(f"s{number % 3}", events, durable=durable)
            log += [Acknowledged(recorded[-1].position)] * durable
        journal.close()
    vfs.unregister()
    return log, before


def survivors(log, before, *, cut, chance):
    """The files after power was lost just before the log's entry `cut`."""
    files = {name: bytearray(data) for name, data in before.items() if not name.endswith("-shm")}
    last_sync = {entry.file: place for place, entry in enumerate(log[:cut]) if isinstance(entry, Sync)}
    for place, entry in enumerate(log[:cut]):
        if isinstance(entry, Write | Truncation):
            durable = place < last_sync.get(entry.file, -1)
            _apply(files.setdefault(entry.file, bytearray()), entry, durable=durable, chance=chance)
    return files


def acknowledged(log, cut):
    return max((entry.position for entry in log[:cut] if isinstance(entry, Acknowledged)), default=0)


def _apply(data, entry, *, durable, chance):
    if isinstance(entry, Truncation):
        if durable or chance.random() < 0.5:
            del data[entry.size :]
        return
    for start in range(0, len(entry.data), SECTOR):
        part = entry.data[start : start + SECTOR]
        if durable or chance.random() < 0.5:
            place = entry.offset + start
            data.extend(b"\0" * (place + len(part) - len(data)))
            data[place : place + len(part)] = part


def lost(log, before, *, cut, chance):
    """What is wrong after a cut: empty if nothing is."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        for file, data in survivors(log, before, cut=cut, chance=chance).items():
            (Path(name) / file).write_bytes(data)
        reader = Reader(Path(name) / "journal.db")
        try:
            wrong = [finding.what for finding in verify(reader).findings]
            head = reader.head()[0]
        finally:
            reader.close()
    if head < acknowledged(log, cut):
        wrong.append(f"{acknowledged(log, cut)} events were acknowledged, {head} are there")
    return wrong


def cuts(count, *, seed=0, synchronous="FULL", riding=1):
    """Faults found in so many cuts at random places."""
    chance = random.Random(seed)
    log, before = record(60, synchronous=synchronous, riding=riding)
    return [
        fault for _ in range(count) for fault in lost(log, before, cut=chance.randrange(1, len(log) + 1), chance=chance)
    ]


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    for level in ("FULL", "NORMAL"):
        print(f"synchronous={level}: {number} cuts, {len(cuts(number, synchronous=level))} faults")
