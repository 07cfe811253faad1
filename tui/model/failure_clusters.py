"""Failed runs as clusters: one for each kind and error signature, the largest first. Pure."""

from functools import lru_cache

from msgspec import Struct

from tui.model.view import View


class Cluster(Struct, frozen=True, kw_only=True):
    """Runs that failed alike; `last_row` and `last_run` are the latest of them."""

    kind: str
    signature: str
    count: int
    last_row: int
    last_run: int


@lru_cache(maxsize=2)
def clusters(view: View) -> tuple[Cluster, ...]:
    """The clusters of a view, by count, then by how recent they are."""
    ledger = view.ledger
    counts: dict[tuple[str, str], int] = {}
    last: dict[tuple[str, str], int] = {}
    for index in range(view.failures):
        key = ledger.failure[index]
        counts[key] = counts.get(key, 0) + 1
        last[key] = index
    order = sorted(counts, key=lambda key: (-counts[key], -last[key]))
    return tuple(
        Cluster(
            kind=key[0],
            signature=key[1],
            count=counts[key],
            last_row=ledger.failed_row[last[key]],
            last_run=ledger.failed_run[last[key]],
        )
        for key in order
    )
