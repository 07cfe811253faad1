"""A first look at a long journal: the latest session from its last events and its kept experiments."""

from msgspec.structs import replace

from journal.errors import QueryRefused
from journal.events import control_stream, experiment_stream, session_stream
from journal.query.sql import run_query
from tui.feed.archive import Archive
from tui.model.ledger import Ledger
from tui.model.snapshot import Snapshot

EVENTS = 250  # more than a screen's worth of experiments
STREAMS = """
WITH latest AS (SELECT session FROM sessions ORDER BY started_at DESC LIMIT 1)
SELECT session, 0 FROM latest
UNION ALL
SELECT * FROM (SELECT session, experiment FROM frontier JOIN latest USING (session) ORDER BY experiment DESC LIMIT 12)
"""


def read_preview(archive: Archive, *, head: int) -> Snapshot | None:
    """The preview, whose counts cover only what it read; `events_read` says so.

    None if the journal has no tables to find the kept experiments by.
    """
    try:
        kept = [(str(tag), int(str(number or 0))) for tag, number in run_query(archive.path, STREAMS).rows]
    except QueryRefused:
        return None
    if not kept:
        return None
    tag = kept[0][0]
    streams = [session_stream(tag), control_stream(tag), *(experiment_stream(*experiment) for experiment in kept)]
    events = {event.position: event for stream in streams for event in archive.reader.stream(stream)}
    events |= {event.position: event for event in archive.reader.read(after=max(0, head - EVENTS), until=head)}
    ledger = Ledger()
    for position in sorted(events):
        ledger.apply(events[position])
    return replace(archive.snapshot(ledger, head, head=head), events_read=0)
