"""The scorer: validation bits per byte of a checkpoint. Locked: experiments edit `gpt/train.py` alone.

    val_bpb = total nats of the scored tokens / (ln 2 x bytes of their text)

as in nanochat's `loss_eval.py` and autoresearch's `prepare.py` (Karpathy): specials have no bytes and are not scored, and
the figure does not depend on the tokenizer.

The scorer never imports `gpt.train`. It holds the validation text; the model lives in another process, which gets token
sequences and answers logits through shared memory. The scorer takes the log-softmax itself, so logits cannot be of a
wrong scale, and refuses those that are not finite. A second, separate model process gets some of the sequences with their
future altered: its logits up to the change must be those of the first. The two cannot tell which they are, so a model that
looks ahead, or that remembers earlier sequences, gives itself away.

Not promised: to find a model that is honest in both processes and yet made for this validation text.

Exit codes: 0 scored; 1 the model process failed or hung; 2 bad input; 3 malformed or non-causal logits.
Environment: AR_DATA, or AR_ROOT with `data` in it; AR_OUT with `model.pt`; AR_DEVICE; AR_MODEL_PREFIX, a JSON list of words to
put before the command of a model process. Only AR_DEVICE is passed on to it.
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
import signal
import struct
import subprocess
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

from gpt import data, machine
from gpt.arguments import Arguments

Floats = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int32]

REQUEST = struct.Struct("<2q")  # batch, length; the tokens are in shared memory
REPLY = struct.Struct("<4q")  # dimensions of the answer, then each of them, 0 where there is none
MEGABYTES = 16  # of logits in one exchange, unless --batch says otherwise
ROWS = 32  # rows of logits at once in one thread: they stay in the processor's cache
MEAN_TOLERANCE = 0.005  # nats; two honest processes differ by rounding alone
MAX_TOLERANCE = 0.5  # nats


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


def log_softmax(logits: Floats) -> npt.NDArray[np.float64]:
    """Log-probabilities over the last axis."""
    shifted: npt.NDArray[np.float64] = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


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
        passed = (self._file.fileno(), request_end, reply_end)
        prefix = json.loads(os.environ.get("AR_MODEL_PREFIX") or "[]")
        command = [
            *prefix,
            sys.executable,
            "-m",
            "gpt.evaluate",
            "--serve",
            str(checkpoint),
            "--channel",
            *map(str, passed),
        ]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AR_") or name == "AR_DEVICE"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=kept, pass_fds=passed, start_new_session=True,
        )  # fmt: skip
        os.close(request_end)
        os.close(reply_end)
        self._stderr = b""
        self._drain = threading.Thread(target=self._keep_tail, daemon=True)
        self._drain.start()

    def ask(self, tokens: Tokens) -> Floats:
        """Logits (batch, length, vocabulary) for tokens (batch, length): a view that the next question overwrites."""
        np.frombuffer(self._memory, np.int32, tokens.size)[:] = tokens.ravel()
        with suppress(BrokenPipeError):
            os.write(self._request, REQUEST.pack(*tokens.shape))
        dimensions, *shape = REPLY.unpack(self._read(REPLY.size))
        wanted = (*tokens.shape, self._vocabulary)
        if dimensions != len(wanted) or tuple(shape) != wanted:
            raise Rejected(f"logits have shape {tuple(shape[:dimensions])}; it must be {wanted}")
        return np.frombuffer(self._memory, np.float32, math.prod(wanted), offset=4 * tokens.size).reshape(wanted)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._drain.join(timeout=1)
        os.close(self._request)
        os.close(self._reply)
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
        stream = self._process.stderr
        while stream and (part := os.read(stream.fileno(), 65536)):
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
    """Sequences of one full batch with another future from `cuts` on, each row with its own cut."""

    rows: npt.NDArray[np.int64]
    cuts: npt.NDArray[np.int64]
    inputs: Tokens


def draw_probe(inputs: Tokens, batch: int) -> Probe:
    """Random rows in random order; the altered future is another window's, so it reads like text."""
    random = np.random.default_rng(secrets.randbits(128))
    count, context = inputs.shape
    full = count - count % batch or count  # rows of full batches: the witness's batch has the same shape
    rows = random.permutation(full)[:batch]
    cuts = random.integers(1, context, size=len(rows))
    altered = inputs[random.integers(0, count, size=len(rows))]
    shift = random.integers(1, context, size=len(rows))
    altered = np.take_along_axis(altered, (np.arange(context) + shift[:, None]) % context, axis=1)
    return Probe(rows, cuts, np.where(np.arange(context) < cuts[:, None], inputs[rows], altered).astype(np.int32))


def compare(probe: Probe, first: dict[int, Floats], second: Floats) -> None:
    """Refuse a model whose answer before a cut is changed by what follows it.

    Raises:
        Rejected: log-probabilities of the two processes differ by more than rounding.

    """
    for row, cut, answer in zip(probe.rows, probe.cuts, second, strict=True):
        gap = np.abs(log_softmax(first[int(row)][:cut]) - log_softmax(answer[:cut]))
        if not (gap.mean() <= MEAN_TOLERANCE and gap.max() <= MAX_TOLERANCE):
            raise Rejected(
                f"not causal: logits change by {gap.mean():.4f} nats on average (at most {gap.max():.3f}) when only later "
                "tokens change, or the model remembers earlier sequences"
            )


def examine(model: Answers, witness: Answers, part: data.Validation, *, batch: int) -> tuple[float, int]:
    """(bits per byte, bytes) of the model's answers, once the witness has confirmed them.

    Raises:
        Rejected: the answers are not those of a causal language model.

    """
    inputs, targets = windows(part)
    probe = draw_probe(inputs, batch)
    kept: dict[int, Floats] = {}
    nats: list[npt.NDArray[np.float64]] = []
    cores = machine.cores()
    with ThreadPoolExecutor(cores) as pool, closing(answers(model, inputs, batch)) as coming:
        for at, logits in coming:
            kept |= {row: logits[row - at].copy() for row in map(int, probe.rows) if at <= row < at + batch}
            rows, wanted = logits.reshape(-1, logits.shape[-1]), targets[at : at + batch].ravel()
            nats += pool.map(target_nats, np.array_split(rows, cores), np.array_split(wanted, cores))
    compare(probe, kept, np.array(witness.ask(probe.inputs)))
    return bits_per_byte(np.concatenate(nats), targets.ravel(), part.token_bytes)


def answers(model: Answers, inputs: Tokens, batch: int) -> Generator[tuple[int, Floats]]:
    """(first row, logits) of each batch; the model works on the next one meanwhile.

    The logits are a copy, taken once: a model process shares the memory that it answers through, and could show other
    logits to the check of causality than to the sum.
    """

    def asked(at: int) -> Floats:
        return np.array(model.ask(inputs[at : at + batch]))

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


# --- the model process, seen from inside ------------------------------------------------------------------------------


def serve(checkpoint: Path, channel: list[int]) -> None:
    """Answer questions until the scorer closes its end. The only code here that imports the edited file."""
    import torch  # noqa: PLC0415

    from gpt import train  # noqa: PLC0415

    shared, request, reply = channel
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
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--channel", type=int, nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Score and print; see the module for exit codes."""
    arguments = parse(argv)
    if arguments.serve:
        serve(arguments.serve, arguments.channel)
        return 0
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
