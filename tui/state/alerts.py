"""What happened between two snapshots that a person wants to hear of: a keep, a crash, the end. Pure."""

from tui.model.snapshot import Snapshot
from tui.model.view import Row
from tui.terminal.formatting import number, sanitize, sigmas

VERBS = {"keep": "kept", "crash": "crashed"}


def alert(before: Snapshot, after: Snapshot) -> str:
    """The latest keep, crash or end since the snapshot before, as a line; empty if there is none.

    What a journal holds when it is opened, or while it is still being read, is no news.
    """
    is_partial = before.events_read is not None or after.events_read is not None
    session, position = after.view.session, before.view.position
    if session is None or not before.head or is_partial or before.view.ledger is not after.view.ledger:
        return ""
    tag = sanitize(session.tag)
    if session.state.name == "ended" and session.state.position > position:
        return f"{tag} has ended: {sanitize(session.state.reason)}"
    row = after.view.latest_keep_or_crash(after=position)
    return "" if row is None else f"{tag} {_verdict(after.view.row(row))}"


def _verdict(row: Row) -> str:
    gain = f" ({sigmas(row.gain)})" if row.gain is not None else ""
    metric = f": {number(row.metric)}{gain}" if row.metric is not None else ""
    return f"#{row.number} {VERBS.get(row.status, row.label)}{metric}"
