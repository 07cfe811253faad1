"""Text from a checkpoint, by the model code that made it: `gpt/train.py` of this tree, or of another commit with `--code`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from gpt.arguments import Arguments
from gpt.requirements import missing_package

try:
    import torch
    from torch import Tensor

    from gpt import data
except ModuleNotFoundError as error:
    raise missing_package(error) from None

OWN = Path(__file__).with_name("train.py")
BEST = Path(".ar/best/model.pt")  # where the loop keeps the incumbent's
ADVICE = "give the train.py of its commit with --code; `git show refs/autoresearch/TAG/NUMBER:gpt/train.py` prints it"


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


def code_at(path: Path) -> ModuleType:
    """The module of a train.py, wherever it lies; its `from gpt import ...` is this tree's."""
    spec = importlib.util.spec_from_file_location("train_of_checkpoint", path)
    if spec is None or spec.loader is None:
        raise data.DataError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (OSError, SyntaxError, ImportError, AttributeError, NameError) as error:
        raise data.DataError(f"{path} cannot be loaded: {error}") from None
    return module


def model_of(checkpoint: Path, code: ModuleType, *, vocabulary: int) -> Callable[[Tensor], Tensor]:
    """Tokens -> logits.

    Raises:
        DataError: checkpoint, code and tokenizer do not belong together.

    """
    if not checkpoint.is_file():
        raise data.DataError(f"no checkpoint at {checkpoint}: train one with AR_OUT set, or give --checkpoint")
    device = os.environ.get("AR_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        model: Callable[[Tensor], Tensor] = code.load_model(checkpoint, device)
        size = model(torch.zeros(1, 1, dtype=torch.long)).shape[-1]
    except pickle.UnpicklingError:
        raise data.DataError(f"{checkpoint} is no checkpoint") from None
    except (RuntimeError, TypeError, KeyError, EOFError, OSError) as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise data.DataError(f"{checkpoint} does not fit {code.__file__} ({why}): {ADVICE}") from None
    if size != vocabulary:
        message = (
            f"{checkpoint} has a vocabulary of {size:,}, the data one of {vocabulary:,}: set AR_DATA to those it saw"
        )
        raise data.DataError(message)
    return model


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = Arguments(
        prog="python -m gpt.sample",
        description="Continue a text with a checkpoint.",
        epilog='example: python -m gpt.sample --checkpoint .ar/best/model.pt --prompt "def main("',
    )
    out = os.environ.get("AR_OUT")
    default = Path(out) / "model.pt" if out else BEST if BEST.is_file() else Path("model.pt")
    parser.add_argument(
        "--checkpoint", type=Path, default=default, help="default: in $AR_OUT, else the loop's best, else here"
    )
    parser.add_argument(
        "--code", type=Path, default=OWN, help="train.py of the commit that made it (default: this tree's)"
    )
    parser.add_argument("--prompt", default="", help="text to continue")
    parser.add_argument("--tokens", type=int, default=128, help="how many tokens to add (default: 128)")
    parser.add_argument("--temperature", type=float, default=0.8, help="0 for the likeliest token (default: 0.8)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Print the prompt and its continuation; 0 done, 2 bad input."""
    arguments = parse(argv)
    try:
        encoding = data.tokenizer(data.folder())
        code = code_at(arguments.code)
        model = model_of(arguments.checkpoint, code, vocabulary=encoding.n_vocab)
    except data.DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    bos = encoding.encode_single_token(data.BOS)
    tokens = [bos, *encoding.encode_ordinary(arguments.prompt)]
    more = continue_text(model, tokens, context=code.CONTEXT, temperature=arguments.temperature, seed=arguments.seed)
    for token, _ in zip(more, range(arguments.tokens), strict=False):
        if token == bos:  # the document has ended
            break
        tokens.append(token)
    print(encoding.decode(tokens[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
