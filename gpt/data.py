"""Where tokens lie on disk and how to read them. Locked: experiments edit `gpt/train.py` alone.

data/
  profile.toml           the chosen profile, for people and for the loop
  manifest.json          what was built, from what; written last
  tokenizer/ranks.tiktoken, tokenizer.json
  train/00000.npy ...    uint16 tokens, each document after one <|bos|>, none of them in two shards
  train/00000.starts     int64, where each document of that shard starts
  val/tokens.npy         the same for the pinned validation part; the training cannot read it
  val/bytes.npy          int32, length in bytes of each token of the vocabulary, 0 for specials
  val/val.json           {"context": tokens that the scorer shows the model at once, ...}
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import tiktoken

BOS = "<|bos|>"

Numbers = npt.NDArray[np.int64]
Piece = tuple[int, int, int]  # shard, first token, tokens


class DataError(Exception):
    """Data that is missing or not what it should be; the message says where and what to do."""


@dataclass(frozen=True)
class Documents:
    """Where documents lie: document i is `sizes[i]` tokens of shard `shards[i]` from `starts[i]` on."""

    shards: Numbers
    starts: Numbers
    sizes: Numbers

    def piece(self, number: int) -> Piece:
        return int(self.shards[number]), int(self.starts[number]), int(self.sizes[number])


@dataclass(frozen=True)
class Validation:
    """The pinned validation part."""

    tokens: npt.NDArray[np.uint16]
    token_bytes: npt.NDArray[np.int32]
    context: int


def folder() -> Path:
    """The data folder: `$AR_DATA`, else `data` below the current directory."""
    return Path(os.environ.get("AR_DATA") or "data")


def vocabulary_size(data: Path) -> int:
    """Number of tokens, the specials included."""
    return int(_json(data / "tokenizer" / "tokenizer.json")["vocab_size"])


def train_shards(data: Path) -> list[npt.NDArray[np.uint16]]:
    """Memory-mapped shards of the training part, each a flat array of uint16 tokens."""
    paths = sorted((data / "train").glob("*.npy"))
    if not paths:
        raise _missing(data / "train")
    return [np.load(path, mmap_mode="r", allow_pickle=False) for path in paths]


def train_documents(data: Path) -> Documents:
    """Where each document of the training part lies."""
    shards = train_shards(data)
    paths = [path.with_suffix(".starts") for path in sorted((data / "train").glob("*.npy"))]
    if missing := next((path for path in paths if not path.exists()), None):
        raise _missing(missing)
    starts = [np.load(path, allow_pickle=False) for path in paths]
    ends = [np.append(start[1:], len(shard)) for start, shard in zip(starts, shards, strict=True)]
    numbers = np.repeat(np.arange(len(shards)), [len(start) for start in starts])
    first, last = np.concatenate(starts), np.concatenate(ends)
    return Documents(shards=numbers, starts=first, sizes=last - first)


def validation(data: Path) -> Validation:
    """The validation part; only the scorer may read it."""
    part = data / "val"
    context = int(_json(part / "val.json")["context"])
    tokens = np.load(part / "tokens.npy", mmap_mode="r", allow_pickle=False)
    return Validation(tokens=tokens, token_bytes=np.load(part / "bytes.npy", allow_pickle=False), context=context)


def tokenizer(data: Path) -> tiktoken.Encoding:
    """The trained tokenizer as a `tiktoken.Encoding`; nothing is downloaded."""
    import tiktoken  # noqa: PLC0415  (training and scoring need tokens only, not text)

    part = data / "tokenizer"
    meta = _json(part / "tokenizer.json")
    lines = (part / "ranks.tiktoken").read_bytes().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
    return tiktoken.Encoding(
        meta["name"], pat_str=meta["pattern"], mergeable_ranks=ranks, special_tokens=meta["specials"]
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _missing(path) from None
    except ValueError as error:
        message = f"{path} is not valid JSON ({error}); delete the data folder and run `python -m gpt.prepare`"
        raise DataError(message) from None
    return content


def _missing(path: Path) -> DataError:
    return DataError(f"no data at {path}: run `python -m gpt.prepare`, or set AR_DATA to a prepared folder")
