"""Rows for training: whole documents, cut only where they must be, and no padding."""

from itertools import islice

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt import data, packing

sizes = st.lists(st.integers(1, 90), min_size=1, max_size=40)
lengths = st.integers(2, 30)


def documents_of(some):
    """Documents of these sizes, one after the other in two shards, and tokens that say which and where."""
    starts = np.cumsum(some) - some
    half = int(starts[len(some) // 2])
    shard = np.where(starts < half, 0, 1)
    return data.Documents(shards=shard, starts=starts - shard * half, sizes=np.array(some)), half


def tokens_of(some):
    return np.concatenate([1000 * (number + 1) + np.arange(size) for number, size in enumerate(some)])


def first_rows(some, length, *, seed=0, count=60):
    documents, half = documents_of(some)
    tokens = tokens_of(some)
    made = packing.batches([tokens[:half], tokens[half:]], documents, batch=1, length=length, seed=seed)
    return [row[0] for row in islice(made, count)]


def runs(row):
    """The row as runs of tokens that follow one another in one document."""
    return np.split(row, np.flatnonzero(np.diff(row) != 1) + 1)


@given(sizes, lengths, st.integers(0, 3))
@settings(max_examples=60)
def test_a_row_is_full_and_each_run_in_it_is_a_document_or_the_cut_of_one(some, length, seed):
    rows = first_rows(some, length, seed=seed)

    whole = [1000 * (number + 1) for number, size in enumerate(some) if size <= length]
    assert bool(rows) == (sum(some) >= length)
    assert all(len(row) == length for row in rows)
    assert all({run[0] for run in runs(row)} <= set(whole) for row in rows if len(runs(row)) > 1)
    assert all(len(run) == some[run[0] // 1000 - 1] for row in rows for run in runs(row)[:-1])


@given(sizes.filter(lambda some: max(some) > 30), lengths)
@settings(max_examples=60)
def test_a_long_document_is_covered_from_its_bos_to_its_end_once_an_epoch(some, length):
    documents, _ = documents_of(some)
    long = np.flatnonzero(documents.sizes > length)

    cut = packing.windows(documents, long, length=length, random=np.random.default_rng(0))

    covered = {(shard, at + i) for shard, at in cut.tolist() for i in range(length)}
    wanted = {(shard, at + i) for shard, at, size in map(documents.piece, long) for i in range(size)}
    assert covered == wanted
    assert len(cut) == sum(-(-(some[number] - 1) // (length - 1)) for number in long)


@given(sizes, lengths)
@settings(max_examples=30)
def test_the_same_seed_gives_the_same_rows(some, length):
    first, again = first_rows(some, length, seed=5), first_rows(some, length, seed=5)

    assert np.array_equal(first, again)


def test_another_seed_and_another_epoch_give_another_order():
    some = list(range(5, 60))
    rows = sum(some) // 16

    first, other, more = (first_rows(some, 16, seed=seed, count=2 * rows) for seed in (0, 1, 0))

    assert not np.array_equal(first, other)
    assert not np.array_equal(more[:rows], more[rows:])


def test_the_longest_that_fits_goes_first_and_the_shortest_is_cut():
    rows = first_rows([7, 5, 4], 10, count=1)

    assert [run.tolist() for run in runs(rows[0])] == [list(range(1000, 1007)), list(range(3000, 3003))]


def test_few_tokens_are_cut_away_from_documents_of_web_length():
    some = np.minimum(np.random.default_rng(0).lognormal(5, 1, size=3000).astype(int) + 2, 513)
    starts = np.cumsum(some) - some
    documents = data.Documents(shards=np.zeros_like(starts), starts=starts, sizes=some)
    size_at = dict(zip(starts.tolist(), some.tolist(), strict=True))

    pieces = [piece for row in islice(packing.rows(documents, length=513, seed=0), 900) for piece in row]

    assert sum(size for _, _, size in pieces) == 900 * 513
    assert 900 * 513 / sum(size_at[at] for _, at, _ in pieces) > 0.95


def test_a_prepared_text_gives_rows_of_its_documents(data_folder):
    shards, documents = data.train_shards(data_folder), data.train_documents(data_folder)

    (rows,) = islice(packing.batches(shards, documents, batch=8, length=17, seed=0), 1)

    assert rows.shape == (8, 17)
    assert rows.dtype == np.int64
    assert sum(documents.sizes) == sum(map(len, shards))
    assert all(shards[shard][at] == 299 for shard, at, _ in map(documents.piece, range(len(documents.sizes))))
