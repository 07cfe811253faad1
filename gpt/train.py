"""The file that experiments edit: a small GPT, its optimisers and its training, on CUDA or CPU, for a fixed time.

Reads top to bottom: constants, environment, model, optimisers, batches, telemetry, training, checkpoint.
Rotary embeddings, RMSNorm, QK-norm, squared ReLU, value embeddings, Muon for matrices and AdamW for the rest: the recipe
of modded-nanogpt (Keller Jordan et al.) and nanochat (Karpathy), written small.

Every constant is one line, `NAME = literal  # what it is, its unit`, so that a program can change it too. The comment
says what may be chosen: `[lo..hi]` a range, `{a, b}` a choice, `multiple of N`, and `fixed` for what is no knob.

Environment, all of it optional: AR_SEED, AR_BUDGET (seconds of training, start-up apart), AR_OUT (folder of the checkpoint),
AR_DEVICE ("cpu", "cuda:0"), AR_DATA (prepared data), AR_TELEMETRY_FD (inherited descriptor, JSON lines); for measurements
AR_STEPS (progress by steps, and an end after so many). `gpt.evaluate` scores through `load_model`, which others call.
"""

# PyTorch's stubs call every submodule `Tensor | Module` and every result of a call `Any`:
# mypy: disable-error-code="no-any-return,union-attr,arg-type,no-untyped-call,operator,misc,list-item"

from __future__ import annotations

import ctypes
import gc
import json
import math
import os
import platform
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

from gpt import data, machine, packing, peaks

Value = TypeVar("Value")
Loss = Callable[[Tensor, Tensor], Tensor]
say = partial(print, flush=True)

# --- constants --------------------------------------------------------------------------------------------------------

# model
DEPTH = 2  # transformer layers [1..64]
WIDTH = 64  # width of the residual stream, multiple of 32 [32..4096]
HEADS = 1  # attention heads [1..64]
HEAD_DIM = 64  # width of one head, multiple of 16 [16..256]
MLP_RATIO = 4.0  # width of the MLP over WIDTH [0.5..8]
VALUE_EVERY = 2  # every n-th layer, counted from the last, adds value embeddings; 0 for none [0..64]
ROPE_BASE = 10000.0  # longest rotary wavelength over 2 pi, tokens [100..1000000]
QK_SCALE = 1.0  # factor on the scores of normalised queries and keys; modded-nanogpt has 1.36 [0.1..16]
WINDOW = 0.0  # share of the context that all layers but each fourth look back over; 0 for all of it {0.0, 0.25, 0.5}
SOFTCAP = 0.0  # bound of the logits, as in Gemma 2 (30) and nanochat (15); 0 for none {0.0, 15.0, 30.0}

# batch
CONTEXT = 128  # tokens of one training sequence, multiple of 16 [16..8192]
BATCH = 16  # sequences of one step [1..8192]
MICRO_BATCH = 16  # sequences in memory at once; fixed, bounded by memory alone

# optimisers; learning rates are those that autoresearch publishes for 8 layers on a GPU, not fitted to this size
MATRIX_LR = 0.04  # Muon, step of a matrix of unit aspect [0.0005..0.5]
MATRIX_MOMENTUM = 0.95  # Muon, Nesterov momentum [0.0..0.999]
MATRIX_DECAY = 0.1  # Muon, decoupled weight decay per unit of learning rate [0.0..1]
NEWTON_SCHULZ_STEPS = 5  # Muon, iterations of the orthogonalisation [1..8]
EMBEDDING_LR = 0.6  # AdamW, token and value embeddings [0.001..10]
HEAD_LR = 0.004  # AdamW, output layer, at width 768 [0.00005..0.5]
SCALAR_LR = 0.05  # AdamW, mixing scalars; autoresearch has ten times as much [0.0005..5]
ADAM_BETA1 = 0.8  # AdamW, decay of the mean [0.0..0.99]
ADAM_BETA2 = 0.95  # AdamW, decay of the mean square [0.5..0.9999]
ADAM_EPS = 1e-10  # AdamW, added to the root mean square [1e-12..0.001]

# schedule, by share of the time budget
WARMUP = 0.0  # share over which the learning rate rises from 0 [0.0..0.5]
WARMDOWN = 0.5  # share over which the learning rate falls [0.0..1]
FINAL_LR = 0.0  # learning rate at the end over its peak [0.0..1]

# run
BUDGET = 20.0  # seconds of training; fixed, AR_BUDGET overrides
TARGET = 0.0  # mean loss, nats, at which the warm-down begins, and the end is set; 0 for the budget alone; fixed
CLOCK = "processor"  # what a second is, real or of the processor; fixed {"real", "processor"}
SLOWEST = 2.5  # real seconds in one processor second, at most; fixed
THREADS = 1  # CPU threads, 0 for one on every core; fixed
SEED = 0  # seed of the weights and of the rows' order where AR_SEED is not set; fixed
PRECISION = "auto"  # arithmetic of the model; fixed {"auto", "bf16", "fp32"}


# --- environment ------------------------------------------------------------------------------------------------------


class RunError(Exception):
    """A run that cannot go on; the message is its last line."""


@dataclass(frozen=True)
class Settings:
    """What the environment asks of this run."""

    seed: int
    budget: float  # seconds
    steps: int | None
    device: torch.device
    data: Path
    out: Path | None
    telemetry: int | None

    @staticmethod
    def from_environment() -> Settings:
        return Settings(
            seed=SEED if (seed := asked("AR_SEED", int)) is None else seed,
            budget=asked("AR_BUDGET", float) or BUDGET,
            steps=asked("AR_STEPS", int),
            device=asked("AR_DEVICE", torch.device) or torch.device("cuda" if torch.cuda.is_available() else "cpu"),
            data=data.folder(),
            out=asked("AR_OUT", Path),
            telemetry=asked("AR_TELEMETRY_FD", int),
        )


def asked(name: str, kind: Callable[[str], Value]) -> Value | None:
    """The value of an environment variable; None where it is not set."""
    text = os.environ.get(name)
    try:
        return kind(text) if text else None
    except (ValueError, RuntimeError):
        raise data.DataError(f"{name}={text} in the environment is no {kind.__name__}") from None


def prepare_device(device: torch.device) -> None:
    """Matrix units of a GPU; on a CPU the threads, and memory that is kept for reuse."""
    if device.type == "cuda":
        if (device.index or 0) >= torch.cuda.device_count():
            raise data.DataError(f"AR_DEVICE={device}: this PyTorch, {torch.__version__}, finds no such device")
        torch.cuda.set_device(device.index or 0)  # "cuda" alone has no index
        torch.set_float32_matmul_precision("high")
        return
    torch.set_num_threads(THREADS or machine.cores())
    with suppress(OSError, AttributeError):  # glibc gives every large block back at once, and faults it in again
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD, bytes
        mallopt(-1, (1 << 31) - 1)  # M_TRIM_THRESHOLD, bytes


class Clock:
    """Seconds of training, as CLOCK counts them; real ones on a GPU, whose work no processor second counts.

    Processor seconds make a run on a shared machine as long as on a quiet one; so that it still ends, it takes at most
    SLOWEST times its budget of real time.
    """

    def __init__(self, device: torch.device) -> None:
        self.is_real = CLOCK == "real" or device.type != "cpu"
        self.real, self.processor = time.monotonic(), time.process_time()

    def seconds(self) -> float:
        real, processor = time.monotonic() - self.real, time.process_time() - self.processor
        return real if self.is_real else max(real / SLOWEST, processor / torch.get_num_threads())


def compute_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where there are instructions for its products, by the processor's own list; else float32."""
    if PRECISION != "auto":
        return torch.bfloat16 if PRECISION == "bf16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    with suppress(OSError):
        words = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
        if words & ({"bf16"} if platform.machine() == "aarch64" else {"avx512_bf16", "amx_bf16"}):
            return torch.bfloat16
    return torch.float32


# --- model ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """All that is needed to build the model again."""

    vocabulary: int
    depth: int = DEPTH
    width: int = WIDTH
    heads: int = HEADS
    head_dim: int = HEAD_DIM
    mlp_ratio: float = MLP_RATIO
    value_every: int = VALUE_EVERY
    rope_base: float = ROPE_BASE
    qk_scale: float = QK_SCALE
    window: int = round(WINDOW * CONTEXT)
    softcap: float = SOFTCAP

    def sight(self, layer: int) -> int:
        """Tokens that a layer looks back, itself included; 0 for all. The pattern is nanochat's SSSL, from the last layer."""
        return self.window if (self.depth - 1 - layer) % 4 else 0


def norm(x: Tensor) -> Tensor:
    """RMSNorm without a gain, over the last dimension (Zhang and Sennrich, 2019)."""
    return F.rms_norm(x, (x.size(-1),))


class Linear(nn.Linear):
    """Weights in float32 for the optimiser, products in the precision of the input."""

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.to(x.dtype))


def rotary(length: int, dim: int, base: float, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and signed sines of rotary positions (Su et al., 2021), each (length, 1, dim), halves rotated together."""
    frequency = base ** -torch.linspace(0, 1, dim // 2, device=like.device)
    angle = torch.outer(torch.arange(length, device=like.device), frequency)[:, None, :]
    cosine, sine = angle.cos(), angle.sin()
    return torch.cat((cosine, cosine), -1).to(like.dtype), torch.cat((sine, -sine), -1).to(like.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor, scale: float, window: int = 0) -> Tensor:
    """Causal attention, all (batch, heads, length, head_dim), over the last `window` tokens; 0 for all of them."""
    batch, heads, length, dim = q.shape
    near = 0 < window < length
    if near and q.is_cuda and torch.compiler.is_compiling():
        return windowed(q, k, v, scale, window)
    if not near and q.device.type != "cpu":
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale)
    # PyTorch's fused kernel for CPUs takes three times as long at these lengths.
    barred = torch.full((length, length), -math.inf, dtype=q.dtype, device=q.device)
    hidden = barred.triu(1) + barred.tril(-window) if near else barred.triu(1)
    q, k, v = (x.reshape(-1, length, dim) for x in (q, k, v))
    scores = torch.baddbmm(hidden.expand(len(q), -1, -1), q, k.mT, alpha=scale)
    return (scores.softmax(-1) @ v).view(batch, heads, length, dim)


def windowed(q: Tensor, k: Tensor, v: Tensor, scale: float, window: int) -> Tensor:
    """`attend` by FlexAttention (Dong et al., 2024), which skips blocks out of sight once it is compiled."""
    length, near = q.size(2), lambda _batch, _head, at, of: (at >= of) & (at - of < window)
    mask = create_block_mask(near, None, None, length, length, device=q.device)
    return flex_attention(q, k, v, block_mask=mask, scale=scale)


class Attention(nn.Module):
    """Multi-head attention with normalised queries and keys; `value` is the layer's value embedding of each token."""

    def __init__(self, shape: Shape, layer: int, *, with_value: bool) -> None:
        super().__init__()
        self.heads, self.head_dim = shape.heads, shape.head_dim
        self.scale, self.window = shape.qk_scale * shape.head_dim**-0.5, shape.sight(layer)
        inner = shape.heads * shape.head_dim
        self.qkv = Linear(shape.width, 3 * inner, bias=False)
        self.out = Linear(inner, shape.width, bias=False)
        self.value_mix = nn.Parameter(torch.tensor([1.0, 1.0])) if with_value else None

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], value: Tensor | None) -> Tensor:
        batch, length, _ = x.shape
        qkv = self.qkv(x).view(batch, length, 3 * self.heads, self.head_dim)
        qk, v = qkv.split((2 * self.heads, self.heads), dim=2)
        qk = norm(qk)
        qk = qk * turn[0] + qk.roll(self.head_dim // 2, -1) * turn[1]
        if value is not None and self.value_mix is not None:
            mix = self.value_mix.to(x.dtype)
            v = mix[0] * v + mix[1] * value.view_as(v)
        q, k = qk.transpose(1, 2).chunk(2, dim=1)
        y = attend(q, k, v.transpose(1, 2), self.scale, self.window)
        return self.out(y.transpose(1, 2).reshape(batch, length, -1))


class Block(nn.Module):
    """Attention, then an MLP with squared ReLU (So et al., 2021), each on a normalised input."""

    def __init__(self, shape: Shape, layer: int, *, with_value: bool) -> None:
        super().__init__()
        hidden = 16 * max(1, round(shape.mlp_ratio * shape.width / 16))
        self.attention = Attention(shape, layer, with_value=with_value)
        self.up = Linear(shape.width, hidden, bias=False)
        self.down = Linear(hidden, shape.width, bias=False)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], value: Tensor | None) -> Tensor:
        x = x + self.attention(norm(x), turn, value)
        return x + self.down(F.relu(self.up(norm(x))).square())


class CrossEntropy(torch.autograd.Function):
    """Mean cross entropy, nats, of logits (n, vocabulary) in any precision; a third of PyTorch's memory traffic on a CPU."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:
        probabilities = logits.softmax(-1, dtype=torch.float32)
        ctx.save_for_backward(probabilities, targets)
        ctx.dtype = logits.dtype
        return -probabilities.gather(1, targets[:, None]).clamp_min(1e-38).log().mean()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        probabilities, targets = ctx.saved_tensors
        probabilities[torch.arange(len(targets)), targets] -= 1  # in place: nobody else holds it
        return probabilities.mul_(gradient / len(targets)).to(ctx.dtype), None


class GPT(nn.Module):
    """Tokens (batch, length) -> logits (batch, length, vocabulary) in the precision `dtype`."""

    def __init__(self, shape: Shape, dtype: torch.dtype) -> None:
        super().__init__()
        self.shape, self.dtype = shape, dtype
        every = shape.value_every
        self.with_value = [every > 0 and (shape.depth - 1 - layer) % every == 0 for layer in range(shape.depth)]
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        inner = shape.heads * shape.head_dim
        self.values = nn.ModuleList(nn.Embedding(shape.vocabulary, inner) for value in self.with_value if value)
        self.blocks = nn.ModuleList(Block(shape, i, with_value=value) for i, value in enumerate(self.with_value))
        self.head = Linear(shape.width, shape.vocabulary, bias=False)
        self.initialise()

    @torch.no_grad()
    def initialise(self) -> None:
        """Blocks start as the identity and the output as the uniform distribution."""
        bound = math.sqrt(3 / self.shape.width)  # uniform of this bound has variance 1 / width
        nn.init.normal_(self.embedding.weight)
        nn.init.normal_(self.head.weight, std=0.001)
        for table in self.values:
            nn.init.uniform_(table.weight, -bound, bound)
        for block in self.blocks:
            for weight in (block.attention.qkv.weight, block.up.weight):
                nn.init.uniform_(weight, -bound, bound)
            for weight in (block.attention.out.weight, block.down.weight):
                nn.init.zeros_(weight)

    def forward(self, tokens: Tensor) -> Tensor:
        x = norm(self.embedding(tokens).to(self.dtype))
        turn = rotary(tokens.size(1), self.shape.head_dim, self.shape.rope_base, like=x)
        tables = iter(self.values)
        for block, with_value in zip(self.blocks, self.with_value, strict=True):
            x = block(x, turn, next(tables)(tokens).to(self.dtype) if with_value else None)
        logits = self.head(norm(x))
        return logits if not self.shape.softcap else self.shape.softcap * (logits / self.shape.softcap).tanh()

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Mean cross entropy, nats per token."""
        logits, targets = self(tokens).flatten(0, 1), targets.flatten()
        on_cpu = logits.device.type == "cpu"
        return CrossEntropy.apply(logits, targets) if on_cpu else F.cross_entropy(logits.float(), targets)

    def flops_per_token(self, length: int) -> float:
        """Forward and backward: 6 for each weight in a product, 12 for each score (PaLM, appendix B)."""
        weights = sum(p.numel() for p in (*self.blocks.parameters(), self.head.weight) if p.ndim == 2)
        seen = sum(min(self.shape.sight(layer) or length, length) for layer in range(self.shape.depth))
        return 6 * weights + 12 * self.shape.heads * self.shape.head_dim * seen


# --- optimisers -------------------------------------------------------------------------------------------------------


def orthogonalise(matrices: Tensor, steps: int) -> Tensor:
    """Nearest semi-orthogonal matrices of a stack (n, rows, columns), roughly, by Newton-Schulz (Jordan et al., 2024).

    The coefficients are Muon's: singular values end between about 0.7 and 1.2, not at 1, which costs nothing.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrices.size(1) > matrices.size(2)
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon:
    """Momentum whose update is orthogonalised, for the matrices of the blocks; those of one shape go together."""

    def __init__(self, matrices: list[nn.Parameter], dtype: torch.dtype) -> None:
        shapes = {tuple(p.shape): [q for q in matrices if q.shape == p.shape] for p in matrices}
        self.groups, self.dtype = list(shapes.values()), dtype
        self.state: dict[Tensor, Tensor] = {}

    @torch.no_grad()
    def step(self, scale: float) -> None:
        """One step at `scale` times the peak learning rate."""
        rate = scale * MATRIX_LR
        for params in self.groups:
            gradient = torch.stack([p.grad for p in params])
            momentum = self.state.setdefault(params[0], torch.zeros_like(gradient))
            momentum.lerp_(gradient, 1 - MATRIX_MOMENTUM)
            update = gradient.lerp_(momentum, MATRIX_MOMENTUM).to(self.dtype)
            update = orthogonalise(update, NEWTON_SCHULZ_STEPS).float()
            aspect = max(1.0, update.size(1) / update.size(2)) ** 0.5
            for p, change in zip(params, update, strict=True):
                p.mul_(1 - rate * MATRIX_DECAY).add_(change, alpha=-rate * aspect)


class AdamW:
    """PyTorch's fused kernel without its class, whose first step imports the compiler: a second of start-up on a CPU."""

    def __init__(self, groups: list[tuple[list[nn.Parameter], float]]) -> None:
        self.groups = groups  # (parameters, peak learning rate)
        self.state: dict[Tensor, tuple[Tensor, Tensor, Tensor]] = {}  # mean, mean square, steps

    @torch.no_grad()
    def step(self, scale: float) -> None:
        for params, peak in self.groups:
            for p in (p for p in params if p.grad is not None):
                if p not in self.state:
                    self.state[p] = (torch.zeros_like(p), torch.zeros_like(p), p.new_zeros(()))
                mean, square, count = self.state[p]
                count += 1
                torch._fused_adamw_(
                    [p], [p.grad], [mean], [square], [], [count], lr=scale * peak, beta1=ADAM_BETA1, beta2=ADAM_BETA2,
                    weight_decay=0.0, eps=ADAM_EPS, amsgrad=False, maximize=False,
                )  # fmt: skip


def optimisers(model: GPT) -> list[Muon | AdamW]:
    """Muon for the matrices of the blocks, AdamW for embeddings, output layer and scalars."""
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    groups = [
        ([model.embedding.weight, *model.values.parameters()], EMBEDDING_LR),
        ([model.head.weight], HEAD_LR * (model.shape.width / 768) ** -0.5),
        ([p for p in model.blocks.parameters() if p.ndim < 2], SCALAR_LR),
    ]
    return [Muon(matrices, model.dtype), AdamW(groups)]


def schedule(progress: float) -> float:
    """Learning rate over its peak at `progress` (0 to 1) of the budget: linear up, flat, linear down."""
    if progress < WARMUP:
        return progress / WARMUP
    left = (1 - progress) / WARMDOWN if progress > 1 - WARMDOWN else 1.0
    return FINAL_LR + (1 - FINAL_LR) * left


# --- batches ----------------------------------------------------------------------------------------------------------


def batches(settings: Settings) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless (tokens, targets), each (BATCH, CONTEXT) int64 on the device, in the seed's order; rows: `gpt.packing`."""
    shards, documents = data.train_shards(settings.data), data.train_documents(settings.data)
    for rows in packing.batches(shards, documents, batch=BATCH, length=CONTEXT + 1, seed=settings.seed):
        batch, on_gpu = torch.from_numpy(rows), settings.device.type == "cuda"
        batch = (batch.pin_memory() if on_gpu else batch).to(settings.device, non_blocking=on_gpu)
        yield batch[:, :-1], batch[:, 1:]
    raise RunError(f"{settings.data}: fewer than CONTEXT = {CONTEXT} tokens to train on")


# --- telemetry --------------------------------------------------------------------------------------------------------


def peak_memory(device: torch.device) -> int:
    """Bytes, at most so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Telemetry:
    """JSON lines to an inherited descriptor. A reader that is slow or gone never holds up the training."""

    def __init__(self, descriptor: int | None) -> None:
        self.descriptor = descriptor
        self._told = -math.inf
        try:
            os.set_blocking(descriptor or -1, False)
        except OSError:  # not open: its number may soon be another file's
            self.descriptor = None

    def due(self) -> bool:
        """True about once a second."""
        now = time.monotonic()
        if now - self._told < 1:
            return False
        self._told = now
        return True

    def send(self, **event: object) -> None:
        if self.descriptor is None:
            return
        try:
            os.write(self.descriptor, json.dumps(event).encode() + b"\n")
        except BlockingIOError:
            pass  # a full pipe loses a sample, not a step
        except OSError:
            self.descriptor = None


# --- training ---------------------------------------------------------------------------------------------------------


@dataclass
class Trainer:
    """A model in training, and how far it has come."""

    settings: Settings
    model: GPT
    telemetry: Telemetry
    step: int = 0
    tokens: int = 0
    lowest: float = math.inf  # loss, nats
    mean: float = math.inf  # loss of about the last twenty steps, nats
    length: float = 1.0  # of the run, in budgets
    reported: int = 0  # step

    def __post_init__(self) -> None:
        self.optimisers = optimisers(self.model)
        self.stream = batches(self.settings)
        self.batch = next(self.stream)
        on_gpu = self.settings.device.type == "cuda"
        self.loss_of: Loss = torch.compile(self.model.loss, dynamic=False) if on_gpu else self.model.loss

    def warm_up(self) -> None:
        """Compile and allocate before the clock starts, and without learning: the step has length 0."""
        loss = self.accumulate(*self.batch)  # for other strides than the stream's it would be compiled once more, later
        self.update(scale=0.0)
        loss.item()  # a GPU has done all of it
        for optimiser in self.optimisers:
            optimiser.state.clear()
        gc.collect()
        gc.freeze()  # a collection would look at every object of torch, and hold up a step
        gc.disable()

    def accumulate(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Gradients of the mean loss of a batch, MICRO_BATCH sequences at a time; returns that mean."""
        total = torch.zeros((), device=tokens.device)
        for start in range(0, len(tokens), MICRO_BATCH):
            part, wanted = tokens[start : start + MICRO_BATCH], targets[start : start + MICRO_BATCH]
            loss = self.loss_of(part, wanted) * (len(part) / len(tokens))
            loss.backward()
            total += loss.detach()
        return total

    def update(self, *, scale: float) -> None:
        """One step of every optimiser at `scale` times its peak learning rate."""
        for optimiser in self.optimisers:
            optimiser.step(scale)
        self.model.zero_grad(set_to_none=True)

    def run(self) -> float:
        """Steps until the budget is spent; returns seconds of training."""
        limit, clock, value = self.settings.steps, Clock(self.settings.device), math.log(self.model.shape.vocabulary)
        while True:
            seconds = clock.seconds()
            progress = (self.step / limit if limit else seconds / self.settings.budget) / self.length
            if progress >= 1:
                self.report(value, seconds=seconds, progress=1.0)
                return seconds
            loss = self.accumulate(*self.batch)
            self.update(scale=schedule(progress))
            self.step, self.tokens = self.step + 1, self.tokens + self.batch[0].numel()
            self.batch = next(self.stream)  # while a GPU is still at work
            self.check(value := loss.item())
            if self.mean <= TARGET and 0 < progress < 1 - WARMDOWN:
                self.length = progress / (1 - WARMDOWN)
            if self.telemetry.due():
                self.report(value, seconds=clock.seconds(), progress=progress)

    def check(self, loss: float) -> None:
        """End a run that cannot recover, at once."""
        if not math.isfinite(loss):
            raise RunError(f"loss is not finite at step {self.step}")
        if loss > 2 * self.lowest + 10:
            raise RunError(f"loss diverged at step {self.step}: {loss:.2f} nats after {self.lowest:.2f}")
        self.lowest = min(self.lowest, loss)
        self.mean = 0.95 * self.mean + 0.05 * loss if math.isfinite(self.mean) else loss

    def report(self, loss: float, *, seconds: float, progress: float) -> None:
        if self.reported == self.step:
            return
        self.reported = self.step
        peak, rate = peaks.flops(self.settings.device), self.tokens / seconds
        mfu = rate * self.model.flops_per_token(CONTEXT) / peak if peak else None
        counts = {"step": self.step, "tokens": self.tokens, "tokens_per_second": rate, "mfu": mfu}
        memory = peak_memory(self.settings.device)
        self.telemetry.send(event="step", seconds=seconds, progress=progress, loss=loss, memory=memory, **counts)
        say(f"step {self.step:6,}  {100 * progress:3.0f} %  mean loss {self.mean:.4f}  {rate:,.0f} tokens/s")


def train(settings: Settings, began: float) -> None:
    """Train until the budget is spent, then leave `model.pt` in AR_OUT."""
    device = settings.device
    prepare_device(device)
    torch.manual_seed(settings.seed)
    model = GPT(Shape(vocabulary=data.vocabulary_size(settings.data)), compute_dtype(device)).to(device)
    telemetry = Telemetry(settings.telemetry)
    trainer = Trainer(settings, model, telemetry)
    trainer.warm_up()
    parameters, startup = sum(p.numel() for p in model.parameters()), time.monotonic() - began
    say(f"{parameters:,} parameters, {model.dtype}, {device}, {settings.budget:g} s; ready after {startup:.1f} s")
    about = {"parameters": parameters, "device": str(device)}
    telemetry.send(event="started", startup_seconds=startup, budget=settings.budget, **about)
    seconds = trainer.run()
    if settings.out:
        save(model, settings.out)
    memory = peak_memory(device)
    counts = {"tokens": trainer.tokens, "steps": trainer.step, "peak_memory": memory}
    telemetry.send(event="finished", train_seconds=seconds, **counts)
    say(f"{trainer.step:,} steps, {trainer.tokens:,} tokens in {seconds:.1f} s, {memory / 2**20:,.0f} MiB")


# --- checkpoint -------------------------------------------------------------------------------------------------------


def save(model: GPT, folder: Path) -> None:
    """`model.pt` in `folder`, whole or absent."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / "model.pt.partial"
    torch.save({"shape": asdict(model.shape), "weights": model.state_dict()}, beside)
    beside.rename(folder / "model.pt")


def load_model(path: Path, device: str) -> Callable[[Tensor], Tensor]:
    """The checkpoint's model as a function from tokens (batch, length) to float32 logits (batch, length, vocabulary).

    The scorer's door: logits at a position may depend on the tokens up to it, never on later ones.
    """
    target = torch.device(device)
    prepare_device(target)
    stored = torch.load(path, map_location=target, weights_only=True)
    model = GPT(Shape(**stored["shape"]), compute_dtype(target)).to(target).eval()
    model.load_state_dict(stored["weights"])

    @torch.inference_mode()
    def logits(tokens: Tensor) -> Tensor:
        return model(tokens.to(target)).float()

    return logits


def main() -> int:
    """0 trained; 1 the run failed, its last line says why; 2 bad input."""
    began = time.monotonic()
    try:
        train(Settings.from_environment(), began)
    except (data.DataError, RunError) as error:
        message, code = str(error), 2 if isinstance(error, data.DataError) else 1
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not re.search("out of memory|ALLOC_FAILED|allocate memory", str(error)):
            raise
        size = f"{MICRO_BATCH} sequences of {CONTEXT} tokens at once, depth {DEPTH}, width {WIDTH}"
        message, code = f"out of memory: {size}: {next(iter(str(error).splitlines()), 'no message')}", 1
    else:
        return 0
    print(f"error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
