"""Reading, folding, checking and rebuilding a long journal, and asking it, in CPU seconds and milliseconds.

python benchmarks/journal_replay.py [EXPERIMENTS]      143,000 experiments are about a million events

What limits it: reading is half SQLite's copying of rows and half the typed decode; every further fold adds about 0.1 µs per
event that it takes. A rebuild adds the fold to about 50 µs per experiment for wide rows, their indexes and full text; a whole
verification adds hashes, a fold, and the comparison of every row of every table. `similar` ranks every idea that shares a
word, so that a common word costs in proportion to the journal.
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

from journal_nights import night

from journal.chain import GENESIS, link
from journal.codec import encode
from journal.projections import fold
from journal.projections.experiments import Experiments
from journal.query import ask
from journal.saved import SAVED
from journal.search import failures, similar
from journal.store import Journal, Reader, Row
from journal.verify import verify

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
    """The median wall clock of a question."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        taken.append((time.perf_counter() - begun) * 1e3)
    print(f"{name:44} {statistics.median(taken):8.2f} ms", flush=True)


def experiments_alone(reader: Reader) -> None:
    rows = Experiments()
    for recorded in reader.read():
        rows.apply(recorded)


def chain_alone(reader: Reader) -> None:
    previous = GENESIS
    for row in reader.rows():
        previous = link(previous, row[:7], row[7].encode())
        if previous != row[8]:
            raise ValueError(f"broken at {row[0]}")


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
        milliseconds(f"@{name}", lambda saved=saved, values=values: ask(reader.path, saved.sql, values, seconds=60))
    milliseconds("failures out of memory", lambda: failures(reader.path, "out of memory"))
    milliseconds("similar: lower MATRIX_LR", lambda: similar(reader.path, "lower MATRIX_LR from 40 to 20"))
    journal.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
