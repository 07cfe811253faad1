"""Which experiments the proposals stood on: the incumbents in order, and what one experiment's commit holds. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import isnan

from msgspec import Struct
from msgspec.structs import replace

from tui.model.columns import thin
from tui.model.ledger import Ledger
from tui.model.session_log import SessionLog


class Standing(Struct, frozen=True):
    """An incumbent: the experiment's row in the ledger, its number and metric, and `tried`, the one then last proposed."""

    row: int
    number: int
    metric: float | None
    tried: int


def incumbents(ledger: Ledger, log: SessionLog, kept: Sequence[int], *, until: int, limit: int) -> Sequence[Standing]:
    """About `limit` incumbents of a session up to a position; `kept` are the rows that stand kept there."""
    if not log.moved or log.moved[0].position > until:
        return _in_time([_kept(ledger, row) for row in thin(kept, limit=limit)])
    found = [(_decided(ledger, row, until=until), _kept(ledger, row)) for row in kept]
    for one in log.moved:
        if one.position <= until:
            tried = ledger.number[log.rows[bisect_right(log.tried.begun, one.position) - 1]]
            found.append((one.position, Standing(one.row, ledger.number[one.row], one.metric, tried)))
    return _in_time(thin([standing for _, standing in sorted(found, key=lambda entry: entry[0])], limit=limit))


def _in_time(standings: Sequence[Standing]) -> Sequence[Standing]:
    """Of experiments that run abreast a higher number may be kept first: the lower one stands only since then."""
    tried = accumulate((one.tried for one in standings), max)
    return [
        one if one.tried == since else replace(one, tried=since) for one, since in zip(standings, tried, strict=True)
    ]


def _kept(ledger: Ledger, row: int) -> Standing:
    number, metric = ledger.number[row], _metric(ledger, row)
    return Standing(row, number, None if isnan(metric) else metric, number)


def _metric(ledger: Ledger, row: int) -> float:
    """Of the verdict by which it was kept, whatever followed."""
    return next((past.metric for past in ledger.overruled.get(row, ()) if past.status == "keep"), ledger.metric[row])


def _decided(ledger: Ledger, row: int, *, until: int) -> int:
    pasts = ledger.overruled.get(row, ())
    return next((past.decided for past in pasts if past.decided <= until < past.replaced), ledger.decided[row])


def ancestors(ledger: Ledger, index: int, *, limit: int) -> list[int]:
    """The rows of the experiments that an experiment's commit stands on, the nearest first: at most `limit`."""
    log = ledger.sessions[ledger.session[index]]
    chosen = {one.commit: one.row for one in log.moved}
    found: list[int] = []
    while len(found) < limit:
        commit = ledger.parent[found[-1] if found else index]
        row = chosen.get(commit, _of(commit, log))
        if row is None or row in (index, *found):
            break
        found.append(row)
    return found


def _of(commit: int, log: SessionLog) -> int | None:
    """The row of a kept commit."""
    try:
        return log.kept[log.kept_commit.index(commit)]
    except ValueError:
        return None
