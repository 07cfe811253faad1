"""The model process of the scorer: `python -m gpt.serve CHECKPOINT MEMORY REQUEST REPLY`, the last three descriptors.

It answers token sequences with logits until the scorer closes its end (see `gpt.evaluate`). Of the locked files, this one
alone imports the edited one; the loop starts it where it finds neither the validation text nor a network.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
from pathlib import Path

import numpy as np
import torch

from gpt import train

REQUEST = struct.Struct("<2q")  # batch, length; the tokens are in shared memory
REPLY = struct.Struct("<4q")  # dimensions of the answer, then each of them, 0 where there is none


def serve(checkpoint: Path, *, shared: int, request: int, reply: int) -> None:
    """Answer until the end of `request`. Tokens (batch, length) and logits (batch, length, vocabulary) are in `shared`."""
    memory = mmap.mmap(shared, os.fstat(shared).st_size)
    device = os.environ.get("AR_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    model = train.load_model(checkpoint, device)
    while question := os.read(request, REQUEST.size):
        batch, length = REQUEST.unpack(question)
        tokens = np.frombuffer(memory, np.int32, batch * length).reshape(batch, length).astype(np.int64)
        logits = model(torch.from_numpy(tokens))
        answer = np.frombuffer(memory, np.float32, offset=4 * tokens.size)
        if logits.numel() <= answer.size:
            torch.from_numpy(answer[: logits.numel()]).view(logits.shape).copy_(logits)
        shape = [*logits.shape, 0, 0, 0][:3]
        os.write(reply, REPLY.pack(logits.ndim, *shape))


if __name__ == "__main__":
    path, *descriptors = sys.argv[1:]
    serve(Path(path), **dict(zip(("shared", "request", "reply"), map(int, descriptors), strict=True)))
