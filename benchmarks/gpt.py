"""`gpt/train.py` beside two plain trainers at equal processor seconds: tokens/s, val_bpb, share of peak, start-up.

    python benchmarks/gpt.py                        # two seeds of 20 s each: about 4 minutes on a quiet core
    python benchmarks/gpt.py --seeds 1 --seconds 8  # the short form: under 2 minutes
    python benchmarks/gpt.py --sweep               # the learning rates of the two baselines

The baselines (`gpt_baselines.py`) are the architectures of nanoGPT, widened to the same number of parameters, and of
autoresearch at the same shape; both with naive attention, AdamW alone, float32 and random windows. Every run is a process of
its own on one thread, seeds interleaved, and all models are scored by the same few lines on the whole validation part. A
second is one of the processor. Speeds are measured apart, in turn in one process. `peak` is the share of what this machine
reaches in a large product of matrices in the arithmetic that the model computes in; what is left goes to small products,
norms, softmax, and memory.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:] = [
    str(ROOT),
    *(path for path in sys.path if Path(path or ".").resolve() != HERE),
    str(HERE),
]  # `gpt` is the package, not benchmarks/gpt.py

BATCH, CONTEXT = 16, 128
SLICE = 1.0  # processor seconds
AROUND, TURN = 6.0, 7.0  # seconds: of a run beside its training, of a round of slices
WIDER, HEADS = 104, 2  # of nanoGPT, whose embeddings are tied: as many parameters as the trainer's at width 64
RATES = {"nanogpt": 0.002, "autoresearch": 0.006}  # of the blocks, by --sweep
NAMES = ("trainer", "trainer fp32", *RATES)


# --- one run, in a process of its own ---------------------------------------------------------------------------------


class Stages:
    """Processor seconds between marks."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {"import": time.process_time()}
        self.last = self.seconds["import"]

    def mark(self, name: str) -> None:
        now = time.process_time()
        self.seconds[name], self.last = now - self.last, now


def child(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train and score once."""
    import torch

    data: Any = importlib.import_module("gpt.data")
    torch.set_num_threads(1)
    if arguments.child == "speeds":
        return speeds(arguments, data)
    run = trainer if arguments.child.startswith("trainer") else baseline
    found = run(arguments, data)
    model, stages = found.pop("model"), found["stages"]
    found["val_bpb"] = scored(model, data.validation(arguments.data))
    stages.mark("evaluation")
    return found | {"stages": stages.seconds}


def trainer(arguments: argparse.Namespace, data: Any) -> dict[str, Any]:
    """`gpt/train.py` as it stands."""
    import torch

    train: Any = importlib.import_module("gpt.train")
    stages = Stages()
    train.PRECISION = "fp32" if arguments.child.endswith("fp32") else train.PRECISION
    train.SLOWEST = (
        math.inf
    )  # else a busy machine ends this run before its processor seconds are spent, and not the others
    cpu = torch.device("cpu")
    settings = train.Settings(
        seed=arguments.seed, budget=arguments.budget, steps=None, device=cpu, data=arguments.data, out=None, telemetry=None
    )  # fmt: skip
    train.prepare_device(cpu)
    torch.manual_seed(arguments.seed)
    model = train.GPT(train.Shape(vocabulary=data.vocabulary_size(arguments.data)), train.compute_dtype(cpu))
    running = train.Trainer(settings, model, train.Telemetry(None))
    stages.mark("data")
    running.warm_up()
    stages.mark("warm-up")
    seconds = running.run()
    stages.mark("training")
    arithmetic = str(model.dtype).removeprefix("torch.")
    return {
        "model": model, "stages": stages, "tokens": running.tokens, "seconds": seconds, "arithmetic": arithmetic,
        "parameters": sum(p.numel() for p in model.parameters()), "flops": model.flops_per_token(train.CONTEXT),
    }  # fmt: skip


def baseline(arguments: argparse.Namespace, data: Any) -> dict[str, Any]:
    """One of the two plain trainers."""
    import torch

    plain: Any = importlib.import_module("gpt_baselines")
    stages = Stages()
    torch.manual_seed(arguments.seed)
    nano, size = arguments.child == "nanogpt", size_of(arguments.child, data.vocabulary_size(arguments.data))
    model = plain.MODELS[arguments.child](size)
    stream = plain.windows(data.train_shards(arguments.data), context=CONTEXT, batch=BATCH, seed=arguments.seed)
    next(stream)
    stages.mark("data")
    _, tokens = plain.train(
        model, stream, rate=arguments.rate or RATES[arguments.child], clock=plain.spent(arguments.budget)
    )
    stages.mark("training")
    products = sum(p.numel() for name, p in model.named_parameters() if p.ndim == 2 and "positions" not in name)
    tables = 0 if nano else model.embedding.weight.numel() + sum(p.numel() for p in model.values.parameters())
    return {
        "model": model, "stages": stages, "tokens": tokens, "seconds": stages.seconds["training"], "arithmetic": "float32",
        "parameters": sum(p.numel() for p in model.parameters()),
        "flops": 6 * (products - tables) + 12 * size.depth * size.width * CONTEXT,
    }  # fmt: skip


def size_of(name: str, vocabulary: int) -> Any:
    plain: Any = importlib.import_module("gpt_baselines")
    width, heads = (WIDER, HEADS) if name == "nanogpt" else (64, 1)
    return plain.Size(vocabulary=vocabulary, context=CONTEXT, depth=2, width=width, heads=heads)


def scored(model: Callable[[Any], Any], part: Any) -> float:
    """Bits per byte of the validation part, by PyTorch's cross entropy: the same for every contestant."""
    import torch

    count = (len(part.tokens) - 1) // part.context
    stream = torch.from_numpy(part.tokens[: count * part.context + 1].astype("int64"))
    given, wanted = stream[:-1].view(count, -1), stream[1:].view(count, -1)
    lengths = torch.from_numpy(part.token_bytes.astype("int64"))[wanted.flatten()]
    with torch.inference_mode():
        nats = torch.cat([
            torch.nn.functional.cross_entropy(model(rows).flatten(0, 1).float(), targets.flatten(), reduction="none")
            for rows, targets in zip(given.split(32), wanted.split(32), strict=True)
        ])  # fmt: skip
    return float(nats[lengths > 0].double().sum() / (math.log(2) * lengths.sum()))


# --- the comparison ---------------------------------------------------------------------------------------------------


def run(name: str, *, seed: int, arguments: argparse.Namespace, rate: float | None = None) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", name, "--seed", str(seed), "--budget", str(arguments.budget)]
    command += [
        "--data",
        str(arguments.data),
        "--rounds",
        str(arguments.rounds),
        *(["--rate", str(rate)] if rate else []),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: {name}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


# --- speed: slices of a second, all contestants in turn in one process, so that a busy machine slows them alike ---------


def slices(arguments: argparse.Namespace, data: Any) -> dict[str, Callable[[], float]]:
    """By contestant, and by arithmetic for products of large matrices: a function that works on, and tells its rate.

    Rates are tokens or FLOP per processor second.
    """
    import torch

    train: Any = importlib.import_module("gpt.train")
    plain: Any = importlib.import_module("gpt_baselines")
    vocabulary, shards = data.vocabulary_size(arguments.data), data.train_shards(arguments.data)
    cpu = torch.device("cpu")
    train.prepare_device(cpu)
    settings = train.Settings(seed=0, budget=1.0, steps=None, device=cpu, data=arguments.data, out=None, telemetry=None)
    found: dict[str, Callable[[], float]] = {}
    for name, dtype in (("trainer", train.compute_dtype(cpu)), ("trainer fp32", torch.float32)):
        running = train.Trainer(settings, train.GPT(train.Shape(vocabulary), dtype), train.Telemetry(None))
        found[name] = partial(rate, partial(one_step, running))
    for name, learning_rate in RATES.items():
        model = plain.MODELS[name](size_of(name, vocabulary))
        stream = plain.windows(shards, context=CONTEXT, batch=BATCH, seed=0)
        found[name] = partial(plain.pace, model, stream, seconds=SLICE, learning_rate=learning_rate)
    for arithmetic in ("float32", "bfloat16"):
        a, b = torch.randn(2, 1024, 1024, dtype=getattr(torch, arithmetic))
        found[arithmetic] = partial(rate, partial(product, a, b))
    return found


def one_step(running: Any) -> int:
    """A step of the trainer; tokens."""
    tokens, targets = next(running.stream)
    running.accumulate(tokens, targets).item()
    running.update(scale=0.1)
    return int(tokens.numel())


def product(a: Any, b: Any) -> int:
    """A product of two square matrices; FLOP."""
    a @ b
    return 2 * len(a) ** 3


def rate(work: Callable[[], int]) -> float:
    """What `work` returns, per processor second over SLICE seconds."""
    began, done = time.process_time(), 0
    while (taken := time.process_time() - began) < SLICE:
        done += work()
    return done / taken


def speeds(arguments: argparse.Namespace, data: Any) -> dict[str, float]:
    """Medians over --rounds; the first round, of warming up, does not count."""
    turns = slices(arguments, data)
    rounds = [{name: turn() for name, turn in turns.items()} for _ in range(arguments.rounds + 1)][1:]
    return {name: statistics.median(one[name] for one in rounds) for name in turns}


def command_seconds(arguments: argparse.Namespace) -> dict[str, float]:
    """Real and processor seconds of the two commands that the loop runs, for a training of one second."""
    found = {}
    with tempfile.TemporaryDirectory() as out:
        environment = os.environ | {"AR_DATA": str(arguments.data), "AR_OUT": out, "AR_BUDGET": "1"}
        for name in ("train", "evaluate"):
            real, processor = time.monotonic(), os.times()
            subprocess.run(
                [sys.executable, "-m", f"gpt.{name}"], cwd=ROOT, env=environment, check=True, capture_output=True
            )
            after = os.times()
            found[f"{name}, real"] = time.monotonic() - real
            found[f"{name}, processor"] = (
                after.children_user + after.children_system - processor.children_user - processor.children_system
            )
    return found


def mean(results: list[dict[str, Any]], key: str) -> float:
    return statistics.mean(result[key] for result in results)


def compared(arguments: argparse.Namespace) -> dict[str, Any]:
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
    trained = arguments.budget * arguments.seeds * len(NAMES)
    minutes = (trained + AROUND * arguments.seeds * len(NAMES) + (arguments.rounds + 1) * TURN) / 60
    print(f"about {max(1, minutes):.0f} min on a quiet core", file=sys.stderr)
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for name in NAMES:
            print(f"{name}, seed {seed}", file=sys.stderr)
            results[name].append(run(name, seed=seed, arguments=arguments))
    print("speeds, in turn", file=sys.stderr)
    rates = run("speeds", seed=0, arguments=arguments)
    peaks = {arithmetic: rates[arithmetic] for arithmetic in {found[0]["arithmetic"] for found in results.values()}}
    best = min(mean(results[name], "val_bpb") for name in RATES)
    contestants = [
        {
            "name": name, "arithmetic": found[0]["arithmetic"], "parameters": found[0]["parameters"],
            "tokens_per_second": rates[name], "over_nanogpt": rates[name] / rates["nanogpt"],
            "peak": rates[name] * found[0]["flops"] / peaks[found[0]["arithmetic"]],
            "val_bpb": mean(found, "val_bpb"), "below_best_baseline": best - mean(found, "val_bpb"),
            "sigma": statistics.stdev([r["val_bpb"] for r in found]) if len(found) > 1 else None,
        }
        for name, found in results.items()
    ]  # fmt: skip
    stages = {
        key: statistics.mean(r["stages"][key] for r in results["trainer"]) for key in results["trainer"][0]["stages"]
    }
    return {
        "budget": arguments.budget, "seeds": arguments.seeds, "load": os.getloadavg()[0], "peaks": peaks,
        "contestants": contestants, "stages": stages, "commands": command_seconds(arguments),
    }  # fmt: skip


def told(report: dict[str, Any]) -> None:
    columns = f"{'tok/s':>8} {'/nanoGPT':>8} {'peak':>6} {'val_bpb':>8} {'gain':>8} {'sigma':>7}"
    print(f"{'':14} {'arithmetic':10} {'parameters':>10} {columns}")
    for row in report["contestants"]:
        sigma = "" if row["sigma"] is None else f"{row['sigma']:.4f}"
        print(
            f"{row['name']:14} {row['arithmetic']:10} {row['parameters']:10,} {row['tokens_per_second']:8,.0f} "
            f"{row['over_nanogpt']:8.2f} {row['peak']:6.1%} {row['val_bpb']:8.4f} {row['below_best_baseline']:+8.4f} {sigma:>7}"
        )
    print(
        "\npeak, one thread: "
        + ", ".join(f"{name} {value / 1e9:,.0f} GFLOP/s" for name, value in report["peaks"].items())
    )
    print(
        "outside training, processor seconds: "
        + _listed({k: v for k, v in report["stages"].items() if k != "training"})
    )
    print("the loop's two commands, 1 s of training: " + _listed(report["commands"]))
    print(f"{report['budget']:g} processor seconds, {report['seeds']} seeds; load {report['load']:.1f}")


def _listed(seconds: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())


def sweep(arguments: argparse.Namespace) -> None:
    for name in RATES:
        rates = importlib.import_module("gpt_baselines").MODELS[name].rates
        for rate in rates:
            found = [run(name, seed=seed, arguments=arguments, rate=rate)["val_bpb"] for seed in range(arguments.seeds)]
            print(f"{name:14} {rate:<6g} {statistics.mean(found):.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="prepared data")
    parser.add_argument(
        "--budget", "--seconds", type=float, default=20, metavar="SECONDS", help="of the processor, of training"
    )
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--sweep", action="store_true", help="try the learning rates of the baselines")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5, help="of slices of a second, for speed")
    parser.add_argument("--child", choices=[*NAMES, "speeds"], help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.data = arguments.data.resolve()
    if arguments.child:
        print(json.dumps(child(arguments)))
    elif arguments.sweep:
        sweep(arguments)
    else:
        report = compared(arguments)
        print(json.dumps(report, indent=1)) if arguments.json else told(report)


if __name__ == "__main__":
    main()
