"""Text -> tokenizer -> tokens in shards on disk."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rustbpe
import tiktoken

from gpt import data, machine

SHARD_TOKENS = 50_000_000
LESSONS = 250_000_000  # characters that the tokenizer learns from, at most; autoresearch takes a billion
AT_ONCE = 4_000_000  # characters encoded in one call
# GPT-4's split pattern with numbers in groups of at most two digits, as in nanochat: a small vocabulary has no room for 1,000.
PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)

Shard = npt.NDArray[np.uint16]


def train_tokenizer(texts: Iterable[str], vocab_size: int, *, to: Path) -> tiktoken.Encoding:
    """Byte-pair encoding of `vocab_size` tokens, the last of them <|bos|>; written to folder `to`."""
    trainer = rustbpe.Tokenizer()
    trainer.train_from_iterator(iter(texts), vocab_size - 1, pattern=PATTERN)
    ranks = {bytes(token): rank for token, rank in trainer.get_mergeable_ranks()}
    to.mkdir()
    lines = (
        base64.b64encode(token) + b" %d\n" % rank for token, rank in sorted(ranks.items(), key=lambda item: item[1])
    )
    (to / "ranks.tiktoken").write_bytes(b"".join(lines))
    meta = {"name": "gpt", "pattern": PATTERN, "specials": {data.BOS: len(ranks)}, "vocab_size": len(ranks) + 1}
    write_json(to / "tokenizer.json", meta)
    return data.tokenizer(to.parent)


def lessons(texts: Iterator[str]) -> list[str]:
    """The first texts, LESSONS characters of them, taken from the iterator."""
    taken: list[str] = []
    size = 0
    while size < LESSONS and (text := next(texts, None)) is not None:
        taken.append(text)
        size += len(text)
    return taken


def documents(texts: Iterable[str], encoding: tiktoken.Encoding) -> Iterator[Shard]:
    """The tokens of each document behind one <|bos|>."""
    bos = encoding.encode_single_token(data.BOS)
    for some in _by_size(texts):
        for row in encoding.encode_ordinary_batch(some, num_threads=machine.cores()):
            yield np.array([bos, *row], dtype=np.uint16)


def write_shards(rows: Iterable[Shard], to: Path) -> int:
    """Documents as shards of about SHARD_TOKENS, each with a file that says where its documents start; returns the tokens."""
    to.mkdir()
    total = 0
    for number, shard in enumerate(_shards(rows)):
        tokens = np.concatenate(shard)
        sizes = [len(row) for row in shard]
        np.save(to / f"{number:05}.npy", tokens)
        with (to / f"{number:05}.starts").open("wb") as file:  # no .npy: a shard is what has that name
            np.save(file, np.cumsum(sizes) - sizes)
        total += len(tokens)
    return total


def token_bytes(encoding: tiktoken.Encoding) -> npt.NDArray[np.int32]:
    """Length in bytes of each token; 0 for specials, which are not text."""
    lengths = np.zeros(encoding.n_vocab, dtype=np.int32)
    for token in range(encoding.n_vocab):
        if not encoding.is_special_token(token):
            lengths[token] = len(encoding.decode_single_token_bytes(token))
    return lengths


def write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _by_size(texts: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    size = 0
    for text in texts:
        some.append(text)
        size += len(text)
        if size >= AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _shards(rows: Iterable[Shard]) -> Iterator[list[Shard]]:
    """Whole documents together: as many as fit, at least one."""
    shard: list[Shard] = []
    size = 0
    for row in rows:
        if shard and size + len(row) > SHARD_TOKENS:
            yield shard
            shard, size = [], 0
        shard.append(row)
        size += len(row)
    if shard:
        yield shard
