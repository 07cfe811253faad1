"""SQLite: append, read, follow, lease, schema, upcast. The only package that writes to a journal.

One transaction holds all events of a step, and it is durable (`synchronous=FULL`) before `append` returns. Readers open
the file read-only, page by position and hold no cursor, so that the write-ahead log can always be truncated.
"""

from journal.events.recorded import MachineSample, Recorded, Sample
from journal.store.connection import remove_journal, wake_file
from journal.store.lease import Lease
from journal.store.reader import Reader, Row
from journal.store.writer import Clock, Journal, utc_now

__all__ = [
    "Clock",
    "Journal",
    "Lease",
    "MachineSample",
    "Reader",
    "Recorded",
    "Row",
    "Sample",
    "remove_journal",
    "utc_now",
    "wake_file",
]
