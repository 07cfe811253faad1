"""What a durable append costs over raw sqlite3 doing the same fsync, and over the stores that people use.

python benchmarks/journal_append.py [FOLDER] [ROUNDS]

Every variant writes one event of the same payload per transaction, in turn, on the same disk; medians, and ratios to raw.
Peers (eventsourcing, mlflow, trackio) take part where they are installed.
"""

import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

from journal_nights import TAG, night

from journal.codec import encode
from journal.events import IdeaProposed, SessionRecovered, experiment_stream, session_stream
from journal.store import Journal

ROUNDS = 300
Step = Callable[[int], object]


def ideas(count: int) -> list[IdeaProposed]:
    return [event for _, events in night(count) for event in events if isinstance(event, IdeaProposed)]


@contextmanager
def raw(folder: Path, synchronous: str) -> Iterator[Step]:
    """The same bytes into a table without an index, guard or hash."""
    db = sqlite3.connect(folder / f"raw-{synchronous}.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {synchronous}")
    db.execute("CREATE TABLE events (position INTEGER PRIMARY KEY, at TEXT, stream TEXT, type TEXT, payload TEXT)")
    payloads = [encode(event).decode() for event in ideas(ROUNDS + 1)]

    def step(number: int) -> None:
        db.execute("BEGIN IMMEDIATE")
        values = (
            "2026-11-20T23:00:00.000000+00:00",
            f"experiment/{TAG}/{number}",
            "IdeaProposed",
            payloads[number % len(payloads)],
        )
        db.execute("INSERT INTO events (at, stream, type, payload) VALUES (?, ?, ?, ?)", values)
        db.execute("COMMIT")

    yield step
    db.close()


@contextmanager
def ours(folder: Path, *, projected: bool) -> Iterator[Step]:
    """The journal: chain, guards and versions; with `projected`, its tables and full text too."""
    journal = Journal(folder / f"journal-{projected}.db")
    journal.acquire()
    events = ideas(ROUNDS + 1)
    sizes = [len(encode(event)) for event in events]

    def step(number: int) -> None:
        event = events[number % len(events)]
        if projected:
            journal.append(experiment_stream(TAG, event.experiment), [event])
        else:
            filler = "x" * (sizes[number % len(events)] - 60)
            journal.append(session_stream(TAG), [SessionRecovered(session=TAG, found=filler, did="")])

    yield step
    journal.close()


@contextmanager
def eventsourcing(folder: Path) -> Iterator[Step]:
    """Its SQLite recorder, and nothing above it."""
    from uuid import uuid4

    from eventsourcing.persistence import StoredEvent
    from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

    store = SQLiteDatastore(str(folder / "eventsourcing.db"))
    recorder = SQLiteApplicationRecorder(store)
    recorder.create_table()
    with store.transaction(commit=False) as cursor:
        cursor.execute("PRAGMA synchronous = FULL")
    payloads = [encode(event) for event in ideas(ROUNDS + 1)]

    def step(number: int) -> None:
        stored = StoredEvent(
            originator_id=uuid4(), originator_version=1, topic="idea", state=payloads[number % len(payloads)]
        )
        recorder.insert_events([stored])

    yield step
    store.close()


@contextmanager
def mlflow(folder: Path) -> Iterator[Step]:
    """One run's eight numbers with `log_batch`, into its SQLite store."""
    from mlflow.entities import Metric
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    run = client.create_run(client.create_experiment("night")).info.run_id

    def step(number: int) -> None:
        client.log_batch(run, metrics=[Metric(f"m{column}", number / 7, 0, number) for column in range(8)])

    yield step


def measure(variants: dict[str, Step], rounds: int) -> dict[str, float]:
    """Median microseconds of each variant, their turns shuffled in every round."""
    chance, taken = random.Random(0), {name: [] for name in variants}
    for number in range(rounds):
        for name in chance.sample(sorted(variants), len(variants)):
            begun = time.perf_counter()
            variants[name](number)
            taken[name].append((time.perf_counter() - begun) * 1e6)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    folder = Path(tempfile.mkdtemp(dir=place))
    peers = {"eventsourcing recorder": eventsourcing, "mlflow log_batch": mlflow}
    present = {name: peer for name, peer in peers.items() if find_spec(peer.__name__)}
    with ExitStack() as stack:
        variants = {
            "raw sqlite3, FULL": stack.enter_context(raw(folder, "FULL")),
            "raw sqlite3, NORMAL": stack.enter_context(raw(folder, "NORMAL")),
            "journal, events": stack.enter_context(ours(folder, projected=False)),
            "journal, events + tables + full text": stack.enter_context(ours(folder, projected=True)),
        }
        variants |= {name: stack.enter_context(peer(folder)) for name, peer in present.items()}
        medians = measure(variants, rounds)
    shutil.rmtree(folder)
    base = medians["raw sqlite3, FULL"]
    for name, median in medians.items():
        print(f"{name:40} {median:10.1f} µs  {median / base:6.2f}×")
    for name in peers.keys() - present.keys():
        print(f"{name:40} not installed")


if __name__ == "__main__":
    main()
