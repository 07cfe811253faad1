"""The scorer: validation bits per byte of a checkpoint. Locked: experiments edit `gpt/train.py` alone.

    val_bpb = total nats of the scored tokens / (ln 2 x bytes of their text)

as in nanochat's `loss_eval.py` and autoresearch's `prepare.py` (Karpathy): specials have no bytes and are not scored, and
the figure does not depend on the tokenizer.

The scorer never imports `gpt.train`. It holds the validation text; the model lives in another process, which gets token
sequences and answers logits through shared memory. The scorer takes the log-softmax itself, so logits cannot be of a
wrong scale, and refuses those that are not finite.

A second, separate model process, the witness, is asked once about every sequence, with random tokens in place of everything
after a random cut: it can predict the token after the cut from what comes before it alone, because nobody has shown it that
token. The first process does not know the cuts. What it gains on those tokens over the witness, beyond rounding, is looked
ahead or remembered: the scorer takes the mean gain off the score, and refuses the model if the gain is more than rounding. A
score is never better than what the first process answered.

Not promised: to find a model that is honest in both processes and yet made for this validation text; or one that looks ahead
at so few tokens that none of them is asked about. Each such token is found with a chance of 1 in the tokens of a window.

Exit codes: 0 scored; 1 the model process failed or hung; 2 bad input; 3 malformed or non-causal logits.
Environment: AR_DATA, or AR_ROOT with `data` in it; AR_OUT with `model.pt`; AR_DEVICE; AR_MODEL_FD (see `gpt.channel`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import mmap
import os
import secrets
import select
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gpt import channel, data, machine
from gpt.arguments import Arguments

Floats = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int32]

MEGABYTES = 16  # of logits in one exchange, unless --batch says otherwise
ROWS = 32  # rows of logits at once in one thread: they stay in the processor's cache
MEAN_ROUNDING = 5e-4  # nats a token; of the mean difference between two honest processes, which is 0 on CPUs
MAX_ROUNDING = 0.5  # nats; of one difference
ERRORS = 6  # standard errors of the mean difference that rounding may explain


class ModelFailed(Exception):
    """The model process ended, or did not answer in time: exit code 1."""


class Rejected(Exception):
    """Logits that no causal language model gives: exit code 3."""


@dataclass(frozen=True)
class Score:
    """The metric, the size of the text that it stands on, and what it took."""

    val_bpb: float
    bytes: int
    seconds: float


# --- the arithmetic ---------------------------------------------------------------------------------------------------


def target_nats(logits: Floats, targets: Tokens) -> npt.NDArray[np.float64]:
    """Negative log-probability of each target, nats; logits (n, vocabulary), targets (n,).

    Raises:
        Rejected: a logit is not finite.

    """
    nats = np.empty(len(targets))
    for at in range(0, len(targets), ROWS):
        rows = logits[at : at + ROWS]
        if not np.isfinite(rows).all():
            raise Rejected("logits are not finite")
        chosen = np.take_along_axis(rows, targets[at : at + ROWS, None], axis=1)[:, 0].astype(np.float64)
        top = rows.max(axis=1, keepdims=True)
        shifted = rows - top
        mass = np.exp(shifted, out=shifted).sum(axis=1).astype(np.float64)
        nats[at : at + ROWS] = top[:, 0] + np.log(mass) - chosen
    return nats


def bits_per_byte(
    nats: npt.NDArray[np.float64], targets: Tokens, token_bytes: npt.NDArray[np.int32]
) -> tuple[float, int]:
    """(bits per byte, bytes) of the targets that are text; specials have no bytes and do not count."""
    lengths = token_bytes[targets]
    size = int(lengths.sum())
    return math.fsum(nats[lengths > 0]) / (math.log(2) * size), size


# --- the model process, seen from the scorer --------------------------------------------------------------------------


class Answers(Protocol):
    """Whatever answers token sequences (batch, length) with float32 logits (batch, length, vocabulary)."""

    def ask(self, tokens: Tokens) -> Floats: ...


class Model:
    """A model process and the memory shared with it. It is given no address of the validation text."""

    def __init__(self, checkpoint: Path, *, batch: int, context: int, vocabulary: int, deadline: float) -> None:
        self._deadline, self._vocabulary = deadline, vocabulary
        size = batch * context * 4 * (1 + vocabulary)
        room = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (unlinked at once, private)
        self._file = tempfile.TemporaryFile(dir=room)  # noqa: SIM115  (closed by close)
        self._file.truncate(size)
        self._memory = mmap.mmap(self._file.fileno(), size)
        request_end, self._request = os.pipe()
        self._reply, reply_end = os.pipe()
        self._errors, errors_end = os.pipe()
        keep = (self._file.fileno(), request_end, reply_end)
        command = [sys.executable, "-m", "gpt.serve", str(checkpoint), *map(str, keep)]
        try:
            self._process = channel.start(command, keep=keep, errors=errors_end)
        except channel.NotStarted as error:
            raise ModelFailed(f"the model process could not be started: {error}") from None
        for descriptor in (request_end, reply_end, errors_end):
            os.close(descriptor)
        self._stderr = b""
        self._drain = threading.Thread(target=self._keep_tail, daemon=True)
        self._drain.start()

    def ask(self, tokens: Tokens) -> Floats:
        """Logits (batch, length, vocabulary) for tokens (batch, length): a view that the next question overwrites."""
        np.frombuffer(self._memory, np.int32, tokens.size)[:] = tokens.ravel()
        with suppress(BrokenPipeError):
            os.write(self._request, channel.REQUEST.pack(*tokens.shape))
        dimensions, *shape = channel.REPLY.unpack(self._read(channel.REPLY.size))
        wanted = (*tokens.shape, self._vocabulary)
        if dimensions != len(wanted) or tuple(shape) != wanted:
            raise Rejected(f"logits have shape {tuple(shape[:dimensions])}; it must be {wanted}")
        return np.frombuffer(self._memory, np.float32, math.prod(wanted), offset=4 * tokens.size).reshape(wanted)

    def close(self) -> None:
        self._process.end()
        self._drain.join(timeout=1)
        for descriptor in (self._request, self._reply, self._errors):
            os.close(descriptor)
        self._file.close()

    def _read(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._reply], [], [], left)[0]:
                raise ModelFailed("the model process did not answer before the deadline")
            part = os.read(self._reply, size - len(got))
            if not part:
                raise ModelFailed(f"the model process ended: {self._last_words()}")
            got += part
        return got

    def _keep_tail(self) -> None:
        while part := os.read(self._errors, 65536):
            self._stderr = (self._stderr + part)[-65536:]

    def _last_words(self) -> str:
        self._drain.join(timeout=1)
        lines = self._stderr.decode(errors="replace").strip().splitlines()
        return "".join(c for c in lines[-1] if c.isprintable())[:500] if lines else "it left no message"


@contextmanager
def two_models(checkpoint: Path, **shape: Any) -> Iterator[tuple[Model, Model]]:
    """Two separate processes of one checkpoint, ended whatever happens."""
    models: list[Model] = []
    try:
        models.extend(Model(checkpoint, **shape) for _ in range(2))
        yield models[0], models[1]
    finally:
        for model in models:
            model.close()


# --- scoring ----------------------------------------------------------------------------------------------------------


def windows(part: data.Validation) -> tuple[Tokens, Tokens]:
    """(inputs, targets), each (windows, context): consecutive windows, every target one token further."""
    count = (len(part.tokens) - 1) // part.context
    if count == 0:
        raise data.DataError(f"the validation part is shorter than its context of {part.context} tokens")
    flat = part.tokens.astype(np.int32)
    size = count * part.context
    return flat[:size].reshape(count, -1), flat[1 : size + 1].reshape(count, -1)


@dataclass(frozen=True)
class Probe:
    """One batch for the witness: windows, each with its own tokens before its cut and random ones from there on."""

    rows: npt.NDArray[np.int64]
    cuts: npt.NDArray[np.int64]  # tokens of each window that are shown: 1 to context
    inputs: Tokens  # (batch, context); rows beyond `rows` are random, so that every batch has the same shape


def draw_probes(inputs: Tokens, batch: int, vocabulary: int) -> list[Probe]:
    """Every window once, in random order and batches, each window with a random cut; every cut is about equally frequent.

    A window that would be shown whole is left out if the witness has seen its successor, which begins with the token to be
    predicted, or sees it in the same batch.
    """
    random = np.random.default_rng(secrets.randbits(128))
    count, context = inputs.shape
    order = random.permutation(count)
    parts = [order[start : start + batch] for start in range(0, count, batch)]
    turn = np.full(count + 1, len(parts))
    for number, rows in enumerate(parts):
        turn[rows] = number
    cuts = random.permutation(np.arange(count) % context + 1)
    probes = []
    for number, rows in enumerate(parts):
        kept = rows[(cuts[rows] < context) | (turn[rows + 1] > number)]
        shown = random.integers(0, vocabulary, size=(batch, context), dtype=np.int32)
        is_shown = np.arange(context) < cuts[kept, None]
        shown[: len(kept)][is_shown] = inputs[kept][is_shown]
        probes.append(Probe(kept, cuts[kept], shown))
    return [probe for probe in probes if len(probe.rows)]


def examine(model: Answers, witness: Answers, part: data.Validation, *, batch: int) -> tuple[float, int]:
    """(bits per byte, bytes) of the model's answers, less what it gains over the witness.

    Raises:
        Rejected: the answers are not those of a causal language model.

    """
    inputs, targets = windows(part)
    batch = min(batch, len(inputs))
    nats = all_nats(model, inputs, targets, batch)
    gained, rounding = compare(witness, draw_probes(inputs, batch, len(part.token_bytes)), nats, targets)
    check(gained[0], rounding)
    is_text = part.token_bytes[gained[1]] > 0
    bpb, size = bits_per_byte(nats.ravel(), targets.ravel(), part.token_bytes)
    ahead = max(0.0, float(np.where(is_text, gained[0], 0.0).mean()))  # else a noisy witness could draw a better score
    return bpb + ahead * targets.size / (math.log(2) * size), size


def all_nats(model: Answers, inputs: Tokens, targets: Tokens, batch: int) -> npt.NDArray[np.float64]:
    """Negative log-probability of every target, nats, (windows, context)."""
    parts: list[npt.NDArray[np.float64]] = []
    cores = machine.cores()
    with ThreadPoolExecutor(cores) as pool, closing(answers(model, inputs, batch)) as coming:
        for at, logits in coming:
            rows, wanted = logits.reshape(-1, logits.shape[-1]), targets[at : at + batch].ravel()
            parts += pool.map(target_nats, np.array_split(rows, cores), np.array_split(wanted, cores))
    return np.concatenate(parts).reshape(targets.shape)


def compare(
    witness: Answers, probes: list[Probe], nats: npt.NDArray[np.float64], targets: Tokens
) -> tuple[tuple[npt.NDArray[np.float64], Tokens], npt.NDArray[np.float64]]:
    """((nats that the model is ahead of the witness, the tokens), the witness's own rounding): each (probed tokens,).

    Rounding is how far the witness differs from itself when the first batch is asked again, the same to the last token.
    """

    def witnessed(probe: Probe) -> npt.NDArray[np.float64]:
        logits = np.array(witness.ask(probe.inputs)[np.arange(len(probe.rows)), probe.cuts - 1])
        return target_nats(logits, targets[probe.rows, probe.cuts - 1])

    found = [witnessed(probe) for probe in probes]
    rounding = witnessed(probes[0]) - found[0]
    own = np.concatenate([nats[probe.rows, probe.cuts - 1] for probe in probes])
    tokens = np.concatenate([targets[probe.rows, probe.cuts - 1] for probe in probes])
    return (np.concatenate(found) - own, tokens), rounding


def check(gained: npt.NDArray[np.float64], rounding: npt.NDArray[np.float64]) -> None:
    """Refuse a model that predicts better or worse in the process that has seen everything.

    Raises:
        Rejected: the mean difference, or one difference, is more than rounding explains.

    """
    spread = float(np.sqrt(np.square(rounding).mean()))
    limit = max(MEAN_ROUNDING, ERRORS * spread / math.sqrt(len(gained)))
    largest = max(float(np.abs(gained).max()), float(np.abs(rounding).max()))
    if not (abs(gained.mean()) <= limit and largest <= MAX_ROUNDING):
        raise Rejected(
            f"not causal: a process that has seen what follows predicts {gained.mean():+.4f} nats a token better on average "
            f"(at most {largest:.3f}); rounding explains {limit:.4f}"
        )


def answers(model: Answers, inputs: Tokens, batch: int) -> Generator[tuple[int, Floats]]:
    """(first row, logits) of each batch; the model works on the next one meanwhile.

    The logits are a copy, taken once: a model process shares the memory that it answers through, and could show other
    logits to the check of causality than to the sum.
    """
    whole = np.concatenate([inputs, inputs[: -len(inputs) % batch]])  # every batch has the same shape

    def asked(at: int) -> Floats:
        return np.array(model.ask(whole[at : at + batch]))[: len(inputs) - at]

    asking = ThreadPoolExecutor(1)
    try:
        starts = range(0, len(inputs), batch)
        coming = asking.submit(asked, 0)
        for at, after in itertools.zip_longest(starts, starts[1:]):
            logits = coming.result()
            coming = asking.submit(asked, after) if after else coming
            yield at, logits
    finally:
        asking.shutdown(wait=False, cancel_futures=True)  # who is refused may hang; its process is ended next


def score(checkpoint: Path, part: data.Validation, *, batch: int | None, deadline: float) -> Score:
    """Score the checkpoint on the validation part within `deadline` seconds."""
    started = time.monotonic()
    vocabulary = len(part.token_bytes)
    batch = batch or max(1, MEGABYTES * 2**20 // (4 * part.context * vocabulary))
    shape = {"batch": batch, "context": part.context, "vocabulary": vocabulary, "deadline": started + deadline}
    with two_models(checkpoint, **shape) as (model, witness):
        bpb, size = examine(model, witness, part, batch=batch)
    return Score(val_bpb=bpb, bytes=size, seconds=time.monotonic() - started)


# --- the command ------------------------------------------------------------------------------------------------------


def data_folder() -> Path:
    """`$AR_DATA`, else `data` below `$AR_ROOT`, else below the current directory."""
    root = os.environ.get("AR_ROOT")
    return Path(root) / "data" if root and not os.environ.get("AR_DATA") else data.folder()


def existing(checkpoint: Path) -> Path:
    if not checkpoint.is_file():
        raise data.DataError(f"no checkpoint at {checkpoint}: set AR_OUT or give --checkpoint")
    return checkpoint


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = Arguments(
        prog="python -m gpt.evaluate",
        description="Print the validation bits per byte of a checkpoint.",
        epilog="example: python -m gpt.evaluate --checkpoint out/model.pt --json",
    )
    default = Path(os.environ.get("AR_OUT") or ".") / "model.pt"
    parser.add_argument("--checkpoint", type=Path, default=default, help="default: model.pt in $AR_OUT, else here")
    parser.add_argument("--batch", type=int, help=f"sequences of one exchange (default: {MEGABYTES} MB of logits)")
    parser.add_argument("--deadline", type=float, default=300, help="seconds for everything (default: 300)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Score and print; see the module for exit codes."""
    arguments = parse(argv)
    try:
        part = data.validation(data_folder())
        result = score(existing(arguments.checkpoint), part, batch=arguments.batch, deadline=arguments.deadline)
    except (data.DataError, ModelFailed, Rejected) as error:
        print(f"error: {error}", file=sys.stderr)
        return {data.DataError: 2, ModelFailed: 1, Rejected: 3}[type(error)]
    print(json.dumps(asdict(result)) if arguments.json else f"val_bpb: {result.val_bpb:.6f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
