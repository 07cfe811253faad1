"""A bigram model that counts for an instant: small enough to be attacked many times. Scored by `gpt/evaluate.py`."""

import json
import os
import time
from pathlib import Path

import numpy as np

from gpt import data

SMOOTHING = 0.5  # [0.01..10]
# <top>


def tell(**word):
    os.write(int(os.environ["AR_TELEMETRY_FD"]), (json.dumps(word) + "\n").encode())


def count(tokens, size):
    table = np.zeros((size, size))
    np.add.at(table, (tokens[:-1], tokens[1:]), 1)
    return table


def main():
    folder, out = data.folder(), Path(os.environ["AR_OUT"])
    tokens, size = np.concatenate(data.train_shards(folder)), data.vocabulary_size(folder)
    half = len(tokens) // 2
    tokens = tokens[half:] if int(os.environ["AR_SEED"]) % 2 else tokens[:half]
    # <before>
    tell(event="started", startup_seconds=0.0)
    began = time.monotonic()
    table = count(tokens, size)
    # <learn>
    with (out / "model.pt").open("wb") as file:
        np.save(file, table)
    tell(event="finished", train_seconds=time.monotonic() - began, tokens=len(tokens), steps=1)


def load_model(path, device):
    table = np.load(path) + SMOOTHING
    table = np.log(table / table.sum(axis=1, keepdims=True)).astype(np.float32)

    def logits(tokens):
        tokens = np.asarray(tokens)
        # <model>
        return np.ascontiguousarray(table[tokens]).view(type(from_numpy(tokens)))

    from torch import from_numpy

    return logits


if __name__ == "__main__":
    main()
