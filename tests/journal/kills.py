"""A writer that is killed at random, again and again, on one journal.

python tests/journal/kills.py 1000

After each kill: the file is sound, every acknowledged event is there, no position is missing, the next writer gets the
lease at once, and a step that was committed but not acknowledged is recognised by its key when it is sent again.
"""

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from histories import proposed

from journal.events import experiment_stream
from journal.store import Journal, Reader
from journal.verify.checks import verify

STEP = [proposed(1, "halve the batch"), proposed(1, "swap in GeLU", attempt=2)]
STREAM = experiment_stream("nov20", 1)
LONGEST = 0.06  # seconds that a writer lives


def write_until_killed(path, pipe):
    """Append steps under numbered keys without end; write each number to the pipe once its step is acknowledged."""
    journal = Journal(path, wal_bytes=40_000)
    journal.acquire()
    number = next_number(journal)
    while True:
        journal.append(STREAM, STEP, key=f"step-{number}")
        os.write(pipe, number.to_bytes(8, "big"))
        number += 1


def next_number(journal):
    return journal.head()[0] // len(STEP)


def killed(path, seconds):
    """Fork a writer, kill it after so many seconds, and return the last number that it acknowledged, or -1."""
    reading_end, writing_end = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.close(reading_end)
        write_until_killed(path, writing_end)
    os.close(writing_end)
    time.sleep(seconds)
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    with os.fdopen(reading_end, "rb") as pipe:
        numbers = pipe.read()
    return int.from_bytes(numbers[-8:], "big") if numbers else -1


def faults(path, *, acknowledged):
    """What is wrong after a kill: empty if nothing is."""
    journal = Journal(path)
    journal.acquire()
    found = [finding.what for finding in verify(journal).findings]
    head = journal.head()[0]
    if head < (acknowledged + 1) * len(STEP):
        found.append(f"step {acknowledged} was acknowledged and is not there")
    if head % len(STEP):
        found.append("half a step is there")
    again = journal.append(STREAM, STEP, key=f"step-{acknowledged + 1}")
    unacknowledged = head > (acknowledged + 1) * len(STEP)
    if unacknowledged and journal.head()[0] != head:
        found.append("a step that was committed and not acknowledged was written twice")
    if [step.event for step in again] != STEP:
        found.append("a repeated step came back as another")
    journal.close()
    return found, unacknowledged


def kills(count, *, seed=0):
    """Kill so many writers; return the faults and how many kills left a committed, unacknowledged step."""
    chance = random.Random(seed)
    found, tails, acknowledged = [], 0, -1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        Journal(path).close()
        for _ in range(count):
            acknowledged = max(acknowledged, killed(path, chance.uniform(0.0, LONGEST)))
            wrong, unacknowledged = faults(path, acknowledged=acknowledged)
            found += wrong
            tails += unacknowledged
            reader = Reader(path)
            acknowledged = next_number(reader) - 1
            reader.close()
    return found, tails


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    wrong, tails = kills(number)
    print(
        f"{number} kills, {len(wrong)} faults, {tails} committed and unacknowledged steps recognised", *wrong, sep="\n"
    )
    sys.exit(bool(wrong))
