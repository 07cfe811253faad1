"""What a durable append costs over raw sqlite3 doing the same fsync, and over the stores that people use.

python benchmarks/journal_append.py [FOLDER] [ROUNDS]

Every variant writes the steps of one night, a transaction each, in turn, on the same disk; medians, and ratios to raw.
At equal durability the fsync decides: a fast disk shows what the rest costs, /dev/shm as FOLDER shows it alone.

Peers (eventsourcing, mlflow, trackio) take part where the interpreter has them; they are best kept out of this project's own:

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install msgspec sqlite-utils eventsourcing mlflow trackio
    PYTHONPATH=. /tmp/peers/bin/python benchmarks/journal_append.py /tmp
"""

import os
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
from itertools import count, groupby, islice
from operator import itemgetter
from pathlib import Path

from journal_sessions import TAG, night

from journal.events import Event, SessionRecovered
from journal.store import Journal
from journal.store.codec import encode
from loop.runtime.session_journal import NOT_DURABLE

ROUNDS = 300
AT = "2026-11-20T23:00:00.000000+00:00"
Step = Callable[[], object]


def steps() -> Iterator[tuple[str, list[Event]]]:
    """A night's steps, as the loop appends them: an event each, about one in seven with full text."""
    return islice(night(ROUNDS), 1, None)


@contextmanager
def raw(folder: Path, synchronous: str) -> Iterator[Step]:
    """The same bytes into a table without an index, guard or hash."""
    db = sqlite3.connect(folder / f"raw-{synchronous}.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {synchronous}")
    db.execute("CREATE TABLE events (position INTEGER PRIMARY KEY, at TEXT, stream TEXT, type TEXT, payload TEXT)")
    encoded = ([(AT, stream, event.NAME, encode(event).decode()) for event in events] for stream, events in steps())

    def step() -> None:
        rows = next(encoded)
        db.execute("BEGIN IMMEDIATE")
        for row in rows:
            db.execute("INSERT INTO events (at, stream, type, payload) VALUES (?, ?, ?, ?)", row)
        db.execute("COMMIT")

    yield step
    db.close()


@contextmanager
def whole(folder: Path) -> Iterator[Step]:
    """The journal as the loop uses it: chain, guards, versions, tables, full text."""
    journal = Journal(folder / "journal.db")
    journal.acquire()
    coming = steps()

    def step() -> None:
        journal.append(*next(coming))

    yield step
    journal.close()


@contextmanager
def bare(folder: Path) -> Iterator[Step]:
    """The journal with events of as many bytes that no table shows: chain, guards and versions alone."""
    journal = Journal(folder / "bare.db")
    journal.acquire()
    coming = ((stream, [_filler(len(encode(event))) for event in events]) for stream, events in steps())

    def step() -> None:
        journal.append(*next(coming))

    yield step
    journal.close()


def _filler(size: int) -> Event:
    return SessionRecovered(session=TAG, found="x" * (size - 60), did="")


@contextmanager
def eventsourcing(folder: Path) -> Iterator[Step]:
    """Its SQLite recorder, and nothing above it; SQLite's default is synchronous = FULL, and it leaves it so."""
    from uuid import uuid4

    from eventsourcing.persistence import StoredEvent
    from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

    store = SQLiteDatastore(str(folder / "eventsourcing.db"))
    recorder = SQLiteApplicationRecorder(store)
    recorder.create_table()
    encoded = ([encode(event) for event in events] for _, events in steps())

    def step() -> None:
        name = uuid4()
        states = enumerate(next(encoded), start=1)
        recorder.insert_events([StoredEvent(name, version, "event", state) for version, state in states])

    yield step
    store.close()


@contextmanager
def mlflow(folder: Path) -> Iterator[Step]:
    """One experiment in its SQLite store: a run with its parameters, eight numbers in one `log_batch`, and its end."""
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    night_id = client.create_experiment("night")
    numbers = count()

    def step() -> None:
        number = next(numbers)
        run = client.create_run(night_id).info.run_id
        metrics = [Metric(f"m{column}", number / 7, 0, number) for column in range(8)]
        client.log_batch(
            run, metrics=metrics, params=[Param("idea", f"halve {number}"), Param("hypothesis", "more steps")]
        )
        client.set_terminated(run)

    yield step


@contextmanager
def trackio(folder: Path) -> Iterator[Step]:
    """One experiment in its SQLite store, past its queue and server: a run's configuration, its eight numbers, its end.

    Its own default is synchronous = NORMAL, which waits for no disk; it is told to be as durable as the others.
    """
    os.environ |= {"TRACKIO_DIR": str(folder / "trackio"), "TRACKIO_SQLITE_SYNCHRONOUS": "FULL"}
    from trackio.sqlite_storage import SQLiteStorage

    SQLiteStorage.init_db("night")
    numbers = count()

    def step() -> None:
        number = next(numbers)
        config = {"idea": f"halve {number}", "hypothesis": "more steps"}
        run = {"project": "night", "run": f"run-{number}", "run_id": f"{number:032x}"}
        SQLiteStorage.bulk_log(**run, metrics_list=[{"status": "running"}], config=config)
        SQLiteStorage.bulk_log(**run, metrics_list=[{f"m{column}": number / 7 for column in range(8)}])
        SQLiteStorage.bulk_log(**run, metrics_list=[{"status": "finished"}])

    yield step


@contextmanager
def experiment(folder: Path) -> Iterator[Step]:
    """One experiment in the journal: all of its steps, as durable each as the loop makes them."""
    journal = Journal(folder / "experiments.db")
    journal.acquire()
    coming = (list(group) for _, group in groupby(steps(), key=itemgetter(0)))

    def step() -> None:
        for stream, events in next(coming):
            journal.append(stream, events, durable=any(type(event) not in NOT_DURABLE for event in events))

    yield step
    journal.close()


def measure(variants: dict[str, Step], rounds: int) -> dict[str, float]:
    """Median microseconds of each variant, their turns shuffled in every round."""
    chance, taken = random.Random(0), {name: [] for name in variants}
    for _ in range(rounds):
        for name in chance.sample(sorted(variants), len(variants)):
            begun = time.perf_counter()
            variants[name]()
            taken[name].append((time.perf_counter() - begun) * 1e6)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    folder = Path(tempfile.mkdtemp(dir=place))
    with ExitStack() as stack:
        one_step = {
            "raw sqlite3, FULL": stack.enter_context(raw(folder, "FULL")),
            "raw sqlite3, NORMAL": stack.enter_context(raw(folder, "NORMAL")),
            "journal, events alone": stack.enter_context(bare(folder)),
            "journal, with tables and full text": stack.enter_context(whole(folder)),
        }
        one_experiment = {"journal, all steps": stack.enter_context(experiment(folder))}
        if find_spec("eventsourcing"):
            one_step["eventsourcing, recorder"] = stack.enter_context(eventsourcing(folder))
        if find_spec("mlflow"):
            one_experiment["mlflow, run and log_batch"] = stack.enter_context(mlflow(folder))
        if find_spec("trackio"):
            one_experiment["trackio, run, log and end"] = stack.enter_context(trackio(folder))
        show("one step", measure(one_step, rounds))
        show("one experiment", measure(one_experiment, rounds // 5))
    shutil.rmtree(folder)


def show(title: str, medians: dict[str, float]) -> None:
    """Medians, and ratios to the first."""
    base = next(iter(medians.values()))
    print(title)
    for name, median in medians.items():
        print(f"  {name:38} {median:10.1f} µs  {median / base:6.2f}×")


if __name__ == "__main__":
    main()
