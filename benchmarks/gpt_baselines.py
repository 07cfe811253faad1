"""Two plain trainers to compare `gpt/train.py` with: the architectures of nanoGPT and of autoresearch, AdamW alone.

Written for this comparison after https://github.com/karpathy/nanoGPT (`model.py`, `train.py`) and
https://github.com/karpathy/autoresearch (`train.py`): straightforward PyTorch with naive attention, random windows of the
token stream for batches, float32. `benchmarks/gpt.py --sweep` tries their learning rates.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from torch import Tensor, nn


@dataclass(frozen=True)
class Size:
    """What both share; `width` is all that differs when they are given an equal number of parameters."""

    vocabulary: int
    context: int
    depth: int
    width: int
    heads: int


def naive_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention with its whole matrix of scores, all (batch, heads, length, head width)."""
    length = q.size(2)
    scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
    future = torch.ones(length, length, dtype=torch.bool, device=q.device).triu(1)
    return scores.masked_fill(future, float("-inf")).softmax(-1) @ v


def in_heads(x: Tensor, heads: int) -> Tensor:
    batch, length, width = x.shape
    return x.view(batch, length, heads, width // heads).transpose(1, 2)


# --- nanoGPT ----------------------------------------------------------------------------------------------------------


class NanoBlock(nn.Module):
    """GPT-2's block: LayerNorm before, GELU, no bias."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.norm_1, self.norm_2 = nn.LayerNorm(size.width, bias=False), nn.LayerNorm(size.width, bias=False)
        self.qkv = nn.Linear(size.width, 3 * size.width, bias=False)
        self.out = nn.Linear(size.width, size.width, bias=False)
        self.up = nn.Linear(size.width, 4 * size.width, bias=False)
        self.down = nn.Linear(4 * size.width, size.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (in_heads(part, self.heads) for part in self.qkv(self.norm_1(x)).chunk(3, dim=-1))
        x = x + self.out(naive_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm_2(x))))


class NanoGPT(nn.Module):
    """Learned positions, tied embeddings."""

    rates = (0.001, 0.002, 0.004, 0.008)

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size.vocabulary, size.width)
        self.positions = nn.Embedding(size.context, size.width)
        self.blocks = nn.ModuleList(NanoBlock(size) for _ in range(size.depth))
        self.norm = nn.LayerNorm(size.width, bias=False)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                residual = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * size.depth) if residual else 0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens) + self.positions.weight[: tokens.size(1)]
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.embedding.weight)

    def groups(self, rate: float) -> list[dict[str, Any]]:
        matrices = [p for p in self.parameters() if p.ndim == 2]
        gains = [p for p in self.parameters() if p.ndim < 2]
        return [
            {"params": matrices, "lr": rate, "weight_decay": 0.1},
            {"params": gains, "lr": rate, "weight_decay": 0.0},
        ]

    betas, clip = (0.9, 0.95), 1.0

    @staticmethod
    def schedule(progress: float) -> float:
        """Warm-up over a twentieth, cosine to a tenth."""
        if progress < 0.05:
            return progress / 0.05
        return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (progress - 0.05) / 0.95))


# --- autoresearch -----------------------------------------------------------------------------------------------------


def rms(x: Tensor) -> Tensor:
    return F.rms_norm(x, (x.size(-1),))


def rotate(x: Tensor) -> Tensor:
    """Rotary positions on (batch, heads, length, head width)."""
    length, half = x.size(2), x.size(3) // 2
    frequency = 10000.0 ** -(torch.arange(half, device=x.device) / half)
    angle = torch.outer(torch.arange(length, device=x.device), frequency)
    cosine, sine = angle.cos(), angle.sin()
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cosine + second * sine, second * cosine - first * sine), -1)


class AutoBlock(nn.Module):
    """RMSNorm without gain, rotary positions, QK-norm, squared ReLU, gated value embeddings."""

    def __init__(self, size: Size, *, valued: bool) -> None:
        super().__init__()
        width = size.width
        self.heads = size.heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        self.gate = nn.Linear(32, size.heads, bias=False) if valued else None

    def forward(self, x: Tensor, value: Tensor | None) -> Tensor:
        y = rms(x)
        q, k, v = (in_heads(layer(y), self.heads) for layer in (self.q, self.k, self.v))
        if value is not None and self.gate is not None:
            gate = 2 * torch.sigmoid(self.gate(y[..., :32]))
            v = v + gate.transpose(1, 2)[..., None] * in_heads(value, self.heads)
        q, k = rms(rotate(q)), rms(rotate(k))
        x = x + self.out(naive_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.down(F.relu(self.up(rms(x))).square())


class AutoResearch(nn.Module):
    """Residual and embedding mixing scalars per layer, value embeddings in every second layer, logits capped at 15."""

    rates = (0.001, 0.003, 0.006, 0.012)

    def __init__(self, size: Size) -> None:
        super().__init__()
        valued = [layer % 2 == (size.depth - 1) % 2 for layer in range(size.depth)]
        self.embedding = nn.Embedding(size.vocabulary, size.width)
        self.head = nn.Linear(size.width, size.vocabulary, bias=False)
        self.values = nn.ModuleList(nn.Embedding(size.vocabulary, size.width) for has in valued if has)
        self.blocks = nn.ModuleList(AutoBlock(size, valued=has) for has in valued)
        self.stay, self.first = nn.Parameter(torch.ones(size.depth)), nn.Parameter(torch.full((size.depth,), 0.1))
        self.valued, bound = valued, math.sqrt(3 / size.width)
        nn.init.normal_(self.embedding.weight)
        nn.init.normal_(self.head.weight, std=0.001)
        for name, weight in (*self.blocks.named_parameters(), *self.values.named_parameters()):
            zero = name.endswith(("out.weight", "down.weight", "gate.weight"))
            nn.init.zeros_(weight) if zero else nn.init.uniform_(weight, -bound, bound)

    def forward(self, tokens: Tensor) -> Tensor:
        x = start = rms(self.embedding(tokens))
        tables = iter(self.values)
        for layer, block in enumerate(self.blocks):
            x = self.stay[layer] * x + self.first[layer] * start
            x = block(x, next(tables)(tokens) if self.valued[layer] else None)
        return 15 * torch.tanh(self.head(rms(x)) / 15)

    def groups(self, rate: float) -> list[dict[str, Any]]:
        tables = [self.embedding.weight, *self.values.parameters()]
        return [
            {"params": list(self.blocks.parameters()), "lr": rate, "weight_decay": 0.1},
            {"params": tables, "lr": 0.6 * (self.embedding.embedding_dim / 768) ** -0.5, "weight_decay": 0.0},
            {"params": [self.head.weight], "lr": 0.004 * (self.head.in_features / 768) ** -0.5, "weight_decay": 0.0},
            {"params": [self.stay], "lr": 0.005, "weight_decay": 0.0},
            {"params": [self.first], "lr": 0.5, "weight_decay": 0.0},
        ]

    betas, clip = (0.8, 0.95), math.inf

    @staticmethod
    def schedule(progress: float) -> float:
        """Flat, then down to nothing over the second half."""
        return min(1.0, (1 - progress) / 0.5)


MODELS: dict[str, type[NanoGPT | AutoResearch]] = {"nanogpt": NanoGPT, "autoresearch": AutoResearch}


# --- training ---------------------------------------------------------------------------------------------------------


def windows(shards: list[Any], *, context: int, batch: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Random windows of the stream, as in nanoGPT: no documents, no packing."""
    random = np.random.default_rng(seed)
    stream = np.concatenate(shards).astype(np.int64)
    while True:
        starts = random.integers(0, len(stream) - context - 1, size=batch)
        rows = torch.from_numpy(np.stack([stream[at : at + context + 1] for at in starts]))
        yield rows[:, :-1], rows[:, 1:]


def train(
    model: NanoGPT | AutoResearch, stream: Iterator[tuple[Tensor, Tensor]], *, rate: float, clock: Callable[[], float]
) -> tuple[int, int]:
    """(steps, tokens) until `clock`, the share of the budget that is spent, reaches 1."""
    adam = torch.optim.AdamW(model.groups(rate), betas=model.betas, eps=1e-10)
    for group in adam.param_groups:
        group["peak"] = group["lr"]
    steps = tokens = 0
    while (progress := clock()) < 1:
        for group in adam.param_groups:
            group["lr"] = group["peak"] * model.schedule(progress)
        given, wanted = next(stream)
        F.cross_entropy(model(given).flatten(0, 1), wanted.flatten()).backward()
        if math.isfinite(model.clip):
            nn.utils.clip_grad_norm_(model.parameters(), model.clip)
        adam.step()
        adam.zero_grad(set_to_none=True)
        steps, tokens = steps + 1, tokens + given.numel()
    return steps, tokens


def spent(budget: float) -> Callable[[], float]:
    """The share of a budget of processor seconds that is spent since this call."""
    began = time.process_time()
    return lambda: (time.process_time() - began) / budget


def pace(
    model: NanoGPT | AutoResearch, stream: Iterator[tuple[Tensor, Tensor]], *, seconds: float, learning_rate: float
) -> float:
    """Tokens per processor second of `train`, over so many."""
    began = time.process_time()
    _, tokens = train(model, stream, rate=learning_rate, clock=spent(seconds))
    return tokens / (time.process_time() - began)
