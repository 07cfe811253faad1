"""The incumbents of a session in order, and the experiments that a commit builds on. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import isnan

from msgspec import Struct
from msgspec.structs import replace

from tui.model.columns import downsample
from tui.model.ledger import Ledger
from tui.model.session_log import SessionLog


class Incumbent(Struct, frozen=True):
    """The best kept experiment of its time: ledger row, number, metric, and `since`, the experiment then proposed last."""

    row: int
    number: int
    metric: float | None
    since: int


def incumbents(ledger: Ledger, log: SessionLog, kept: Sequence[int], *, until: int, limit: int) -> Sequence[Incumbent]:
    """About `limit` incumbents of a session up to the position `until`; `kept` are the rows kept at that position."""
    if not log.chosen or log.chosen[0].position > until:
        return _in_order([_from_row(ledger, row) for row in downsample(kept, limit=limit)])
    found = [(_decided_at(ledger, row, until=until), _from_row(ledger, row)) for row in kept]
    for choice in log.chosen:
        if choice.position <= until:
            last = log.rows[bisect_right(log.undecided.starts, choice.position) - 1]
            number = ledger.number[choice.row]
            found.append((choice.position, Incumbent(choice.row, number, choice.metric, ledger.number[last])))
    found.sort(key=lambda entry: entry[0])
    return _in_order(downsample([incumbent for _, incumbent in found], limit=limit))


def _in_order(found: Sequence[Incumbent]) -> Sequence[Incumbent]:
    """Make `since` ascend: of parallel experiments a higher number may be kept before a lower one."""
    since = accumulate((incumbent.since for incumbent in found), max)
    return [replace(incumbent, since=number) for incumbent, number in zip(found, since, strict=True)]


def _from_row(ledger: Ledger, row: int) -> Incumbent:
    """The incumbent that an experiment became when it was kept, even if a later verdict replaced that one."""
    past = (verdict.metric for verdict in ledger.superseded.get(row, ()) if verdict.status == "keep")
    number, metric = ledger.number[row], next(past, ledger.metric[row])
    return Incumbent(row, number, None if isnan(metric) else metric, number)


def _decided_at(ledger: Ledger, row: int, *, until: int) -> int:
    verdicts = ledger.superseded.get(row, ())
    return next((past.decided_at for past in verdicts if past.was_current(until)), ledger.decided_at[row])


def ancestors(ledger: Ledger, index: int, *, limit: int) -> list[int]:
    """The rows of the experiments that an experiment's commit builds on, the nearest first: at most `limit`."""
    log = ledger.sessions[ledger.session[index]]
    row_of_commit = dict(zip(log.kept_commit, log.kept, strict=False))  # the feed's thread may be adding to them
    row_of_commit |= {choice.commit: choice.row for choice in log.chosen}
    found: list[int] = []
    while len(found) < limit:
        row = row_of_commit.get(ledger.parent[found[-1] if found else index])
        if row is None or row in (index, *found):
            break
        found.append(row)
    return found
