"""Text from a checkpoint, by the model in `gpt/train.py`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from gpt import data, train


def continue_text(
    logits_of: Callable[[Tensor], Tensor], tokens: list[int], *, context: int, temperature: float, seed: int
) -> Iterator[int]:
    """Endless tokens after `tokens`, each drawn at `temperature` (0: the likeliest) from the last `context` tokens."""
    random = torch.Generator().manual_seed(seed)
    while True:
        logits = logits_of(torch.tensor([tokens[-context:]]))[0, -1].cpu()
        if temperature > 0:
            token = int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=random))
        else:
            token = int(logits.argmax())
        yield token
        tokens = [*tokens, token]


def main(argv: list[str] | None = None) -> int:
    """Print the prompt and its continuation; 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m gpt.sample",
        description="Continue a text with a checkpoint.",
        epilog='example: python -m gpt.sample --checkpoint out/model.pt --prompt "def main("',
    )
    parser.add_argument("--checkpoint", type=Path, default=Path(os.environ.get("AR_OUT") or ".") / "model.pt")
    parser.add_argument("--prompt", default="", help="text to continue")
    parser.add_argument("--tokens", type=int, default=128, help="how many tokens to add (default: 128)")
    parser.add_argument("--temperature", type=float, default=0.8, help="0 for the likeliest token (default: 0.8)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    device = os.environ.get("AR_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    if not arguments.checkpoint.is_file():
        print(f"error: no checkpoint at {arguments.checkpoint}: train one with AR_OUT set", file=sys.stderr)
        return 2
    try:
        encoding = data.tokenizer(data.folder())
    except data.DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    bos = encoding.encode_single_token(data.BOS)
    tokens = [bos, *encoding.encode_ordinary(arguments.prompt)]
    more = continue_text(
        train.load_model(arguments.checkpoint, device),
        tokens,
        context=train.CONTEXT,
        temperature=arguments.temperature,
        seed=arguments.seed,
    )
    for token, _ in zip(more, range(arguments.tokens), strict=False):
        if token == bos:  # the document has ended
            break
        tokens.append(token)
    print(encoding.decode(tokens[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
