"""What each profile of a GPU takes of its memory, estimated without one.

    python benchmarks/gpt_memory.py

Runs forward, backward and one step of every optimiser on PyTorch's `meta` device, which computes shapes and no numbers, and
adds up the storages that are alive at once, with those of FlashAttention. Every operation is one of its own here, so that what
`torch.compile` fuses away is counted too: an upper bound, but for about 0.5 GiB of CUDA's own and for fragmentation.
"""

from __future__ import annotations

import sys
import tomllib
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [
    str(HERE.parent),
    *(path for path in sys.path if Path(path or ".").resolve() != HERE),
]  # `gpt` is the package, not benchmarks/gpt.py

import torch  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

from gpt import train  # noqa: E402

PROFILES: dict[str, Any] = tomllib.loads((HERE.parent / "gpt" / "profiles.toml").read_text(encoding="utf-8"))


@dataclass
class Alive(TorchDispatchMode):
    """Bytes of the storages that operations have made and that somebody still holds."""

    now: int = 0
    peak: int = 0
    sizes: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_dispatch__(self, operation: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata  # noqa: SLF001  (what tells one storage from another)
        if key not in self.sizes:
            self.sizes[key] = storage.nbytes()
            weakref.finalize(storage, self._forget, key)
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)

    def _forget(self, key: int) -> None:
        self.now -= self.sizes.pop(key)


class Flash(TorchFunctionMode):
    """Attention by FlashAttention's own operation, which PyTorch does not choose on this device."""

    def __torch_function__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is torch.nn.functional.scaled_dot_product_attention:
            return torch.ops.aten._scaled_dot_product_flash_attention(*args, **kwargs)[0]  # noqa: SLF001
        return function(*args, **(kwargs or {}))


@dataclass(frozen=True)
class Estimate:
    """Bytes on the device; the model that took a step, and its loss."""

    model: train.GPT
    loss: torch.Tensor
    kept: int  # between two steps: weights and the optimisers' state
    peak: int


def estimate(profile: dict[str, Any], dtype: torch.dtype) -> Estimate:
    """One step of a profile's model on MICRO_BATCH sequences."""
    sizes = profile["constants"]
    shape = train.Shape(
        vocabulary=profile["data"]["vocab_size"], depth=sizes["DEPTH"], width=sizes["WIDTH"], heads=sizes["HEADS"],
        head_dim=sizes["HEAD_DIM"],
    )  # fmt: skip
    with Alive() as alive, torch.device("meta"), Flash():
        model = train.GPT(shape, dtype)
        optimisers = train.optimisers(model)
        tokens = torch.zeros(sizes["MICRO_BATCH"], sizes["CONTEXT"], dtype=torch.long)
        loss = model.loss(tokens, tokens)
        loss.backward()
        for optimiser in optimisers:
            optimiser.step(1.0)
        model.zero_grad()
        return Estimate(model=model, loss=loss.detach(), kept=alive.now, peak=alive.peak)


def main() -> None:
    print(f"{'profile':10} {'parameters':>12} {'kept, GiB':>10} {'peak, GiB':>10} {'in float32':>10}")
    for name in (name for name in PROFILES if name.startswith("gpu")):
        half, single = (estimate(PROFILES[name], dtype) for dtype in (torch.bfloat16, torch.float32))
        count = sum(p.numel() for p in half.model.parameters())
        sizes = (f"{size / 2**30:10.1f}" for size in (half.kept, half.peak, single.peak))
        print(f"{name:10} {count:12,} {' '.join(sizes)}")


if __name__ == "__main__":
    main()
