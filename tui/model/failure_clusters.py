"""Failed runs grouped by kind and error signature, the largest group first. Pure."""

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from tui.model.view import View

ClusterKey = tuple[str, str]  # kind, signature


class FailureCluster(Struct, frozen=True, kw_only=True):
    """Runs that failed with the same error; `last_row` is the experiment of the latest."""

    kind: str
    signature: str
    count: int
    last_row: int

    @property
    def key(self) -> ClusterKey:
        return self.kind, self.signature


@lru_cache(maxsize=2)
def failure_clusters(view: View) -> tuple[FailureCluster, ...]:
    """The clusters of a view, the largest first, and the most recent first among equals."""
    ledger = view.ledger
    counts: dict[ClusterKey, int] = {}
    latest: dict[ClusterKey, int] = {}
    for index in range(view.failure_count):
        key = ledger.failure[index]
        counts[key] = counts.get(key, 0) + 1
        latest[key] = index
    return tuple(
        FailureCluster(kind=key[0], signature=key[1], count=counts[key], last_row=ledger.failed_row[latest[key]])
        for key in sorted(counts, key=lambda key: (-counts[key], -latest[key]))
    )


@lru_cache(maxsize=2)
def cluster_members(view: View, key: ClusterKey) -> Sequence[int]:
    """The experiments with a run in a cluster, as ledger rows, the latest first."""
    ledger = view.ledger
    found = (
        ledger.failed_row[index] for index in range(view.failure_count - 1, -1, -1) if ledger.failure[index] == key
    )
    return tuple(dict.fromkeys(found))
