"""From commit to reader, what waiting costs, and how large the write-ahead log grows under readers.

python benchmarks/journal_tail.py [COMMITS]
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from journal_sessions import TAG, night

from journal.events import SessionRecovered, session_stream
from journal.store import Journal, Reader
from journal.store.tail import Tail

COMMITS = 400
SPACING = 0.02  # seconds between commits
IDLE_SECONDS = 5.0
READERS, HERTZ, FLAT_OUT_SECONDS = 4, 20, 6.0


def child(act: Callable[[], None]) -> int:
    """Do it in a process of its own."""
    process = os.fork()
    if process == 0:
        act()
        os._exit(0)
    return process


def commit_and_say(path: Path, said: int, commits: int) -> None:
    """Append, and say the monotonic time right after each commit, in nanoseconds."""
    journal = Journal(path)
    journal.acquire()
    for number in range(commits):
        time.sleep(SPACING)
        journal.append(session_stream(TAG), [SessionRecovered(session=TAG, found=str(number), did="")])
        os.write(said, time.monotonic_ns().to_bytes(8, "big"))


def latencies(path: Path, commits: int, *, inotify: bool, interval: float) -> list[float]:
    """Milliseconds from each commit until a reader has seen its position."""
    heard, said = os.pipe()
    seen: dict[int, int] = {}
    start = Reader(path).head()[0]
    with Tail(path, inotify=inotify, interval=interval) as tail:
        writer = child(lambda: commit_and_say(path, said, commits))
        reader = Reader(path)
        while len(seen) < commits and tail.wait(10):
            now = time.monotonic_ns()
            for position in range(start + len(seen) + 1, reader.head()[0] + 1):
                seen[position] = now
        os.waitpid(writer, 0)
    os.close(said)
    with os.fdopen(heard, "rb") as pipe:
        told = pipe.read()
    times = [int.from_bytes(told[at : at + 8], "big") for at in range(0, len(told), 8)]
    return sorted(max(0.0, (seen[start + 1 + number] - at) / 1e6) for number, at in enumerate(times))


def idle_cost(path: Path) -> float:
    """Share of one core that a waiting reader takes, in percent."""
    with Tail(path) as tail:
        begun = time.process_time()
        tail.wait(IDLE_SECONDS)
        return (time.process_time() - begun) / IDLE_SECONDS * 100


def log_size(path: Path) -> float:
    """The largest write-ahead log, in MB, while one writer appends flat out under readers that poll."""
    readers = [child(lambda: poll(path)) for _ in range(READERS)]
    journal = Journal(path)
    journal.acquire()
    steps = [events for _, events in night(500)]
    wal, largest, end = Path(f"{path}-wal"), 0, time.monotonic() + FLAT_OUT_SECONDS
    number = 0
    while time.monotonic() < end:
        journal.append(f"s{number}", steps[number % len(steps)])
        largest = max(largest, wal.stat().st_size)
        number += 1
    for reader in readers:
        os.waitpid(reader, 0)
    journal.close()
    return largest / 2**20


def poll(path: Path) -> None:
    reader = Reader(path)
    after, end = 0, time.monotonic() + FLAT_OUT_SECONDS
    while time.monotonic() < end:
        after = max((recorded.position for recorded in reader.read(after=after)), default=after)
        time.sleep(1 / HERTZ)


def main() -> None:
    commits = int(sys.argv[1]) if len(sys.argv) > 1 else COMMITS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        Journal(path).close()
        for name, inotify, interval in (("sentinel and inotify", True, 0.25), ("polling every 20 ms", False, 0.02)):
            taken = latencies(path, commits, inotify=inotify, interval=interval)
            p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
            print(f"{name:32} commit to reader: p50 {p50:7.2f} ms, p99 {p99:7.2f} ms over {len(taken)} commits")
        print(f"{'waiting':32} {idle_cost(path):.2f} % of a core")
        print(f"{f'{READERS} readers at {HERTZ} Hz':32} write-ahead log at most {log_size(path):.1f} MB")


if __name__ == "__main__":
    main()
