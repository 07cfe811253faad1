"""Reading, folding, checking and rebuilding a long journal, and asking it, in seconds and milliseconds of CPU.

python benchmarks/journal_replay.py [EXPERIMENTS]      143,000 experiments are about a million events
PYTHONPATH=. /tmp/peers/bin/python benchmarks/journal_replay.py 30000      with eventsourcing beside it (see journal_append)

What limits it, in CPU seconds a million events on one busy core of an EPYC: SQLite's copying of rows into Python 1.2 to 1.6,
the typed decode 1.0 to 1.4, the eleven folds 2 to 2.5 (0.2 to 0.3 µs for each of about two rows that an event changes, and the
memory of 665 MB of rows), the hashes 1.4, their order 0.3, the comparison of the rows of every table with the folds' 1.9, a
rebuild's inserts, indexes and full text 4, SQLite's own check of the file 1.4. So reading and the chain take less than 3
seconds, one fold 3, every fold 5; a verification, which is all of these, takes 10 and a rebuild 10, more than the 4 aimed at.
More processes would share out the wall clock, not the work. Questions are measured in CPU too: other jobs double the wall
clock.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from journal_sessions import night

from journal.projections.state import State, fold
from journal.query.full_text import search_failures, search_ideas
from journal.query.saved import COST, SAVED
from journal.query.sql import run_query
from journal.store import Journal, Reader, Row
from journal.store.chain import GENESIS, broken_positions, link
from journal.store.codec import encode
from journal.verify.checks import verify

EXPERIMENTS = 143_000
AT = "2026-11-20T23:00:00.000000+00:00"
VALUES = {"failures-like": '"memory"', "knob": "DEPTH"}


def rows(experiments: int) -> Iterator[Row]:
    """Stored rows of a long night, chained."""
    position, digest, versions = 0, GENESIS, dict[str, int]()
    for stream, events in night(experiments):
        for event in events:
            position, versions[stream] = position + 1, versions.get(stream, 0) + 1
            payload = encode(event)
            place = (position, AT, stream, versions[stream], event.NAME, event.SCHEMA, None)
            digest = link(digest, place, payload)
            yield (*place, payload.decode(), digest)


def cpu(name: str, act: Callable[[], Any], events: int) -> Any:
    """Do it once; print its CPU seconds, and as many as a million events would take."""
    begun = time.process_time()
    result = act()
    seconds = time.process_time() - begun
    print(f"{name:44} {seconds:8.2f} s  {seconds / events * 1e6:6.2f} s a million events", flush=True)
    return result


def milliseconds(name: str, act: Callable[[], Any], *, times: int = 7) -> None:
    """The median CPU and wall clock of a question."""
    worked, waited = [], []
    for _ in range(times):
        cpu, wall = time.process_time(), time.perf_counter()
        act()
        worked.append((time.process_time() - cpu) * 1e3)
        waited.append((time.perf_counter() - wall) * 1e3)
    print(
        f"{name:44} {statistics.median(worked):8.2f} ms  {statistics.median(waited):8.2f} ms of wall clock", flush=True
    )


def experiments_alone(reader: Reader) -> None:
    fold(reader.read(), state=State(only={"experiments"}))


def chain_alone(reader: Reader) -> None:
    previous = GENESIS
    for page in reader.raw_pages():
        if found := broken_positions(previous, page):
            raise ValueError(f"broken at {found}")
        previous = page[-1][8]


def eventsourcing(reader: Reader, folder: Path) -> Callable[[], None]:
    """The same payloads in its SQLite recorder, read back through its mapper, with a fold that counts."""
    import json

    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate, event

    class Experiment(Aggregate):
        @event("Told")
        def tell(self, facts: dict[str, Any]) -> None:
            self.facts = facts

    app = Application(
        env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "eventsourcing.db")}
    )
    aggregates: dict[str, Experiment] = {}
    for row in reader.rows():
        aggregate = aggregates.get(row[2]) or aggregates.setdefault(row[2], Experiment())
        aggregate.tell(json.loads(row[7]))
    app.save(*aggregates.values())

    def replay() -> None:
        for stored in app.recorder.select_notifications(start=1, limit=10**9):
            app.mapper.to_domain_event(stored)

    return replay


def main() -> None:
    experiments = int(sys.argv[1]) if len(sys.argv) > 1 else EXPERIMENTS
    folder = Path(tempfile.mkdtemp())
    journal = Journal(folder / "journal.db")
    journal.acquire()
    journal.restore(rows(experiments))
    reader = Reader(folder / "journal.db")
    events = reader.head()[0]
    print(f"{experiments} experiments, {events} events, {(folder / 'journal.db').stat().st_size / 2**20:.0f} MB")
    cpu("read and decode", lambda: sum(1 for _ in reader.read()), events)
    cpu("replay with the fold of experiments", lambda: experiments_alone(reader), events)
    cpu("replay with every fold", lambda: fold(reader.read()), events)
    cpu("verify: the chain alone", lambda: chain_alone(reader), events)
    cpu("verify: all of it", lambda: verify(reader), events)
    cpu("rebuild every table and the full text", journal.rebuild, events)
    if find_spec("eventsourcing"):
        cpu("eventsourcing: read through its mapper", eventsourcing(reader, folder), events)
    for name, saved in SAVED.items():
        values = tuple(VALUES[name] for _ in saved.parameters)
        milliseconds(
            f"@{name}", lambda saved=saved, values=values: run_query(reader.path, saved.sql, values, seconds=60)
        )
    milliseconds("cost", lambda: run_query(reader.path, COST, seconds=60))
    for words in ("", "out of memory", "lower MATRIX_LR", "loss"):  # the last stands in every idea
        milliseconds(f"failures {words}", lambda words=words: search_failures(reader.path, words))
    for words in ("lower MATRIX_LR from 40 to 20", "loss"):
        milliseconds(f"similar {words}", lambda words=words: search_ideas(reader.path, words))
    journal.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
