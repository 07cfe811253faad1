"""SQLite: append, read, follow, lease, schema, upcast. The only writer.

One transaction holds all events of a step; it is durable (`synchronous=FULL`) before `append` returns. Readers open the
file read-only, page by position and hold no cursor, so that the WAL can always be truncated.
"""

from journal.events.recorded import Recorded, Sample
from journal.store.connection import discard, wake_file
from journal.store.lease import Lease
from journal.store.reader import Reader, Row
from journal.store.writer import Clock, Journal, utc_now

__all__ = ["Clock", "Journal", "Lease", "Reader", "Recorded", "Row", "Sample", "discard", "utc_now", "wake_file"]
