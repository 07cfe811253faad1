"""Rows of training tokens, packed from whole documents. Locked: experiments edit `gpt/train.py` alone.

A row has a fixed number of tokens and no padding. A document that fits into a row goes in whole, behind its <|bos|>: the
longest on the shelf that fits what is left of the row (best fit), and where none does, the head of the shortest, as in
nanochat's `dataloader.py` (Karpathy). A document longer than a row is not cut down to its head, as it is there: it gives as
many rows as cover all of it (Ding et al., "Fewer Truncations Improve Language Modeling", 2024, cut long documents so too),
the last of them ending at its last token. So nothing is lost of a text that is short of tokens and rich in long documents.

The same seed gives the same rows; each epoch draws another order and other cuts.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

import numpy as np
import numpy.typing as npt

from gpt.data import Documents, Numbers, Piece

SHELF = 1000  # short documents to choose from, as many as nanochat has


@dataclass
class Shelf:
    """Short documents that wait for their row, by size."""

    documents: Documents
    waiting: deque[int] = field(default_factory=deque)
    items: list[tuple[int, int]] = field(default_factory=list)  # (size, document), ascending

    def row(self, length: int) -> list[Piece] | None:
        """Documents that fill one row; None, and all of them back on the shelf, when there are too few."""
        taken: list[tuple[int, int]] = []
        left = length
        while left and (best := self._best(left)):
            taken.append(best)
            left -= min(left, best[0])
        if left:
            self._put_back(taken)
            return None
        pieces = [self.documents.piece(number) for _, number in taken]
        shard, start, size = pieces[-1]
        return [*pieces[:-1], (shard, start, size - (sum(size for size, _ in taken) - length))]

    def _best(self, left: int) -> tuple[int, int] | None:
        """The longest that fits into `left` tokens, else the shortest."""
        while self.waiting and len(self.items) < SHELF:
            number = self.waiting.popleft()
            insort(self.items, (int(self.documents.sizes[number]), number))
        if not self.items:
            return None
        return self.items.pop(max(0, bisect_right(self.items, (left, inf)) - 1))

    def _put_back(self, items: list[tuple[int, int]]) -> None:
        for item in items:
            insort(self.items, item)


def rows(documents: Documents, *, length: int, seed: int) -> Iterator[list[Piece]]:
    """Endless rows of `length` tokens; ends at once where there are fewer tokens than that in all."""
    short = np.flatnonzero(documents.sizes <= length)
    long = np.flatnonzero(documents.sizes > length)
    if documents.sizes.sum() < length:
        return
    shelf = Shelf(documents)
    for epoch in itertools.count():
        random = np.random.default_rng((seed, epoch))
        cut = windows(documents, long, length=length, random=random)
        shelf.waiting.extend(random.permutation(short).tolist())
        packed = int(documents.sizes[short].sum()) // length + 1
        order = random.permutation(len(cut) + packed)
        for at in order.tolist():
            row = [(*cut[at].tolist(), length)] if at < len(cut) else shelf.row(length)
            if row:
                yield row


def windows(documents: Documents, long: Numbers, *, length: int, random: np.random.Generator) -> Numbers:
    """(shard, first token) of the rows that cover each long document, (rows, 2).

    Consecutive rows share one token, the last target of one being the first input of the next; what a document has too
    little for its last row, rows share more of. Where that overlap falls is drawn anew for each document.
    """
    sizes = documents.sizes[long]
    counts = -(-(sizes - 1) // (length - 1))
    overlap = counts * (length - 1) - (sizes - 1)
    shift = random.integers(0, overlap + 1)
    which = np.repeat(np.arange(len(long)), counts)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    back = np.where(nth == 0, 0, np.where(nth == counts[which] - 1, overlap[which], shift[which]))
    starts = documents.starts[long][which] + nth * (length - 1) - back
    return np.stack([documents.shards[long][which], starts], axis=1)


def batches(
    shards: list[npt.NDArray[np.uint16]], documents: Documents, *, batch: int, length: int, seed: int
) -> Iterator[Numbers]:
    """Endless arrays (batch, length) of tokens; ends at once where there are fewer than `length` tokens in all."""
    packed = rows(documents, length=length, seed=seed)
    while taken := list(itertools.islice(packed, batch)):
        yield np.stack(
            [np.concatenate([shards[shard][at : at + size] for shard, at, size in row]) for row in taken]
        ).astype(np.int64)
